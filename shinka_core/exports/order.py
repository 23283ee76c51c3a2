"""What is asked of an export, and what it tells when it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shinka_core.database import EvolutionReader


@dataclass(frozen=True, slots=True)
class Order:
    """Where an export goes, and what is in it.

    Attributes:
        folder: That it is written into; made if it is not there.
        texts: Whether the questions and answers of models are a part of it.
        overwrite: Whether files of an earlier one may be replaced.
    """

    folder: Path
    texts: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        place: The folder or the file that a person opens.
        counts: How many there are of what, in words: `programs`, `commits`.
        notes: What else a person should know, each a sentence.
    """

    place: Path
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()


Export = Callable[[EvolutionReader, Order], Awaitable[Written]]
