"""Taking over settings that another system has by another name: what they become here, and what is said of them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

logger = logging.getLogger("shinka.config")

# Where a name is not given; None is a value.
MISSING: Any = object()


@dataclass(slots=True)
class Taking:
    """The fields of one section on their way into our words.

    Attributes:
        fields: Those that are left, and what others became.
        idle: Names that are taken and mean nothing here, each with why if that is not plain.
        refused: What cannot be honoured, in sentences that say what to write instead.
    """

    fields: dict[str, Any]
    idle: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])

    def take(self, name: str, default: Any = MISSING) -> Any:
        """A field's value, which is no field any more."""
        return self.fields.pop(name, default)

    def drop(self, names: Iterable[str]) -> None:
        """Fields that mean nothing as long as something else is off, there as here."""
        for name in names:
            self.fields.pop(name, None)

    def put(self, name: str, value: Any, said_by: str) -> None:
        """A field of ours; that it is given as well, with another value, is refused."""
        if self.fields.get(name, value) != value:
            self.refused.append(f"{said_by} and {name} say the same thing twice; leave one of them out")
        self.fields[name] = value

    def idles(self, name: str, *harmless: Any, why: str = "") -> None:
        """Takes a field that means nothing here, without a word where its value says what is done here anyway."""
        value = self.take(name)
        if value is not MISSING and value not in harmless:
            self.idle.append(f"{name} ({why})" if why else name)

    def check(self, kinds: Mapping[str, Any]) -> None:
        """Reads fields that are not ours as fields of ours are read; those that are nothing of the kind are refused.

        Args:
            kinds: Their types by name.
        """
        for name in [name for name in kinds if name in self.fields]:
            try:
                self.fields[name] = _reader(kinds[name]).validate_python(self.fields[name])
            except ValidationError as error:
                said = error.errors()[0]["msg"].removeprefix("Input ")
                self.refused.append(f"{name}={self.take(name)!r} {said}")

    def without_none(self, *names: str) -> None:
        """Fields where None says what leaving them out says."""
        for name in names:
            if self.fields.get(name, MISSING) is None:
                del self.fields[name]

    def role(self, role: str, models: Any) -> None:
        """Models for a role of `llm_roles`, where none are named."""
        if isinstance(models, str):
            models = [models]
        roles: Any = self.fields.get("llm_roles") or {}
        if models and isinstance(roles, Mapping):
            self.fields["llm_roles"] = {role: models} | dict(cast("Mapping[str, Any]", roles))

    def tell(self, section: str, known: Iterable[str] = ()) -> None:
        """Says once what was taken and means nothing.

        Args:
            known: Names of which it was said before.
        """
        told = tuple(known)
        idle = [said for said in self.idle if re.split(r"[ =.]", said, maxsplit=1)[0] not in told]
        if idle:
            logger.warning("%s: taken, but without effect here: %s (docs/migration.md)", section, ", ".join(idle))


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


# From the fields as they are given, and the names that the section has itself.
TakeOver = Callable[[dict[str, Any], Iterable[str]], Taking]


def as_it_is(given: dict[str, Any], _known: Iterable[str]) -> Taking:
    """Of a section that takes nothing over."""
    return Taking(given)
