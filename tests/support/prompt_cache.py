"""An imitation of a provider's cache of prompts: what it has read before costs less.

As OpenAI documents it: the longest beginning that an earlier prompt to the same model had too counts as cached, from
1,024 tokens on, in steps of 128. A token is taken to be four characters. Nothing is ever forgotten here, where providers
forget what was not asked for some minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

CHARACTERS = 4
FIRST, STEP = 1_024, 128


def text_of(content: Any) -> str:
    """Content as text; of parts the text, and of an image its address."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or str(part.get("image_url")) for part in content)


@dataclass
class PromptCache:
    """What one server has read, by model.

    Attributes:
        read: Tokens and cached tokens of every prompt, in the order in which they came.
    """

    read: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    _known: set[tuple[str, bytes]] = field(default_factory=set[tuple[str, bytes]])

    def take(self, model: str, messages: Sequence[dict[str, Any]]) -> tuple[int, int]:
        """Tokens of a prompt and how many of them were read before; it is known from now on."""
        whole = "".join(f"{message['role']}\0{text_of(message['content'])}\0" for message in messages)
        cached, running = 0, hashlib.blake2b(digest_size=16)
        prefixes: list[bytes] = []
        for end in range(STEP, len(whole) // CHARACTERS + 1, STEP):
            running.update(whole[(end - STEP) * CHARACTERS : end * CHARACTERS].encode("utf-8", "replace"))
            prefixes.append(running.digest())
            if end >= FIRST and (model, prefixes[-1]) in self._known:
                cached = end
        self._known.update((model, prefix) for prefix in prefixes)
        tokens = -(-len(whole) // CHARACTERS)
        self.read.append((tokens, cached))
        return tokens, cached

    def totals(self) -> dict[str, int]:
        """Over all prompts."""
        return {
            "prompts": len(self.read),
            "tokens": sum(tokens for tokens, _ in self.read),
            "cached": sum(cached for _, cached in self.read),
        }
