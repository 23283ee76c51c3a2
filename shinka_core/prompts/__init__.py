"""What models are told: our own words."""

from shinka_core.prompts.bootstrap import DIFFERENT, first_program_prompt, rewrite_message
from shinka_core.prompts.changes import ChangesPrompts
from shinka_core.prompts.context import PROMPT_BUILDERS, Instruction, Prompt, PromptBuilder, PromptContext
from shinka_core.prompts.feedback import repair_message, retry_message
from shinka_core.prompts.novelty import novelty_prompt, read_novelty_answer
from shinka_core.prompts.proposal import STANDARD, StandardPrompts
from shinka_core.prompts.settings import prompt_builder_of

__all__ = [
    "DIFFERENT",
    "PROMPT_BUILDERS",
    "STANDARD",
    "ChangesPrompts",
    "Instruction",
    "Prompt",
    "PromptBuilder",
    "PromptContext",
    "StandardPrompts",
    "first_program_prompt",
    "novelty_prompt",
    "prompt_builder_of",
    "read_novelty_answer",
    "repair_message",
    "retry_message",
    "rewrite_message",
]
