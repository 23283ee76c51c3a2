"""What a run has opened is closed with it, and what takes long to open holds nobody up."""

from __future__ import annotations

import asyncio
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

from shinka_core.run import open_run
from tests.shinka_core.test_resume_settings import FREE, go, make_task, settings
from tests.support.model_server import ModelServer


async def test_no_connection_to_models_or_embeddings_outlives_the_run(tmp_path: Path) -> None:
    async with ModelServer() as server:
        evolve = {
            "num_generations": 3, "llm_models": ["m"], "embedding_model": "other", "llm_base_url": server.url,
            "llm_prices": FREE,
        }  # fmt: skip
        run, _ = await go(settings(tmp_path / "r", make_task(tmp_path / "task"), evolve=evolve), False)
        assert server.embedded
        assert server.requests
        until = time.monotonic() + 5
        while server._connections and time.monotonic() < until:
            await asyncio.sleep(0.01)
        assert not server._connections
    del run  # what is closed with its last reference would not count


class SlowToLoad:
    """A model on this machine."""

    max_seq_length = 100

    def __init__(self, name: str) -> None:
        self.tokenizer = self
        time.sleep(0.5)

    def tokenize(self, text: str) -> list[str]:
        return text.split()

    def encode(self, texts: list[str], normalize_embeddings: bool) -> np.ndarray:
        return np.ones((len(texts), 2), dtype=np.float32)


async def test_a_model_that_takes_long_to_load_leaves_the_event_loop_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", types.SimpleNamespace(SentenceTransformer=SlowToLoad))
    given = settings(
        tmp_path / "r", make_task(tmp_path / "task"), evolve={"embedding_model": "sentence-transformers/m"}
    )
    beats = [time.monotonic()]

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.005)
            beats.append(time.monotonic())

    beating = asyncio.create_task(beat())
    async with open_run(given, resume=False):
        pass
    beating.cancel()
    assert max(np.diff(beats)) < 0.4
