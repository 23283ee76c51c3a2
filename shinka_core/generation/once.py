"""A step that is done once: its outcome is read from the journal, or written there before it is used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import GenerationState

T = TypeVar("T")

# Steps that cost nothing to repeat, so the next one need not wait until they are durable. An
# answer is never durable before the sampling it belongs to: the journal keeps the order.
FREE_STEPS = frozenset({GenerationState.SAMPLED, GenerationState.PATCHED})


async def once(
    generation: OpenGeneration,
    step: GenerationState,
    place: tuple[int, int],
    act: Callable[[], Awaitable[T]],
    dump: Callable[[T], dict[str, Any]],
    load: Callable[[dict[str, Any]], Awaitable[T]],
) -> T:
    """Reads a step's outcome from the journal, or acts and writes it there."""
    attempt, turn = place
    stored = generation.claim.find(step, attempt, turn)
    if stored is not None:
        return await load(stored)
    started = time.monotonic()
    outcome = await act()
    payload = dump(outcome)
    written = generation.run.database.journal.write(
        generation.context.number, step, attempt, turn, payload, time.monotonic() - started
    )
    if step in FREE_STEPS:
        generation.unwritten.append(written)
    else:
        await asyncio.shield(written)
        await generation.see_written()
    generation.claim.put(step, attempt, turn, payload)
    return outcome


def plain(load: Callable[[dict[str, Any]], T]) -> Callable[[dict[str, Any]], Awaitable[T]]:
    """A loader that needs the database for nothing, in the form of those that do."""

    async def loading(payload: dict[str, Any]) -> T:
        return load(payload)

    return loading
