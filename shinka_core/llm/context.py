"""How much each model reads: from the settings, a table, and what its endpoint has refused.

Context lengths in tokens as the providers published them; a dated or suffixed name falls back to the longest known
beginning, and `llm_context_tokens` wins over the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shinka_core.errors import ConfigError, PromptTooLongError
from shinka_core.llm.dialect import LIMITS
from shinka_core.model_address import is_builtin, split_model

KNOWN: dict[str, int] = {
    "gpt-3.5-turbo": 16_385,
    "gpt-4": 8_192,
    "gpt-4-turbo": 128_000,
    "gpt-4o": 128_000,
    "gpt-4.1": 1_047_576,
    "gpt-4.5": 128_000,
    "gpt-5": 400_000,
    "o1": 200_000,
    "o1-mini": 128_000,
    "o3": 200_000,
    "o4-mini": 200_000,
    "claude": 200_000,
    "gemini-1.5-pro": 2_097_152,
    "gemini": 1_048_576,
    "deepseek": 65_536,
    "mistral": 32_768,
    "codestral": 32_768,
    "llama-3.1": 131_072,
    "llama-3.3": 131_072,
}
# Of a model that is in neither: what most have that are served today. An endpoint that takes less says so, and is heeded.
DEFAULT = 128_000

# Tokens kept for an answer whose length the settings do not bound, but no more than a part of the context.
ANSWER = 16_384
ANSWER_SHARE = 4
# Tokens that stand around the messages.
AROUND = 64


def context_tokens(model: str, settings: Mapping[str, int]) -> int | None:
    """The tokens of prompt and answer together that a model takes; None for a built-in one, which reads programs.

    Args:
        model: Name as configured; an `@endpoint` suffix and a `provider/` prefix are ignored by the table.
        settings: `llm_context_tokens`, by name as configured.
    """
    if is_builtin(model):
        return None
    name = split_model(model)[0]
    own = settings.get(model) or settings.get(name)
    if own is not None:
        return own
    short = name.rpartition("/")[2].lower()
    beginnings = [
        known for known in KNOWN if short.startswith(known) and not short[len(known) : len(known) + 1].isalnum()
    ]
    return KNOWN[max(beginnings, key=len)] if beginnings else DEFAULT


def option(options: Mapping[str, Any], name: str) -> int | None:
    """An option that is sent with a call, as a count; of several the largest."""
    extra: Any = options.get("extra_body")
    for given in (extra, options):
        value: Any = given.get(name) if isinstance(given, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        several: list[Any] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
        counts = [each for each in several if isinstance(each, int) and not isinstance(each, bool) and each > 0]
        if counts:
            return max(counts)
    return None


def answer_limit(options: Mapping[str, Any]) -> int | None:
    """The tokens that an answer may have by the options sent with a call; which of several counts is the endpoint's affair."""
    return max((limit for name in LIMITS if (limit := option(options, name))), default=None)


class Contexts:
    """The room that each model of a run has for a prompt, as far as is known."""

    def __init__(
        self, models: Sequence[str], settings: Mapping[str, int], options: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Takes what settings and table say.

        Args:
            settings: `llm_context_tokens`.
            options: What is sent with the calls of each model, whose limit of an answer is kept free.

        Raises:
            ConfigError: The answer alone would fill a model's context.
        """
        self._answers = {model: answer_limit(options.get(model, {})) for model in models}
        self._rooms: dict[str, int | None] = {}
        for model in models:
            context = context_tokens(model, settings)
            self._rooms[model] = None if context is None else self._beside_an_answer(model, context)
            if context is not None and self._rooms[model] == 0:
                raise ConfigError(
                    f"the settings ask for answers of {self._answers[model]} tokens, and the context of {model} is "
                    f"{context}: nothing is left for a prompt; lower max_tokens in llm_kwargs or llm_model_kwargs, or say "
                    "in llm_context_tokens what the model takes"
                )

    def room(self, model: str) -> int | None:
        """Tokens that a prompt may have; None: as many as it likes."""
        return self._rooms.get(model, self._beside_an_answer(model, DEFAULT))

    def smallest(self) -> tuple[str, int] | None:
        """The model with the least room and its tokens; None when none is bounded."""
        rooms = [(room, model) for model, room in self._rooms.items() if room is not None]
        return (min(rooms)[1], min(rooms)[0]) if rooms else None

    def refused(self, model: str, tokens: int, error: PromptTooLongError) -> None:
        """Learns from a prompt that was too long.

        Args:
            tokens: What the prompt was taken to have.
            error: In which the endpoint may have said how many it takes and how many it counted.
        """
        room = tokens // 2
        if error.context is not None:
            # In our own count, where the endpoint tells how that differs from its own.
            scale = min(tokens / error.asked, 1.0) if error.asked else 1.0
            room = min(int(self._beside_an_answer(model, error.context) * scale), tokens * 9 // 10)
        self._rooms[model] = max(min(room, self.room(model) or room), 1)

    def _beside_an_answer(self, model: str, context: int) -> int:
        bound = self._answers.get(model)
        answer = min(ANSWER, context // ANSWER_SHARE) if bound is None else bound
        return max(context - answer - AROUND, 0)
