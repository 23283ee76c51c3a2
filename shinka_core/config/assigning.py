"""Fields that are set after a config is made, as scripts do with dataclasses: `config.num_generations = 5`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, cast

from pydantic import ModelWrapValidatorHandler, model_validator

from shinka_core.config.base import Section

# What several fields of another system add to, each with keys of its own.
_SHARED = ("llm_roles", "env")


class Assigned(Section):
    """A section of which a field can be set, by its name here or there; it is then checked as if it were made anew.

    A copy that is changed (`copy.deepcopy`, `model_copy`) leaves the first as it is. Sections inside stay frozen: their
    defaults are shared.
    """

    # No field: it is neither stored nor compared, and a copy is in our words alone.
    __slots__ = ("_given",)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_what_was_given(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        made = handler(values)
        if isinstance(values, Mapping):
            object.__setattr__(made, "_given", dict(cast("Mapping[str, Any]", values)))
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        """Sets one field.

        Raises:
            pydantic.ValidationError: There is no such field, or its value is wrong, also beside the others.
        """
        given = self._as_given(name, value)
        told = [known for known in given if known != name]
        made = type(self).model_validate({**given, name: value}, context=told)
        for part in ("__dict__", "__pydantic_fields_set__", "_given"):
            object.__setattr__(self, part, getattr(made, part))

    def _as_given(self, name: str, value: Any) -> dict[str, Any]:
        """What it would be made of again, without what the name says as well: the last word counts."""
        known: dict[str, Any] | None = getattr(self, "_given", None)
        fields = {field: getattr(self, field) for field in self.model_fields_set} if known is None else dict(known)
        if name in fields or name in type(self).model_fields:
            return fields
        for field, said in type(self).takes_over({name: value}, type(self).model_fields).fields.items():
            before = fields.pop(field, None)
            if field in _SHARED and isinstance(before, dict) and isinstance(said, dict):
                kept = cast("dict[str, Any]", before)
                fields[field] = {key: kept[key] for key in kept if key not in said}
        return fields
