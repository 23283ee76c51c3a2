"""The periodic step that asks for ideas, and what samplings ask for one."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from shinka_core.bounds import within
from shinka_core.config import IdeaSettings
from shinka_core.database.guidance import ASKED_AT, Shelf, Written
from shinka_core.database.handed_out import HandedOut
from shinka_core.errors import RunStoppedError, UnusableAnswerError
from shinka_core.llm.question import Message
from shinka_core.meta.asking import IDEAS, ask, key_of, tell
from shinka_core.meta.ideas.answer import Direction, read_ideas
from shinka_core.meta.ideas.book import Idea, IdeaBook, Try
from shinka_core.meta.ideas.question import AGAIN, RECENT, Situation, question
from shinka_core.meta.ideas.stagnation import Stagnation
from shinka_core.meta.ideas.worth import in_vain
from shinka_core.periodic import OpenRun
from shinka_core.program import Answer, Program
from shinka_core.prompts import Prompt
from shinka_core.record import Event

logger = logging.getLogger("shinka.ideas")

NAME = "ideas"
# After failures in a row a question waits for so many windows, twice as many each time, up to that power of two.
MOST_DOUBLINGS = 6
# Characters of an answer that could not be read, as its model is shown it again.
ECHO = 4_000


class IdeaStep:
    """A fold that knows when the best score stands still, and the step that then asks for ideas.

    Attributes:
        book: The ideas, and who tries them.
    """

    _run: OpenRun
    _shelf: Shelf

    def __init__(self, settings: IdeaSettings) -> None:
        """Begins with no idea."""
        self._settings = settings
        self._stagnation = Stagnation(settings.window, settings.threshold)
        self.book = IdeaBook(settings.tries)
        self._not_before = 0
        self._failed = 0

    # When

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        self._stagnation.apply(event)
        if (idea := self.book.apply(event)) is not None:
            self._keep(idea)

    def due(self, recorded: int) -> bool:
        """Whether the best stands still now, no idea is being tried and the last question is long enough ago."""
        return recorded == self._stagnation.sequence and self._wanted() and recorded >= self._next()

    def _next(self) -> int:
        """How many programs there must be for the next question: after ideas in vain it waits twice as long each time.

        Not for ever, since a model that has nothing to say now may have something when the program is another.
        """
        asked = max((idea.asked_at for idea in self.book), default=0)
        longer = 2 ** in_vain(self.book, self._stagnation.steps)
        return max(self._not_before, asked + self._settings.window * longer if asked else 0)

    def _wanted(self) -> bool:
        return self._stagnation.stands_still and not self.book.active and _goes_on(self._run)

    async def open(self, run: OpenRun) -> None:
        """Reads ideas, their tries and earlier questions back."""
        self._run, self._shelf = run, run.database.guidance.ideas
        tries: dict[str, list[HandedOut]] = {}
        for one in await run.database.guidance.handed_out():
            tries.setdefault(one.idea_id, []).append(one)
        written = await self._shelf.all()
        self.book.add(_idea(row, tries.get(row.id, ())) for row in written)
        for row in written:
            idea = self.book.get(row.id)
            if (row.uses, row.score) != (len(idea.tries), idea.gain):
                self._keep(idea)
        self._failed = self._not_before = 0  # it may be read again, when another driver has asked meanwhile
        for begun in await run.database.journal.beginnings(NAME):
            if begun.ended:
                self._ended(begun.recorded, failed=bool(begun.problem))

    def _ended(self, recorded: int, *, failed: bool) -> None:
        self._failed = self._failed + 1 if failed else 0
        self._not_before = recorded + self._settings.window * 2 ** min(max(self._failed - 1, 0), MOST_DOUBLINGS)

    # The question

    async def run_at(self, run: OpenRun, recorded: int) -> None:
        """Asks for ideas and takes them up; what an earlier process has of that is read back.

        Raises:
            ShinkaError: There are none this time.
        """
        try:
            await self._ask(run, recorded)
        except Exception as error:
            if not isinstance(error, RunStoppedError):
                self._ended(recorded, failed=True)
            raise
        self._ended(recorded, failed=False)

    async def _ask(self, run: OpenRun, recorded: int) -> None:
        kept = await self._shelf.add_all(recorded, ())
        if not kept:
            directions = await self._directions(run, recorded)
            if not directions:
                return
            kept = await self._shelf.add_all(
                recorded,
                [(f"{one.title}\n{one.text}".strip(), {"title": one.title}) for one in directions],
            )
            logger.info("%d ideas at %d programs: %s", len(kept), recorded, "; ".join(one.title for one in directions))
        self.book.add(_idea(row, ()) for row in kept)

    async def _directions(self, run: OpenRun, recorded: int) -> list[Direction]:
        """The directions of an answer, or of the second one where the first holds none; none when nobody needs them."""
        answered = await run.database.calls.find(key_of(IDEAS, recorded)) is not None
        best = await run.database.best()
        if best is None or not (answered or self._wanted()):
            return []
        situation = await self._situation(run, recorded, best)

        def write(room: int) -> Prompt:
            return question(situation, self._settings.count, room)

        answer = await ask(run, IDEAS, recorded, write)
        if found := self._read(answer):
            return found
        problem = f"it was cut off: {answer.cut}" if answer.cut else "there is no heading of an idea in it"
        again = AGAIN.format(problem=problem, count=self._settings.count)
        history = (Message("assistant", within(answer.text, ECHO)), Message("user", again))
        answer = await ask(run, IDEAS, recorded, write, turn=1, history=history)
        if found := self._read(answer):
            return found
        error = UnusableAnswerError(f"{answer.model}: two answers hold no idea: {answer.text[:200]!r}")
        tell(run, IDEAS, answer.model, error)
        raise error

    def _read(self, answer: Answer) -> list[Direction]:
        return read_ideas(answer.text, self._settings.count, cut=bool(answer.cut))

    async def _situation(self, run: OpenRun, recorded: int, best: Program) -> Situation:
        evolve = run.settings.evolve
        before = [idea for idea in self.book if idea.asked_at < recorded]
        history = await run.database.guidance.history(max(recorded - RECENT, 0), recorded)
        return Situation(evolve.task_sys_msg or "", best, before, history, evolve.use_text_feedback)

    # Handing out

    def has_for(self, generation: int) -> bool:
        """Whether there is an idea for a generation."""
        return self.book.has_for(generation)

    def hand_out(self, generation: int, best: Program) -> str | None:
        """Id of the idea of a generation that is to begin with the best program; None: there is none for it."""
        idea = self.book.hand_out(generation, best.score)
        if idea is None:
            return None
        self._keep(idea)
        return idea.id

    def put_aside(self, generation: int) -> None:
        """A generation has sampled without its idea, if it had any."""
        self.book.put_aside(generation)

    def _keep(self, idea: Idea) -> None:
        """Writes beside the words how often they were tried and what came of it, as the record tells."""
        self._shelf.count(idea.id, len(idea.tries), idea.gain)


def _goes_on(run: OpenRun) -> bool:
    """Whether more generations are to come than are usually under way, or most of a short run."""
    left = run.progress.total - run.progress.finished
    return left > min(run.settings.proposal_jobs, run.progress.total // 2)


def _idea(row: Written, tries: Iterable[HandedOut]) -> Idea:
    title, _, text = row.text.partition("\n")
    known = {one.generation: Try(one.bar, one.carried, one.ended, one.score) for one in tries}
    return Idea(row.id, title, text, int(row.details.get(ASKED_AT, row.created_after)), known)
