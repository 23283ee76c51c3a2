"""On resume: whether the stored vectors are those of today's embedding; they are made anew when they are not.

What made them is kept with every session (`Identity`). Where only the model's name or its place differ, or nothing
does, the seed program tells: it is embedded once more, and comes out as it is stored when the model is the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.config import BUILTIN_EMBEDDING
from shinka_core.database import AsyncProgramDatabase, Embeddings
from shinka_core.embed.identity import Identity
from shinka_core.errors import BudgetExhaustedError, ModelError
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.source import Source

logger = logging.getLogger("shinka.reembedding")

# Where the identity stands in what is kept with a session: null for a session without an embedding.
KEPT = "embedding"
# Cosine of two embeddings of one text by one model, which rounds a little differently each time.
SAME = 0.9999
# The same where nothing says that it is another one: what rounds coarsely is not embedded anew at every resume.
STILL_THE_SAME = 0.999
# Seconds for which a resume waits to hear whether an embedding is still the same.
PATIENCE = 10.0


def kept(judge: AsyncNoveltyJudge | None) -> dict[str, Any]:
    """What a session keeps of its embedding."""
    return {KEPT: None if judge is None else judge.identity.kept()}


async def embeddings_anew(
    database: AsyncProgramDatabase, evolution: str, before: Mapping[str, Any], judge: AsyncNoveltyJudge
) -> Embeddings | None:
    """The embeddings of all that an evolution holds, when those that are stored are of another identity.

    Args:
        before: What the last session kept.

    Returns:
        None when the stored ones stay.

    Raises:
        ModelError: The new embedding cannot be reached.
    """
    reason = await _reason(database, evolution, before, judge)
    if reason is None:
        return None
    logger.warning("all programs are embedded anew: %s", reason)
    return await database.embed_anew(evolution, judge.embed_if_taken)


async def _reason(
    database: AsyncProgramDatabase, evolution: str, before: Mapping[str, Any], judge: AsyncNoveltyJudge
) -> str | None:
    """Why the stored vectors cannot be compared with those to come, or None."""
    then, now = Identity.stored(before.get(KEPT)), judge.identity
    if then is None:
        return (
            "the last session ran without an embedding" if KEPT in before else "nothing says what made the stored ones"
        )
    if then.scheme != now.scheme:
        # Not every program shows it: the seed program cannot tell.
        return "; ".join(then.differences(now))
    if then == now and now.model == BUILTIN_EMBEDDING:
        return None
    seed = await database.seed_embedding(evolution)
    if then != now:
        if seed is not None and await _likeness(seed, judge) > SAME:
            logger.info("the embedding is the same one as before: %s", "; ".join(then.differences(now)))
            return None
        return "; ".join(then.differences(now))
    if seed is None:
        return None
    try:
        async with asyncio.timeout(PATIENCE):
            likeness = await _likeness(seed, judge)
    except (ModelError, BudgetExhaustedError, TimeoutError) as error:
        logger.info("not looked whether the embedding is still the same: %s", error)
        return None
    return None if likeness > STILL_THE_SAME else f"{now.model!r} makes other vectors than before of the same text"


async def _likeness(seed: tuple[Source, NDArray[np.float32]], judge: AsyncNoveltyJudge) -> float:
    """The cosine of the seed program's embeddings, then and now; -1 when there is none."""
    source, stored = seed
    vector = await judge.embed_if_taken(source)
    return -1.0 if vector is None or vector.shape != stored.shape else float(vector @ stored)
