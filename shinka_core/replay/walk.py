"""Every recorded decision made anew, one after the other in the order of the record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from shinka_core import generation as steps
from shinka_core.database import values
from shinka_core.database.course import CourseStep
from shinka_core.database.records import ProgramRecord
from shinka_core.generation import OpenGeneration, TrialBench
from shinka_core.generation.sampling import pulls_of
from shinka_core.llm.question import CallKey
from shinka_core.meta import RecordedGuide
from shinka_core.meta.directions import RecordedDirection
from shinka_core.meta.ideas import RecordedIdea
from shinka_core.program import Candidate, Evaluation, Failure, GenerationState, Purpose, Sampling, Trial
from shinka_core.record import Ended, Recorded
from shinka_core.replay.comparing import (
    Difference,
    Differs,
    NotRecordedError,
    changes_in_words,
    compare,
    in_generations,
)
from shinka_core.replay.earlier import JUDGED, SAMPLED, SEED, EarlierRun
from shinka_core.replay.session import Changes, Session
from shinka_core.source import Source

Place = tuple[int, int]
# Done anew, each at its moment or before the next of its generation.
ANEW = (SAMPLED, JUDGED, GenerationState.PATCHED.value)
# Of a verdict, what is compared: its words hold rounded numbers.
VERDICT = ("novel", "similarity", "nearest", "judged", "twin", values.ENDED)


@dataclass(slots=True)
class Life:
    """A generation that has begun and not ended.

    Attributes:
        done: How many of its recorded steps are behind it.
    """

    number: int
    opened: OpenGeneration | None = None
    done: int = 0
    samplings: dict[int, Sampling] = field(default_factory=dict[int, Sampling])
    candidates: dict[Place, Candidate] = field(default_factory=dict[Place, Candidate])
    vectors: dict[Place, NDArray[np.float32] | None] = field(default_factory=dict[Place, NDArray[np.float32] | None])
    models: dict[Place, str] = field(default_factory=dict[Place, str])
    answered: dict[int, str] = field(default_factory=dict[int, str])


class Walk:
    """Goes along the record of an earlier run.

    Attributes:
        session: The one that is open.
        generations: Of the programs made so far, by their ids here.
    """

    def __init__(self, earlier: EarlierRun, changes: Changes, *, whole: bool) -> None:
        """Begins at the beginning.

        Args:
            whole: What models were told and said is copied as well.
        """
        self.earlier = earlier
        self._whole = whole
        self.generations: dict[str, int] = {}
        self._changes = changes
        self._lives: dict[int, Life] = {}
        self._made: list[tuple[int, int]] = []
        self._checked = self._ended = 0
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The one that is open."""
        assert self._session is not None, "opened before anything is taken"
        return self._session

    def go_on_in(self, session: Session) -> None:
        """Goes on where another process took the evolution up."""
        self._session = session
        for life in self._lives.values():
            life.opened = None

    async def take(self, happening: CourseStep | Recorded | Ended) -> None:
        """Makes one decision anew, or ends a generation.

        Raises:
            Differs: It does not come out as it was recorded.
        """
        if isinstance(happening, CourseStep):
            life = await self._life(happening.generation)
            await self._up_to(life, happening.id)
            try:
                await (self._sample(life, happening) if happening.step == SAMPLED else self._judge(life, happening))
            except Differs:
                self.check_changes()  # moves that did not come out are why what follows does not
                raise
            return
        life = await self._life(happening.generation)
        await self._up_to(life, None)
        calls = await self.earlier.course.calls(life.number, texts=self._whole)
        self.session.run.database.calls.copy(calls)
        self._ended += 1
        await (self._record(life, happening) if isinstance(happening, Recorded) else self._fail(life, happening))
        del self._lives[life.number]

    def check_changes(self) -> None:
        """Compares what became of islands after all programs, save what was cut off before anybody knew of it.

        Raises:
            Differs: At the first that is not the same.
        """
        self._check_changes(len(self._made))

    def _check_changes(self, upto: int) -> None:
        """Those after so many programs: what follows from the last one may come later, with a resume.

        Raises:
            Differs: At the first that is not the same.
        """
        while self._checked < upto:
            self._checked += 1
            after, (number, ends) = self._checked, self._made[self._checked - 1]
            before = changes_in_words(self.earlier.changes.get(after, []), self.earlier.generations)
            now = changes_in_words(self._changes.after.get(after, []), self.generations)
            if before != now and (before or ends <= self.earlier.known):
                raise Differs(Difference(number, "islands after it", "moves", before, now))

    async def _life(self, number: int) -> Life:
        life = self._lives.setdefault(number, Life(number))
        if life.opened is None:
            life.opened = await steps.open_generation(self.session.run, number)
            life.opened.answered = life.answered
        return life

    async def _up_to(self, life: Life, row: int | None) -> None:
        """What the generation did before that row: patches anew, and what others did as it is recorded."""
        recorded = self.earlier.steps.get(life.number, [])
        while life.done < len(recorded) and (row is None or recorded[life.done].id < row):
            step = recorded[life.done]
            life.done += 1
            if step.step == GenerationState.PATCHED:
                await self._patch(life, step)
            elif step.step not in ANEW:
                self._copy(life, step, step.payload)

    def _copy(self, life: Life, step: CourseStep, payload: dict[str, Any]) -> None:
        state = GenerationState(step.step)
        self.session.run.database.journal.write(life.number, state, step.attempt, step.turn, payload, 0.0)
        _open(life).claim.put(state, step.attempt, step.turn, payload)

    async def _sample(self, life: Life, step: CourseStep) -> None:
        opened, run = _open(life), self.session.run
        # What was written about the search was a model's, and so was the moment at which it was there.
        given = step.payload.get
        run.ideas = RecordedIdea(given("idea_id"))
        run.guide = RecordedGuide(given("advice_id"), given("system_prompt_id"))
        run.directions = RecordedDirection(given("direction"))
        self.session.models.resting = frozenset(given(values.RESTING, ()))
        life.samplings[step.attempt] = await steps.sample(opened, step.attempt)
        now = opened.claim.find(GenerationState.SAMPLED, step.attempt, 0) or {}
        compare(
            life.number,
            f"sampling {step.attempt}",
            in_generations(step.payload, self.earlier.generations),
            in_generations(now, self.generations),
        )

    async def _patch(self, life: Life, step: CourseStep) -> None:
        opened, place = _open(life), (step.attempt, step.turn)
        sampling = life.samplings[step.attempt]
        answer = None
        for purpose in (Purpose.PROPOSAL, Purpose.REPAIR):
            answer = answer or await self.earlier.course.answer(CallKey(life.number, purpose, *place))
            if answer is not None and purpose is Purpose.PROPOSAL:
                life.answered[step.attempt] = answer.model
        if answer is not None:
            life.models[place] = answer.model
            outcome = await steps.patch(opened, sampling, answer, step.turn)
        else:
            outcome = await steps.propose(opened, sampling, TrialBench(opened, sampling, step.turn, _refuse))
        compare(life.number, f"patch {step.attempt}.{step.turn}", _recorded_outcome(step), _outcome(outcome))
        if isinstance(outcome, Candidate):
            life.candidates[place] = outcome

    async def _judge(self, life: Life, step: CourseStep) -> None:
        opened, place = _open(life), (step.attempt, step.turn)
        vectors = await self.earlier.course.vectors([step.embedding] if step.embedding else [])
        if self.session.embedding is not None:
            self.session.embedding.vector = vectors.get(step.embedding or "")
        sampling, candidate = life.samplings[step.attempt], life.candidates[place]
        try:
            verdict = await steps.judge(opened, sampling, candidate, step.turn)
        except NotRecordedError:  # it rests on what only the embedding's own place can say
            self._copy(life, step, self._here(step.payload) | {"embedding": None})
            opened.embedding = vectors.get(step.embedding or "")
        else:
            now = opened.claim.find(GenerationState.JUDGED, *place) or asdict(verdict)
            before, after = (
                in_generations({name: payload.get(name) for name in VERDICT}, generations)
                for payload, generations in ((step.payload, self.earlier.generations), (now, self.generations))
            )
            compare(life.number, f"verdict {step.attempt}.{step.turn}", before, after)
        life.vectors[place] = opened.embedding

    def _here(self, payload: dict[str, Any]) -> dict[str, Any]:
        """A payload with ids of the programs here."""
        ids = {number: program for program, number in self.generations.items()}
        now = {name: ids.get(self.earlier.generations.get(payload.get(name) or "", -1)) for name in ("nearest", "twin")}
        return payload | now

    async def _record(self, life: Life, event: Recorded) -> None:
        opened, run, told = _open(life), self.session.run, self.earlier.programs[life.number]
        sampling: Sampling | None = None
        if life.number == SEED:
            candidate, opened.embedding = steps.seed_candidate(run), event.embedding
        else:
            place, candidate = self._candidate(life, told)
            sampling = life.samplings[place[0]]
            opened.embedding = life.vectors.get(place, event.embedding)
            opened.model = life.models.get(place, "")
        opened.cost = told.cost
        program = await steps.record(opened, sampling, candidate, _evaluation(told))
        self.generations[program.id] = life.number
        self._made.append((life.number, self._ended))
        before = _in_short(told.island, told.parent_id, told.patch_type, told.model, event.pulls)
        now = _in_short(program.island, program.parent_id, program.patch_type, program.model, pulls_of(opened))
        compare(
            life.number,
            "recording",
            in_generations(before, self.earlier.generations),
            in_generations(now, self.generations),
        )
        self._check_changes(len(self._made) - 1)

    def _candidate(self, life: Life, told: ProgramRecord) -> tuple[Place, Candidate]:
        """The candidate that was recorded: the last one that has its text."""
        for place in sorted(life.candidates, reverse=True):
            if life.candidates[place].source.digest == told.source:
                return place, life.candidates[place]
        digests = [candidate.source.digest for candidate in life.candidates.values()]
        raise Differs(Difference(life.number, "recording", "source", told.source, digests))

    async def _fail(self, life: Life, event: Ended) -> None:
        await steps.give_up(_open(life), event.failure, event.blame)


def _open(life: Life) -> OpenGeneration:
    assert life.opened is not None, "opened with its life"
    return life.opened


def _outcome(outcome: Candidate | Failure) -> dict[str, Any]:
    if isinstance(outcome, Failure):
        return {"failure": asdict(outcome)}
    return {"source": outcome.source.digest} | {name: getattr(outcome, name) for name in values.CANDIDATE}


def _recorded_outcome(step: CourseStep) -> dict[str, Any]:
    if "failure" in step.payload:
        return {"failure": step.payload["failure"]}
    return {"source": step.source} | {name: step.payload["candidate"][name] for name in values.CANDIDATE}


def _in_short(island: int, parent: str | None, operator: str | None, model: str, pulls: Any) -> dict[str, Any]:
    told = {"island": island, "parent": parent, "operator": operator, "model": model}
    return told | {"pulls": [asdict(pull) for pull in pulls]}


def _evaluation(told: ProgramRecord) -> Evaluation:
    """What the evaluator said of a recorded program."""
    return Evaluation(
        score=told.score,
        correct=told.correct,
        public_metrics=told.texts["public_metrics"],
        private_metrics=told.texts["private_metrics"],
        text_feedback=told.texts["text_feedback"],
        error=told.texts["error"],
        seconds=told.evaluation_seconds,
        instance_scores=told.instance_scores,
        features=told.features,
    )


async def _refuse(source: Source, trial: Trial) -> NoReturn:
    raise NotRecordedError(f"an evaluation of {source.digest[:12]} as {trial.stage}")
