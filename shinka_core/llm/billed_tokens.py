"""How many tokens a text has at most, for what a call may cost, and about how many, where nobody counts them."""

from __future__ import annotations

from collections.abc import Iterable

from shinka_core.program import Usage

# Of prose a token is about four bytes, of code three, and of Chinese one character, which has three.
BYTES_PER_TOKEN = 3
# What providers add around each message: its role and separators.
PER_MESSAGE = 16


def most_tokens(texts: Iterable[str]) -> int:
    """Tokens that the texts cannot exceed: no tokenizer makes more of a text than it has bytes."""
    return sum(_bytes(text) + PER_MESSAGE for text in texts)


def estimated(prompt: Iterable[str], answer: str) -> Usage:
    """About what a provider would have counted for a call that it counted nothing for."""
    return Usage(input_tokens=sum(map(_about, prompt)), output_tokens=_about(answer))


def _about(text: str) -> int:
    return -(-_bytes(text) // BYTES_PER_TOKEN)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", errors="replace"))
