"""What an evaluator tells of a program beside its score and its text, and what became of earlier children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self, cast


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of what a program does; the bytes are a file.

    Attributes:
        name: For people and models: the path that the evaluator gave, inside its results.
        digest: SHA-256 of the bytes, in hexadecimal.
        media: `image/png` or `image/jpeg`.
        size: Bytes.
    """

    name: str
    digest: str
    media: str
    size: int

    @property
    def file(self) -> str:
        """What the file is called where images are kept."""
        return f"{self.digest}.{self.media.removeprefix('image/')}"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What an evaluator tells in pieces.

    Attributes:
        instances: Texts by instance, as `instance_scores` has numbers.
        artifacts: Other texts by name: what was printed, what was made.
        left_out: What was named and could not be taken, and why; for people, never shown to models.
    """

    instances: dict[str, str] = field(default_factory=dict[str, str])
    artifacts: dict[str, str] = field(default_factory=dict[str, str])
    images: tuple[Image, ...] = ()
    left_out: tuple[str, ...] = ()

    def dump(self) -> dict[str, Any] | None:
        """As JSON; None where there is nothing."""
        return None if self == NOTHING else asdict(self)

    @classmethod
    def load(cls, value: object) -> Self:
        """The reverse of `dump`."""
        if not isinstance(value, Mapping):
            return cls()
        told = cast(Mapping[str, Any], value)
        return cls(
            dict(told.get("instances") or {}),
            dict(told.get("artifacts") or {}),
            tuple(Image(**image) for image in told.get("images") or ()),
            tuple(told.get("left_out") or ()),
        )


NOTHING = Feedback()


@dataclass(frozen=True, slots=True)
class Tried:
    """What was proposed before from the same parent, and what came of it.

    Attributes:
        generation: Which proposed it.
        program_id: None for a generation that ended without a program.
        score: None without one, and for a program that is not correct.
        why: Why there is no program, or why it is not correct.
    """

    generation: int
    program_id: str | None
    name: str = ""
    description: str = ""
    score: float | None = None
    why: str = ""

    @property
    def key(self) -> str | int:
        """What names it in the record: its program, or its generation."""
        return self.generation if self.program_id is None else self.program_id
