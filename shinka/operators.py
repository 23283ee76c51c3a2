"""Ways to make a proposal, and who chooses among them: what each must do, and where it is made known."""

from shinka_core.bandit import BANDITS, Arm, Bandit, Outcome
from shinka_core.operators import OPERATORS, AskingOperator, Bench, Operator, ProposingOperator
from shinka_core.program import Candidate, Evaluation, Failure, Sampling
from shinka_core.source import Source, SourceFile

__all__ = [
    "BANDITS",
    "OPERATORS",
    "Arm",
    "AskingOperator",
    "Bandit",
    "Bench",
    "Candidate",
    "Evaluation",
    "Failure",
    "Operator",
    "Outcome",
    "ProposingOperator",
    "Sampling",
    "Source",
    "SourceFile",
]
