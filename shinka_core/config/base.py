"""What all sections of the settings have in common."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator

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
    def _refuse_unknown_fields(cls, values: Any, info: ValidationInfo) -> Any:
        if not isinstance(values, dict):
            return values
        taking = cls.takes_over(cast("dict[str, Any]", values), cls.model_fields)
        if wrong := cls.wrong_with(taking):
            raise ValueError(AND.join(wrong))
        taking.tell(cls.__name__, known=info.context or ())
        return taking.fields

    @classmethod
    def wrong_with(cls, taking: Taking) -> list[str]:
        """What cannot be taken of these fields, all of it, in sentences."""
        wrong, strange = [*taking.refused], list[str]()
        for name in [str(name) for name in taking.fields if name not in cls.model_fields]:
            if remedy := cls.instead_of(name):
                wrong.append(f"{cls.__name__} has no field {name!r}; {remedy}")
            else:
                strange.append(repr(name))
        if strange:
            wrong.append(f"{cls.__name__} has no field {', '.join(strange)}; known: {', '.join(cls.model_fields)}")
        return wrong

    @classmethod
    def instead_of(cls, name: str) -> str:
        """What to say instead of a name that is none of a field; "" where nothing is near."""
        if (instead := cls.elsewhere.get(name)) is not None:
            return instead
        near = difflib.get_close_matches(name, cls.model_fields, n=1)
        return f"did you mean {near[0]!r}?" if near else ""


def check_weights(field: str, weights: list[float]) -> None:
    """Refuses weights by which nothing could be drawn.

    Raises:
        ValueError: One is below 0 or not finite, or all are 0.
    """
    if any(not 0 <= weight < float("inf") for weight in weights) or sum(weights) <= 0:
        raise ValueError(f"{field}={weights} must be finite, none below 0 and not all 0")


def parse_duration(value: float | str | None) -> float | None:
    """Reads seconds, `MM:SS`, `HH:MM:SS` or, as Slurm writes it, `D-HH[:MM[:SS]]`.

    Raises:
        ValueError: It is none of these.
    """
    if value is None or isinstance(value, int | float):
        return value
    with_days = re.fullmatch(r"(\d+)-(.+)", value)
    days, clock = with_days.groups() if with_days else ("0", value)
    try:
        parts = [float(part) for part in clock.split(":")]
    except ValueError as error:
        raise ValueError(f"time={value!r} is neither seconds nor [HH:]MM:SS") from error
    if len(parts) > 3:
        raise ValueError(f"time={value!r} is neither seconds nor [HH:]MM:SS")
    if with_days:
        parts = [*parts, 0.0, 0.0][:3]
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds + int(days) * 86_400
