"""Text that every database and every request takes."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text without what a database refuses: NUL characters and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", errors="replace").decode("utf-8")
