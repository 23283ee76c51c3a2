"""What a model is asked, and where answers are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from shinka_core.errors import ModelError
from shinka_core.program import Answer, Purpose, Usage
from shinka_core.source import Source


@dataclass(frozen=True, slots=True)
class CallKey:
    """Names one question of a run; an answered key is never asked again.

    Attributes:
        generation: `NO_GENERATION` for a question about the search itself.
        attempt: Sampling of the generation, from 0; of a question about the search, at how many recorded programs.
        turn: Question within that sampling, from 0.
    """

    generation: int
    purpose: Purpose
    attempt: int
    turn: int


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that goes with the user's message.

    Attributes:
        media: `image/png` or `image/jpeg`.
    """

    name: str
    digest: str
    media: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Material:
    """The programs behind a question, for operators that read code and not prose.

    Attributes:
        parent: The program to change.
        inspirations: Programs to take ideas from, worst score first.
    """

    parent: Source
    inspirations: tuple[Source, ...]
    patch_type: str


@dataclass(frozen=True, slots=True)
class Question:
    """Everything needed to ask once.

    Attributes:
        history: Earlier turns, oldest first: answers that failed and what was wrong with them.
        seed: For providers and operators that can be seeded.
        longest_answer: Tokens that the answer is allowed; None leaves it to the settings and the provider.
        options: Drawn for this question, over those that go with every call to the model.
        pictures: Shown behind the text of the user's first message.
        seers: The models that are sent them; others may take the question over.
    """

    key: CallKey
    model: str
    system: str
    user: str
    seed: int
    history: tuple[Message, ...] = ()
    material: Material | None = None
    longest_answer: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    pictures: tuple[Picture, ...] = ()
    seers: frozenset[str] = frozenset()

    @property
    def sent_pictures(self) -> tuple[Picture, ...]:
        """Those that its model is sent."""
        return self.pictures if self.model in self.seers else ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """System, user, then the history."""
        return (Message("system", self.system), Message("user", self.user), *self.history)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What a provider returns.

    Attributes:
        usage: Tokens as the provider counted them; None when it did not.
        cut: Why the answer ends before its end: `length` or `content_filter`; `""` when it is whole.
    """

    text: str
    usage: Usage | None = field(default_factory=Usage)
    cut: str = ""


class Provider(Protocol):
    """Asks one endpoint (or one built-in operator)."""

    async def ask(self, question: Question) -> RawAnswer:
        """Answers, or raises a `ModelError` whose class tells whether to ask again."""
        ...

    async def close(self) -> None:
        """Releases connections."""
        ...


class Ledger(Protocol):
    """Keeps every call: answers are written before anyone uses them."""

    async def find(self, key: CallKey) -> Answer | None:
        """The stored answer to `key`, marked `replayed`, if it was ever answered."""
        ...

    async def answered(self, question: Question, answer: Answer) -> None:
        """Stores a paid answer; durable when it returns."""
        ...

    async def failed(
        self, question: Question, error: ModelError, cost: float | None, seconds: float, *, estimated: bool = False
    ) -> None:
        """Stores a call that gave no usable answer, with what it cost all the same, if anybody knows that."""
        ...
