"""When a strong model is asked for directions, and how far each is followed."""

from __future__ import annotations

from pydantic import Field

from shinka_core.config.base import Section


class IdeaSettings(Section):
    """The idea step: what happens when the best score has stopped rising."""

    window: int = Field(
        default=10, ge=1, description="Evaluations looked at, and at least between one question and the next."
    )
    threshold: float = Field(
        default=0.12,
        gt=0,
        le=1,
        description="Share of them that improved the best score below which ideas are asked for.",
    )
    count: int = Field(default=3, ge=1, le=20, description="Ideas to ask for.")
    tries: int = Field(default=2, ge=1, le=100, description="Generations that each idea is given to.")
