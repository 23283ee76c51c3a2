"""What models are told: our own words."""

from shinka_core.prompts.changes import ChangesPrompts
from shinka_core.prompts.context import PROMPT_BUILDERS, Instruction, Prompt, PromptBuilder, PromptContext
from shinka_core.prompts.feedback import repair_message, retry_message
from shinka_core.prompts.novelty import novelty_prompt, read_novelty_answer
from shinka_core.prompts.proposal import STANDARD, StandardPrompts
from shinka_core.prompts.settings import prompt_builder_of

__all__ = [
    "PROMPT_BUILDERS",
    "STANDARD",
    "ChangesPrompts",
    "Instruction",
    "Prompt",
    "PromptBuilder",
    "PromptContext",
    "StandardPrompts",
    "novelty_prompt",
    "prompt_builder_of",
    "read_novelty_answer",
    "repair_message",
    "retry_message",
]
