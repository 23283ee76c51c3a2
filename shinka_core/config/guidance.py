"""Settings of what is written about the search itself."""

from __future__ import annotations

from pydantic import Field

from shinka_core.config.base import Section


class SystemPromptConfig(Section):
    """How the opening of the system prompt evolves beside the programs: what a model is told it is, and how to go about it."""

    every: int = Field(default=50, ge=1, description="Programs between two new ones.")
    archive: int = Field(default=10, ge=2, le=100, description="Those that proposals are made with at once.")
    words: int = Field(default=150, ge=20, le=600, description="That each has at most.")
    trials: int = Field(default=3, ge=1, description="Proposals with a new one before it is compared with the others.")
    exploration: float = Field(default=0.5, ge=0, description="Factor of the bonus for those that are little known.")
    tokens: int = Field(default=6_000, ge=500, description="Of what was tried, in the question for a new one.")
