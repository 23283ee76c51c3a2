"""The built-in embedding tells copies from changes."""

from __future__ import annotations

import inspect
import json.decoder
import statistics
import textwrap

import numpy as np
import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.embed import HashedNgrams, embedder
from shinka_core.errors import ConfigError
from tests.support.model_server import ModelServer

SOURCES = [inspect.getsource(part) for part in (statistics.fmean, statistics.quantiles, textwrap, json.decoder)]
embedding = HashedNgrams()


async def similarity(a: str, b: str, language: str = "python") -> float:
    return float(await embedding.embed(a, language) @ await embedding.embed(b, language))


@pytest.mark.parametrize("code", SOURCES)
async def test_layout_and_comments_make_no_difference(code: str) -> None:
    disguised = (
        "# a comment\n\n" + code.replace("\n", "  # note\n\n", 1)
        if '"""' not in code.split("\n")[0]
        else code + "\n\n# end\n"
    )
    assert await similarity(code, disguised) > embedding.similarity_threshold


@pytest.mark.parametrize("code", SOURCES)
async def test_a_changed_statement_makes_a_difference(code: str) -> None:
    lines = code.rstrip().split("\n")
    indent = lines[-1][: len(lines[-1]) - len(lines[-1].lstrip())]
    assert await similarity(code, "\n".join([*lines, f"{indent}other = 17.25"])) < embedding.similarity_threshold


async def test_different_programs_are_far_apart() -> None:
    assert await similarity(SOURCES[0], SOURCES[2]) < 0.8


async def test_every_embedding_is_of_unit_length() -> None:
    for code in [*SOURCES, "", "((("]:
        vector = await embedding.embed(code, "python")
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


async def test_comments_of_other_languages_are_left_out() -> None:
    assert await similarity("int a = 1; // one\n", "int  a = 1;\n/* none */", "cpp") > embedding.similarity_threshold


async def test_an_endpoint_gives_unit_vectors() -> None:
    async with ModelServer() as server:
        remote = embedder("text-embedding-3-small", config=EvolutionConfig(llm_base_url=server.url))
        assert remote is not None
        vector = await remote.embed("x = 1", "python")
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_unknown_and_missing_back_ends_are_told() -> None:
    with pytest.raises(ConfigError, match="hashed-ngrams"):
        embedder("builtin/none")
    assert embedder(None) is None
