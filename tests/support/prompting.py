"""What operators make of samplings and answers, by the name that the sampling has for its operator."""

from __future__ import annotations

from typing import Any

from shinka_core import generation
from shinka_core.edit import Rules
from shinka_core.operators import Operators, asks
from shinka_core.operators.protocol import AskingOperator
from shinka_core.program import Answer, Candidate, Failure, Sampling
from shinka_core.program_size import SizeLimit
from shinka_core.prompts import STANDARD, Prompt, PromptContext


def operator_of(sampling: Sampling) -> AskingOperator:
    """The operator of a sampling that asks a model."""
    operator = Operators([sampling.patch_type]).of(sampling.patch_type)
    assert asks(operator)
    return operator


def proposal_prompt(sampling: Sampling, **known: Any) -> Prompt:
    """What the model is asked."""
    return operator_of(sampling).prompt(PromptContext(sampling, STANDARD, **known))


def apply_answer(sampling: Sampling, answer: Answer, limit: SizeLimit | None = None) -> Candidate | Failure:
    """What comes of an answer."""
    rules = Rules(limit.characters) if limit else Rules()
    return generation.apply_answer(operator_of(sampling), sampling, answer, rules, limit)
