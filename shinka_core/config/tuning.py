"""How much of a run goes into the literals of its best program."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from shinka_core.config.base import Section


class TuningSettings(Section):
    """Tuning beside the proposals of models: one proposal at a time moves the literals of the best program."""

    wait: int = Field(default=30, ge=1, description="Programs before the first: structures come before constants.")
    trials: int = Field(default=40, ge=1, description="Evaluations of one such proposal, at most.")
    patience: int = Field(
        default=12, ge=1, description="Trials after which it stops early when they gained less than others do."
    )
    at_once: int = Field(default=2, ge=1, description="Trials that run at the same time.")
    least: float = Field(
        default=0.05, gt=0, lt=1, description="Share of the evaluations that it is given while it gains nothing."
    )
    most: float = Field(
        default=0.5, gt=0, lt=1, description="Share of the evaluations that it is given while nothing else gains."
    )
    memory: float = Field(
        default=50.0, gt=0, description="Evaluations over which gains are compared: older ones count e times less."
    )

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"tuning: least={self.least:g} is more than most={self.most:g}; give at most that")
        return self

    @property
    def operator(self) -> dict[str, Any]:
        """The operator that does it, as settings name one."""
        return {"name": "tune", "trials": self.trials, "patience": self.patience, "at_once": self.at_once}
