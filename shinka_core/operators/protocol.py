"""Ways to make a proposal: what each of them is asked for, and how settings name them.

An operator either asks a model (`prompt`, then `apply` on the answer) or makes a candidate by itself (`propose`).
It is a value without state: what it knows is what it is given.
"""

from __future__ import annotations

from typing import Protocol, TypeGuard, cast, runtime_checkable

import numpy as np

from shinka_core.edit import Rules
from shinka_core.errors import ConfigError
from shinka_core.program import Candidate, Evaluation, Failure, Program, Sampling
from shinka_core.prompts import Prompt, PromptContext
from shinka_core.registry import Registry, Spec
from shinka_core.source import Source


@runtime_checkable
class AskingOperator(Protocol):
    """Asks a model."""

    def prompt(self, context: PromptContext) -> Prompt:
        """What the model is asked; the same for the same context."""
        ...

    def apply(self, answer: str, parent: Program, rules: Rules) -> Candidate:
        """The program that an answer makes of its parent.

        Args:
            rules: What the settings allow it to be.

        Raises:
            PatchError: With a message that can be sent back to the model.
        """
        ...


class Bench(Protocol):
    """What an operator may use while it makes a candidate by itself."""

    @property
    def turn(self) -> int:
        """Candidates that it has made of this sampling before, none of which was of use."""
        ...

    @property
    def left(self) -> int:
        """Evaluations that it may still make for this candidate."""
        ...

    @property
    def limit(self) -> int:
        """Characters that a candidate may have."""
        ...

    def rng(self) -> np.random.Generator:
        """Randomness of this candidate alone: the same when the run is resumed."""
        ...

    async def evaluate(self, source: Source, trial: int) -> Evaluation:
        """Evaluates a program on the way to the candidate; a trial that ever ended is read back instead.

        Args:
            trial: Numbers it, from 0 in each candidate; the same number stands for the same program.

        Raises:
            TrialsUsedUpError: No evaluation is left.
            LaunchError: It could not be evaluated.
        """
        ...


@runtime_checkable
class ProposingOperator(Protocol):
    """Asks no model.

    One that evaluates on the way may say with an attribute `trials` how often at most, for each candidate; what
    says nothing may do so as often as the settings allow.
    """

    async def propose(self, sampling: Sampling, bench: Bench) -> Candidate | Failure:
        """A candidate, or why there is none; the same for the same sampling, turn and evaluations."""
        ...


Operator = AskingOperator | ProposingOperator

OPERATORS: Registry[Operator] = Registry("operator", "shinka.operators", ())


def asks(operator: Operator) -> TypeGuard[AskingOperator]:
    """Whether it needs a model."""
    return not isinstance(operator, ProposingOperator)


def name_of(spec: Spec) -> str:
    """The name that programs and settings have for an operator."""
    return spec if isinstance(spec, str) else str(spec.get("name", ""))


def made(spec: Spec) -> Operator:
    """The operator that settings name.

    Raises:
        ConfigError: There is none, or it is none.
    """
    operator = cast(object, OPERATORS.create(spec))
    if isinstance(operator, AskingOperator | ProposingOperator):
        return operator
    raise ConfigError(
        f"operator {name_of(spec)!r} has neither `prompt` and `apply`, to ask a model, nor `propose`, to do without; "
        "add what it lacks or choose another"
    )
