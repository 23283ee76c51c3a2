"""From the settings to who makes prompts."""

from __future__ import annotations

from shinka_core.errors import ConfigError
from shinka_core.prompts.context import PROMPT_BUILDERS, PromptBuilder
from shinka_core.registry import Spec


def prompt_builder_of(spec: Spec) -> PromptBuilder:
    """The prompt builder that settings name.

    Raises:
        ConfigError: There is none of that name, or a parameter is wrong; names the field.
    """
    try:
        return PROMPT_BUILDERS.create(spec)
    except ConfigError as error:
        raise ConfigError(f"prompt_builder: {error}") from error
