"""What all sections of the settings have in common."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, model_validator

from shinka_core.config.form import for_a_form
from shinka_core.config.taking import TakeOver, Taking, as_it_is

# Between several things that are wrong.
AND = "; also, "


class Section(BaseModel):
    """Frozen, finite, and refuses all fields it does not know, suggesting the nearest names, or what to say instead."""

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """What to say instead of a name that other systems have for something."""
    takes_over: ClassVar[TakeOver] = as_it_is
    """Names of another system, as fields of this section."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False, json_schema_extra=for_a_form
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_fields(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        taking = cls.takes_over(cast("dict[str, Any]", values), cls.model_fields)
        if wrong := cls.wrong_with(taking):
            raise ValueError(AND.join(wrong))
        taking.tell(cls.__name__)
        return taking.fields

    @classmethod
    def wrong_with(cls, taking: Taking) -> list[str]:
        """What cannot be taken of these fields, all of it, in sentences."""
        return [*taking.refused, *(cls._unknown(name) for name in taking.fields if name not in cls.model_fields)]

    @classmethod
    def _unknown(cls, name: Any) -> str:
        """What to say of a name that is none of a field."""
        if (instead := cls.elsewhere.get(str(name))) is not None:
            return f"{cls.__name__} has no field {name!r}; {instead}"
        near = difflib.get_close_matches(str(name), cls.model_fields, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(cls.model_fields)}"
        return f"{cls.__name__} has no field {name!r}; {remedy}"


def check_weights(field: str, weights: list[float]) -> None:
    """Refuses weights by which nothing could be drawn.

    Raises:
        ValueError: One is below 0 or not finite, or all are 0.
    """
    if any(not 0 <= weight < float("inf") for weight in weights) or sum(weights) <= 0:
        raise ValueError(f"{field}={weights} must be finite, none below 0 and not all 0")


def parse_duration(value: float | str | None) -> float | None:
    """Reads seconds, `MM:SS` or `HH:MM:SS`.

    Raises:
        ValueError: It is none of these.
    """
    if value is None or isinstance(value, int | float):
        return value
    try:
        parts = [float(part) for part in value.split(":")]
    except ValueError as error:
        raise ValueError(f"time={value!r} is neither seconds nor [HH:]MM:SS") from error
    if len(parts) > 3:
        raise ValueError(f"time={value!r} is neither seconds nor [HH:]MM:SS")
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds
