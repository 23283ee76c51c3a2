"""What every operator has to hold to, as tests: subclass `OperatorContract` and say how one is made."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field

import numpy as np

from shinka_core.edit import Rules
from shinka_core.errors import PatchError, TrialsUsedUpError
from shinka_core.operators import OPERATORS, AskingOperator, Operator, ProposingOperator
from shinka_core.program import Candidate, Evaluation, Failure, Program, Sampling
from shinka_core.prompts import STANDARD, PromptContext
from shinka_core.source import Source

PARENT = """\
import math

# EVOLVE-BLOCK-START
def run():
    first = 0.25
    second = 3
    return first * math.pi + second
# EVOLVE-BLOCK-END
"""
# Answers in many forms and in none.
ANSWERS = (
    "", "I cannot do that.", "```python\n", "<<<<<<< SEARCH\n    second = 3\n=======\n    second = 4\n>>>>>>> REPLACE\n",
    f"```python\n{PARENT.replace('0.25', '0.5')}```", f"```python\n{PARENT}```", "\ud800", "=======", '{"second": 4}',
    "<<<<<<< SEARCH\nnowhere\n=======\nx = (\n>>>>>>> REPLACE\n",
)  # fmt: skip


@dataclass
class PaperBench:
    """A bench that evaluates nothing: the score of a program is told by its length.

    Attributes:
        asked: Trials with the digests of their programs, in order.
    """

    turn: int = 0
    most: int = 20
    limit: int = 1_000_000
    seed: int = 0
    asked: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    @property
    def left(self) -> int:
        """Evaluations that may still be made."""
        return self.most - len({trial for trial, _ in self.asked})

    def rng(self) -> np.random.Generator:
        """Always the same for the same seed and turn."""
        return np.random.default_rng([self.seed, self.turn])

    async def evaluate(self, source: Source, trial: int) -> Evaluation:
        """A correct program with a made-up score."""
        if self.left <= 0 and trial not in {known for known, _ in self.asked}:
            raise TrialsUsedUpError("all trials are used up")
        self.asked.append((trial, source.digest))
        return Evaluation(float(len(source.files[0].text)), True)


def sampling_of(name: str, seed: int = 0, inspirations: int = 1) -> Sampling:
    """A small Python program as parent, with others beside it."""
    parent = Program("parent", 1, Source.of(PARENT, "python"), 0, 1.0, True)
    others = [
        Program(f"other{number}", 2 + number, Source.of(PARENT.replace("3", str(4 + number)), "python"), 0, 0.5, True)
        for number in range(inspirations)
    ]
    return Sampling(parent, tuple(others), 0, name, "m", 0, seed)


class OperatorContract:
    """The tests. Override `make`; pytest finds them in a subclass whose name begins with `Test`.

    Attributes:
        name: That settings have for it.
        answer: For an operator that asks a model: one that makes a candidate of `PARENT`.
        trials: For one that evaluates: how many trials it needs for a candidate; with fewer it may give none.
    """

    name = ""
    answer = ANSWERS[3]
    trials = 20

    def make(self) -> Operator:
        """A new operator, always the same."""
        raise NotImplementedError

    def test_it_asks_a_model_or_needs_none(self) -> None:
        operator = self.make()
        assert isinstance(operator, AskingOperator) != isinstance(operator, ProposingOperator)

    def test_the_same_context_gives_the_same_prompt_with_task_and_program(self) -> None:
        operator, other = self.make(), self.make()
        if not isinstance(operator, AskingOperator) or not isinstance(other, AskingOperator):
            return
        for inspirations in range(3):
            context = PromptContext(sampling_of(self.name, 3, inspirations), STANDARD, task="Make it larger.")
            prompt = operator.prompt(context)
            assert prompt == other.prompt(context)
            assert "Make it larger." in prompt.system + prompt.user
            assert "second = 3" in prompt.user

    def test_a_prompt_for_little_room_says_that_it_does_not_fit(self) -> None:
        operator = self.make()
        if isinstance(operator, AskingOperator):
            prompt = operator.prompt(PromptContext(sampling_of(self.name), STANDARD, room=1))
            assert not prompt.fits

    def test_an_answer_becomes_a_candidate_or_a_patch_error(self) -> None:
        operator, parent = self.make(), sampling_of(self.name).parent
        if not isinstance(operator, AskingOperator):
            return
        for answer in ANSWERS:
            try:
                candidate = operator.apply(answer, parent, Rules(10_000))
            except PatchError:
                continue
            self._check(candidate)
        self._check(operator.apply(self.answer, parent, Rules(10_000)))

    def test_a_candidate_made_without_a_model_is_the_same_for_the_same_sampling(self) -> None:
        operator, other = self.make(), self.make()
        if not isinstance(operator, ProposingOperator) or not isinstance(other, ProposingOperator):
            return
        for seed in range(5):
            first, again = PaperBench(seed=seed, most=self.trials), PaperBench(seed=seed, most=self.trials)
            outcome = asyncio.run(operator.propose(sampling_of(self.name, seed), first))
            assert outcome == asyncio.run(other.propose(sampling_of(self.name, seed), again))
            assert first.asked == again.asked
            assert isinstance(outcome, Candidate), outcome
            self._check(outcome)

    def test_without_trials_there_is_a_candidate_or_a_reason(self) -> None:
        operator = self.make()
        if not isinstance(operator, ProposingOperator):
            return
        try:
            outcome = asyncio.run(operator.propose(sampling_of(self.name), PaperBench(most=0)))
        except TrialsUsedUpError:
            return
        assert isinstance(outcome, Candidate) or (isinstance(outcome, Failure) and outcome.reason)

    def test_settings_can_name_it(self) -> None:
        from shinka_core.registry import spec_of

        assert type(OPERATORS.create(spec_of(self.make()))) is type(self.make())

    def _check(self, candidate: Candidate) -> None:
        assert candidate.code != PARENT
        assert candidate.code.startswith("import math\n\n# EVOLVE-BLOCK-START\n"), "only the block may change"
        json.dumps(asdict(candidate))
