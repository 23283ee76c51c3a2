"""Tokens of prompts, and how many of them a provider's cache would have read before."""

from __future__ import annotations

import hashlib

# Characters that are counted as one token, the same for all.
CHARACTERS = 4
# The usual rule: a cached beginning counts from so many tokens on, in steps of so many.
LEAST, STEP = 1024, 128


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return -(-len(text) // CHARACTERS)


class Prefixes:
    """The beginnings of all prompts so far."""

    def __init__(self) -> None:
        self.known: set[bytes] = set()

    def add(self, prompt: str) -> int:
        """Remembers a prompt; the tokens of its longest beginning that was known, 0 below the least."""
        running, cached, grows = hashlib.blake2b(digest_size=12), 0, True
        size = STEP * CHARACTERS
        for end in range(size, len(prompt) + 1, size):
            running.update(prompt[end - size : end].encode())
            name = running.copy().digest()
            grows = grows and name in self.known
            cached = end // CHARACTERS if grows else cached
            self.known.add(name)
        return cached if cached >= LEAST else 0
