"""Ways to make a proposal, who chooses among them, and who words what models are asked.

What each must do, and where it is made known.
"""

from shinka_core.bandit import BANDITS, Arm, Bandit, Outcome
from shinka_core.edit import Rules
from shinka_core.operators import OPERATORS, AskingOperator, Bench, Operator, ProposingOperator
from shinka_core.program import Candidate, Evaluation, Failure, Sampling
from shinka_core.prompts import PROMPT_BUILDERS, Instruction, Prompt, PromptBuilder, PromptContext
from shinka_core.source import Source, SourceFile

__all__ = [
    "BANDITS",
    "OPERATORS",
    "PROMPT_BUILDERS",
    "Arm",
    "AskingOperator",
    "Bandit",
    "Bench",
    "Candidate",
    "Evaluation",
    "Failure",
    "Instruction",
    "Operator",
    "Outcome",
    "Prompt",
    "PromptBuilder",
    "PromptContext",
    "ProposingOperator",
    "Rules",
    "Sampling",
    "Source",
    "SourceFile",
]
