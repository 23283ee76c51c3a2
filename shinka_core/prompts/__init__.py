"""What models are told: our own words, one builder per kind of patch."""

from shinka_core.prompts.feedback import repair_message, retry_message
from shinka_core.prompts.novelty import novelty_prompt, read_novelty_answer
from shinka_core.prompts.proposal import Prompt, proposal_prompt

__all__ = ["Prompt", "novelty_prompt", "proposal_prompt", "read_novelty_answer", "repair_message", "retry_message"]
