"""The steps of one generation, each done once.

    sample → query → patch → judge → submit → evaluate → record

A step first looks whether the journal already holds its outcome (the run was killed and
resumed); only otherwise does it act, and it writes the outcome before handing it on. So any
prefix of the steps can be repeated at any time, and nothing is paid for or evaluated twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from shinka_core.asking import ask
from shinka_core.database import Claim, values
from shinka_core.edit import MAX_PROGRAM, apply_patch
from shinka_core.errors import PatchError, RunStoppedError, blaming
from shinka_core.launch.room import make_room_for_program
from shinka_core.llm.account import charged_to
from shinka_core.llm.question import CallKey, Message
from shinka_core.outcome import Closed, Recorded
from shinka_core.program import (
    TERMINATED,
    Answer,
    Candidate,
    Evaluation,
    Failure,
    GenerationContext,
    GenerationState,
    Job,
    Program,
    Purpose,
    Sampling,
    Verdict,
    new_program_id,
)
from shinka_core.prompts.bounding import GAP
from shinka_core.run import Run
from shinka_core.sizes import SizeLimit
from shinka_core.source import source_bytes

T = TypeVar("T")

# Characters of answer and parent up to which a patch is applied on the event loop: below, waking
# a thread takes longer than the work; above, the work would hold up every other generation.
SMALL_PATCH = 25_000

# Steps that cost nothing to repeat, so the next one need not wait until they are durable. An
# answer is never durable before the sampling it belongs to: the journal keeps the order.
FREE_STEPS = frozenset({GenerationState.SAMPLED, GenerationState.PATCHED})

# Seconds by which a signal to all processes may reach an evaluation before this process understands its own.
STOP_LAG = 1.0

# Names, in a submission, the program that was submitted.
CODE = "code"

CUT_OFF = {
    "length": "the answer was cut off at its longest length before it was whole; answer in fewer words, with smaller edits",
    "content_filter": "the answer was cut off by the provider's content filter before it was whole; write it differently",
}
# The same for an evaluation that catches the signal and leaves with an error of its own, which looks like any other
# crash, and crashes are too many to wait long for each.
CATCH_LAG = 0.1
NO_RESULT = frozenset({"crashed", "killed", "no_result", "bad_result", "forged"})
# Limits were passed, whoever stops what.
OVER_A_LIMIT = frozenset({"timeout", "too_many_processes", "too_much_memory"})


class OpenGeneration:
    """One generation under way: who it is, what it may use, and what the journal knows of it.

    Attributes:
        embedding: Of the candidate last judged, `(d,)` float32, or None; stored with the program.
        cost: US dollars of all answers so far.
        model: Who gave the last answer; not always the model that was sampled.
        unwritten: Outcomes on their way to the journal.
        started: The evaluation last started here.
    """

    def __init__(self, run: Run, context: GenerationContext, claim: Claim) -> None:
        self.run = run
        self.context = context
        self.claim = claim
        self.embedding: np.ndarray | None = None
        self.cost = 0.0
        self.model = ""
        self.unwritten: list[asyncio.Future[None]] = []
        self.started: Job | None = None

    async def see_written(self) -> None:
        """Waits for the outcomes on their way to the journal; raises what kept one from it."""
        while self.unwritten:
            await asyncio.shield(self.unwritten[0])
            del self.unwritten[0]

    def __str__(self) -> str:
        return f"gen-{self.context.number:04d}"


async def open_generation(run: Run, number: int) -> OpenGeneration:
    """Claims a generation, or takes it up where an earlier process left it."""
    context = GenerationContext(run.evolution, number, run.settings.evolve.seed)
    return OpenGeneration(run, context, await run.database.journal.claim(number))


async def end_before(generation: OpenGeneration) -> Recorded | Closed | None:
    """How a generation had ended when it was opened; None for one that has not.

    Whoever closed it may have been cut off before saying so.
    """
    if generation.claim.failure is not None:
        return Closed(generation.claim.failure)
    if generation.claim.state is not GenerationState.RECORDED:
        return None
    program = await generation.run.database.by_generation(generation.context.number)
    assert program is not None, "recorded in the transaction that stored its program"
    return Recorded(program)


async def sample(generation: OpenGeneration, attempt: int) -> Sampling:
    """Chooses island, parent, inspirations, patch type and model."""
    run = generation.run
    evolve = run.settings.evolve

    async def choose() -> Sampling:
        return await run.database.sample(
            generation.context,
            attempt,
            patch_types=evolve.patch_types,
            patch_type_probs=evolve.patch_type_probs,
            pick_model=run.client.pick,
        )

    async def load(payload: dict[str, Any]) -> Sampling:
        sampling = await values.load_sampling(payload, run.database)
        if run.client.has(sampling.model):
            return sampling
        # It was sampled before the models were changed; an answer that it has given is read back all the same.
        return replace(sampling, model=run.client.pick(np.random.default_rng(sampling.seed)))

    return await _once(generation, GenerationState.SAMPLED, (attempt, 0), choose, values.dump_sampling, load)


async def query(generation: OpenGeneration, sampling: Sampling, turn: int, history: tuple[Message, ...] = ()) -> Answer:
    """Asks the sampled model; an answer that ever arrived is read back instead.

    Args:
        turn: Question within this sampling, from 0.
        history: The earlier answers of this sampling, each followed by what was wrong with it.

    Raises:
        ModelError: The class tells whether asking again may help.
    """
    answer = await ask(generation.run, generation.context.number, sampling, turn, history)
    generation.cost += answer.cost
    generation.model = answer.model
    await generation.see_written()
    return answer


async def patch(generation: OpenGeneration, sampling: Sampling, answer: Answer, turn: int) -> Candidate | Failure:
    """Applies the answer to the parent; an answer that cannot be applied is a `Failure` to feed back."""

    async def apply() -> Candidate | Failure:
        limit, python = generation.run.size_limit, generation.run.settings.job.python
        if len(answer.text) + len(sampling.parent.code) < SMALL_PATCH and python is None:
            return apply_answer(sampling, answer, limit)
        return await asyncio.to_thread(apply_answer, sampling, answer, limit, python)

    return await _once(
        generation,
        GenerationState.PATCHED,
        (sampling.attempt, turn),
        apply,
        values.dump_candidate,
        _plain(values.load_candidate),
    )


def apply_answer(
    sampling: Sampling, answer: Answer, limit: SizeLimit | None = None, python: str | None = None
) -> Candidate | Failure:
    """Applies an answer's patch, or tells why it does not apply.

    Args:
        python: Interpreter of the evaluations, when it is not this one; it is asked before a syntax error is one.
    """
    if answer.cut:
        # The edits that are whole may be half of a change, and a program that is whole may be a draft.
        return Failure("patch", "truncated_answer", CUT_OFF.get(answer.cut, f"the answer was cut off ({answer.cut})"))
    parent = sampling.parent
    try:
        candidate = apply_patch(
            sampling.patch_type,
            answer.text,
            parent.code,
            parent.language,
            limit=limit.characters if limit else MAX_PROGRAM,
            python=python,
        )
    except PatchError as error:
        return Failure("patch", error.reason, str(error))
    if GAP in candidate.code:
        return Failure("patch", "gap_in_program", "a line that stands for lines left out is no part of the program")
    problem = limit and limit.problem(candidate.code)
    return candidate if problem is None else Failure("patch", "program_too_large", problem)


async def judge(generation: OpenGeneration, sampling: Sampling, candidate: Candidate, turn: int) -> Verdict:
    """Compares the candidate with its island; without a judge everything is novel.

    What was judged or submitted before is so still, also when the novelty check is on or off since: the
    candidates after it rest on that.
    """
    run = generation.run
    stored = generation.claim.find(GenerationState.JUDGED, sampling.attempt, turn)
    if run.judge is None:
        if stored is not None:
            return values.load_verdict(stored)[0]
        return Verdict(novel=True, similarity=-1.0, nearest=None, explanation="novelty check off")
    novelty = run.judge
    if stored is None and _submitted(generation, candidate.code):
        with charged_to(generation.context.number) as charge, blaming("novelty"):
            generation.embedding = await novelty.embed_if_taken(candidate.code, sampling.parent.language)
        generation.cost += charge.dollars
        return Verdict(novel=True, similarity=-1.0, nearest=None, explanation="submitted without a novelty check")

    async def check() -> tuple[Verdict, np.ndarray | None]:
        with charged_to(generation.context.number) as charge, blaming("novelty"):
            verdict, embedding = await novelty.check(
                candidate.code,
                language=sampling.parent.language,
                island=sampling.island,
                neighbours=run.database,
                key=CallKey(generation.context.number, Purpose.NOVELTY, sampling.attempt, turn),
            )
        return replace(verdict, cost=verdict.cost + charge.dollars), embedding

    verdict, embedding = await _once(
        generation,
        GenerationState.JUDGED,
        (sampling.attempt, turn),
        check,
        values.dump_verdict,
        _plain(values.load_verdict),
    )
    generation.embedding = embedding
    generation.cost += verdict.cost
    return verdict


async def submit(generation: OpenGeneration, code: str) -> Job:
    """Writes the candidate to disk and starts its evaluation, anew when the one of before is lost.

    Every start is a row of its own, its turn the number of the start.

    Raises:
        LaunchError: The evaluation could not be started.
    """
    run = generation.run
    folder = run.generation_dir(generation.context.number)
    program_path = folder / f"main{run.seed_program.extension}"

    async def start() -> Job:
        if generation.started is not None:  # but its row could not be written
            found = await run.launcher.attach(generation.started)
            if found is not None:
                return found
        content = source_bytes(code, run.seed_program.language)
        await asyncio.to_thread(make_room_for_program, program_path, content, folder / "results")
        folder.mkdir(parents=True, exist_ok=True)
        program_path.write_bytes(content)
        generation.started = await run.launcher.submit(program_path, folder / "results")
        return generation.started

    submitted = generation.claim.last(GenerationState.SUBMITTED)
    if submitted is None:
        launch = 0
    elif not _submitted(generation, code):
        launch = submitted[0] + 1  # of another candidate: settings of today lead elsewhere than those of then
    else:
        # The results folder may have been moved since.
        here = {"program_path": str(program_path), "results_dir": str(folder / "results")}
        job = replace(values.load_job(submitted[1]), **here)
        if generation.claim.find(GenerationState.EVALUATED, 0, submitted[0]) is not None:
            return job  # its evaluation is in the journal: there is nothing to run
        found = await run.launcher.attach(job)
        if found is not None:
            return found
        launch = submitted[0] + 1

    def dump(job: Job) -> dict[str, Any]:
        return values.dump_job(job) | {CODE: _digest(code)}

    place = (0, launch)
    return await _once(generation, GenerationState.SUBMITTED, place, start, dump, _plain(values.load_job))


async def evaluate(generation: OpenGeneration, job: Job) -> Evaluation:
    """Waits for the evaluator's verdict; cancelling this kills the evaluation.

    Raises:
        LaunchError: The evaluation is lost.
        RunStoppedError: Whoever stops the run has ended the evaluation too; it is to run again.
    """

    async def wait() -> Evaluation:
        run = generation.run
        evaluation = await run.launcher.wait(job)
        try:
            if evaluation.reason == TERMINATED:
                await run.check_going_for(STOP_LAG)
            elif not evaluation.correct and evaluation.reason not in OVER_A_LIMIT:
                await run.check_uninterrupted_for(CATCH_LAG if evaluation.reason in NO_RESULT else 0.0)
        except RunStoppedError:
            await run.launcher.discard(job)
            raise
        return evaluation

    launch = generation.claim.last(GenerationState.SUBMITTED)
    return await _once(
        generation,
        GenerationState.EVALUATED,
        (0, launch[0] if launch else 0),
        wait,
        values.dump_evaluation,
        _plain(values.load_evaluation),
    )


async def record(
    generation: OpenGeneration, sampling: Sampling | None, candidate: Candidate, evaluation: Evaluation
) -> Program:
    """Stores the scored program with its embedding, and closes the generation.

    Args:
        sampling: None for the seed program.
    """
    run = generation.run
    program = Program(
        id=new_program_id(),
        generation=generation.context.number,
        code=candidate.code,
        language=run.seed_program.language,
        island=0,
        score=evaluation.score,
        correct=evaluation.correct,
        name=candidate.name,
        description=candidate.description,
        diff=candidate.diff,
        cost=generation.cost,
        public_metrics=evaluation.public_metrics,
        private_metrics=evaluation.private_metrics,
        text_feedback=evaluation.text_feedback,
        error=evaluation.error,
        evaluation_seconds=evaluation.seconds,
    )
    if sampling is not None:
        program = replace(
            program,
            island=sampling.island,
            parent_id=sampling.parent.id,
            inspiration_ids=tuple(inspiration.id for inspiration in sampling.inspirations),
            patch_type=sampling.patch_type,
            model=generation.model or sampling.model,
        )
    await run.database.add(program, generation.embedding)
    return program


async def give_up(generation: OpenGeneration, failure: Failure) -> None:
    """Closes the generation as failed, with its reason."""
    await generation.run.database.journal.fail(generation.context.number, failure)


def seed_candidate(run: Run) -> Candidate:
    """Generation 0: the seed program as it stands."""
    return Candidate(code=run.seed_program.code, name="seed_program", description="The program as given.", diff="")


async def embed_seed(generation: OpenGeneration) -> None:
    """Gives the seed program its embedding, so that copies of it are not novel."""
    run = generation.run
    if run.judge is not None:
        with charged_to(0) as charge, blaming("novelty"):
            generation.embedding = await run.judge.embed_if_taken(run.seed_program.code, run.seed_program.language)
        generation.cost += charge.dollars


def program_file(run: Run, program: Program) -> Path:
    """Where a program's source lies on disk."""
    return run.generation_dir(program.generation) / f"main{run.seed_program.extension}"


def _submitted(generation: OpenGeneration, code: str) -> bool:
    """Whether the last submission was of this program; a journal of an older version does not say of which."""
    submitted = generation.claim.last(GenerationState.SUBMITTED)
    return submitted is not None and submitted[1].get(CODE, _digest(code)) == _digest(code)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


async def _once(
    generation: OpenGeneration,
    step: GenerationState,
    place: tuple[int, int],
    act: Callable[[], Awaitable[T]],
    dump: Callable[[T], dict[str, Any]],
    load: Callable[[dict[str, Any]], Awaitable[T]],
) -> T:
    """Reads a step's outcome from the journal, or acts and writes it there."""
    attempt, turn = place
    stored = generation.claim.find(step, attempt, turn)
    if stored is not None:
        return await load(stored)
    started = time.monotonic()
    outcome = await act()
    payload = dump(outcome)
    written = generation.run.database.journal.write(
        generation.context.number, step, attempt, turn, payload, time.monotonic() - started
    )
    if step in FREE_STEPS:
        generation.unwritten.append(written)
    else:
        await asyncio.shield(written)
        await generation.see_written()
    generation.claim.put(step, attempt, turn, payload)
    return outcome


def _plain(load: Callable[[dict[str, Any]], T]) -> Callable[[dict[str, Any]], Awaitable[T]]:
    """A loader that needs the database for nothing, in the form of those that do."""

    async def loading(payload: dict[str, Any]) -> T:
        return load(payload)

    return loading
