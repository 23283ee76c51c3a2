"""What differs between the evaluations that one evaluator makes of one program: stages and repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Terms:
    """How one evaluation is called, over what the settings say of all.

    Attributes:
        arguments: `--key value` for the evaluator, over those of the settings.
        environment: Variables, over those of the settings.
        time_limit: Seconds; None: the limit of the settings.
        limited_by: The setting that says so, for messages.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    time_limit: float | None = None
    limited_by: str = "job.time"


AS_SET = Terms()
