"""What decides the vectors of an embedding: those of two identities are never compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# Of what is embedded of a program, part of every scheme: 1 was the whole file, 2 are its EVOLVE-BLOCKs, in pieces.
EDITION = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """What made a vector; kept with every session of a run.

    Attributes:
        model: The model's name.
        scheme: What of a program is embedded, and how it is cut: the part that is ours.
        place: Where the model is asked; "" on this machine.
    """

    model: str
    scheme: str
    place: str = ""

    @classmethod
    def stored(cls, value: Any) -> Identity | None:
        """The reverse of `kept`; None for what is none."""
        if not isinstance(value, Mapping):
            return None
        return cls(**{field.name: str(value.get(field.name, "")) for field in fields(cls)})  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]

    def kept(self) -> dict[str, str]:
        """As JSON."""
        return asdict(self)

    def differences(self, now: Identity) -> list[str]:
        """What is not as it was, in words."""
        return [f"{name} {was!r} → {is_!r}" for name, was in asdict(self).items() if (is_ := getattr(now, name)) != was]
