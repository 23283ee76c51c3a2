"""What ends a run before its last generation."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from shinka_core.config.base import Section, parse_duration


class Ending(Section):
    """The limits of a run beside its generations and its money."""

    patience: int | None = Field(
        default=None, ge=1, description="Programs without a better best after which the run ends; None: never."
    )
    target_score: float | None = Field(default=None, description="Score of a correct program at which the run ends.")
    max_time: float | str | None = Field(
        default=None, description="Seconds, MM:SS or HH:MM:SS of all sessions of the run after which it ends."
    )
    max_evaluations: int | None = Field(
        default=None,
        ge=1,
        description="Starts of the evaluator after which the run ends: stages, repeats, repairs and trials each count.",
    )

    @property
    def time_limit(self) -> float | None:
        """Seconds of all sessions, or None."""
        return parse_duration(self.max_time)

    @model_validator(mode="after")
    def _check_time(self) -> Self:
        try:
            limit = parse_duration(self.max_time)
        except ValueError as error:
            raise ValueError(f"max_{error}") from error
        if limit is not None and not 0 < limit < float("inf"):
            raise ValueError(f"max_time={self.max_time!r} must be longer than 0 seconds, and not for ever")
        return self
