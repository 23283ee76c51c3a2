"""Vectors are compared with vectors of the same embedding alone, whatever has changed between two sessions."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shinka_core import generation as steps
from shinka_core.config import BUILTIN_EMBEDDING
from shinka_core.embed.embedder import Vector
from shinka_core.embed.hashed_ngrams import HashedNgrams
from shinka_core.embed.identity import Identity
from shinka_core.novelty import evolvable
from shinka_core.program import Evaluation, Job
from shinka_core.run import open_run
from shinka_core.source import Source
from tests.shinka_core.test_resume_open import live
from tests.shinka_core.test_resume_settings import FREE, PROGRAM, make_task, settings
from tests.support.bare import FakeLauncher
from tests.support.model_server import ModelServer, Script

TOLD = "all programs are embedded anew"


def vectors(results: Path) -> list[Vector | None]:
    with sqlite3.connect(results / "evolution.sqlite") as connection:
        found = connection.execute(
            "SELECT vector FROM programs LEFT JOIN embeddings ON digest = embedding ORDER BY generation"
        ).fetchall()
    return [None if blob is None else np.frombuffer(blob, dtype="<f4") for (blob,) in found]


def all_equal(one: list[Vector | None], other: list[Vector | None]) -> bool:
    """Of the programs that are in both."""
    return all(
        a is not None and b is not None and a.shape == b.shape and np.allclose(a, b)
        for a, b in zip(one, other, strict=False)
    )


async def begun(tmp_path: Path, generations: int = 3, **evolve: Any) -> Path:
    given = {"num_generations": generations, "embedding_model": BUILTIN_EMBEDDING} | evolve
    await live(settings(tmp_path / "r", make_task(tmp_path / "task"), evolve=given), FakeLauncher(), False)
    return tmp_path / "r"


async def resumed(results: Path, generations: int = 3, **evolve: Any) -> list[Vector | None]:
    given = {"num_generations": generations} | evolve
    await live(settings(results, None, evolve=given), FakeLauncher())
    return vectors(results)


def at(server: ModelServer) -> dict[str, Any]:
    return {"embedding_model": "embed", "llm_base_url": server.url, "llm_prices": FREE}


class OtherNgrams(HashedNgrams):
    """A later version of the same back end: most programs look to it as they did, and not all."""

    identity = Identity(BUILTIN_EMBEDDING, HashedNgrams.identity.scheme + ", once more")

    async def embed(self, code: str, language: str) -> Vector:
        vector = await super().embed(code, language)
        return vector if code == evolvable(Source.of(PROGRAM, "python")) else vector[::-1].copy()


async def test_another_version_of_our_own_scheme_embeds_anew_also_when_the_seed_program_does_not_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    results = await begun(tmp_path)
    before = vectors(results)
    assert all_equal(await resumed(results), before)
    assert TOLD not in caplog.text
    monkeypatch.setattr("shinka_core.embed.HashedNgrams", OtherNgrams)
    after = await resumed(results)
    assert all_equal([after[0]], [before[0]]), "the seed program looks as it did"
    assert not any(all_equal([a], [b]) for a, b in zip(after[1:], before[1:], strict=True))
    assert TOLD in caplog.text
    assert "once more" in caplog.text


async def test_another_server_by_the_environment_embeds_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with ModelServer() as one, ModelServer(Script(weights=2)) as other:
        model = {"embedding_model": "embed", "llm_prices": FREE}
        monkeypatch.setenv("OPENAI_BASE_URL", one.url)
        results = await begun(tmp_path, **model)
        before, asked = vectors(results), len(one.embedded)
        monkeypatch.setenv("OPENAI_BASE_URL", one.url.replace("127.0.0.1", "localhost"))
        assert all_equal(await resumed(results), before)
        assert len(one.embedded) == asked + 1
        assert TOLD not in caplog.text
        monkeypatch.setenv("OPENAI_BASE_URL", other.url)
        assert not any(all_equal([a], [b]) for a, b in zip(await resumed(results), before, strict=True))
        assert TOLD in caplog.text
        assert other.url in caplog.text


@pytest.mark.parametrize("behind", [{"weights": 2}, {"dimensions": 32}], ids=str)
async def test_another_model_behind_the_same_name_embeds_anew(
    tmp_path: Path, behind: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    async with ModelServer() as server:
        results = await begun(tmp_path, **at(server))
        before, asked = vectors(results), len(server.embedded)
        assert all_equal(await resumed(results), before)
        assert len(server.embedded) == asked + 1, "the seed program's, to see that it is the same"
        for name, value in behind.items():
            setattr(server.script, name, value)
        after = await resumed(results, 5)
        assert len({vector.shape for vector in after if vector is not None}) == 1
        assert len(after) == 6
        assert not any(all_equal([a], [b]) for a, b in zip(after, before, strict=False))
    assert TOLD in caplog.text


async def test_an_endpoint_that_is_away_keeps_no_run_from_going_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with ModelServer() as server:
        results = await begun(tmp_path, **at(server))
    before = vectors(results)
    assert all_equal(await resumed(results), before)
    assert TOLD not in caplog.text


async def test_what_a_session_without_an_embedding_made_gets_one(tmp_path: Path) -> None:
    results = await begun(tmp_path)
    assert (await resumed(results, 5, embedding_model=None))[4:] == [None, None]
    assert all(vector is not None for vector in await resumed(results, 5, embedding_model=BUILTIN_EMBEDDING))


async def test_a_run_of_an_older_version_that_kept_no_identity_is_embedded_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    results = await begun(tmp_path)
    before = vectors(results)
    with sqlite3.connect(results / "evolution.sqlite") as connection:
        connection.execute("UPDATE sessions SET settings = json_remove(settings, '$.embedding')")
        connection.execute("INSERT INTO embeddings VALUES ('zeros', zeroblob(4 * 384))")
        connection.execute("UPDATE programs SET embedding = 'zeros'")
    assert all_equal(await resumed(results), before)
    assert TOLD in caplog.text


async def test_a_text_that_the_new_embedding_refuses_keeps_no_run_from_going_on(tmp_path: Path) -> None:
    results = await begun(tmp_path)
    async with ModelServer(Script(embedding_limit=10)) as server:
        assert await resumed(results, **at(server)) == [None] * 4


class Incorrect(FakeLauncher):
    """Measures and does not accept."""

    async def result(self, job: Job) -> Evaluation:
        return Evaluation(score=0.0, correct=False, error="too small", public_metrics={"size": 1})


async def test_an_incorrect_seed_program_alone_is_embedded_anew(tmp_path: Path) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"
    async with open_run(settings(results, task, evolve={"embedding_model": BUILTIN_EMBEDDING})) as run:
        run.launcher = Incorrect()
        opened, candidate = await steps.open_generation(run, 0), steps.seed_candidate(run)
        await steps.embed_seed(opened)
        evaluation = await steps.evaluate(opened, await steps.submit(opened, candidate.source))
        await steps.record(opened, None, candidate, evaluation)
    async with ModelServer() as server:
        after = await resumed(results, 2, **at(server))
    assert [vector.shape for vector in after if vector is not None] == [(64,)] * 3
