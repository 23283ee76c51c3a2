"""Long texts are embedded whole, in pieces that a model takes."""

from __future__ import annotations

import sys
import time
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.config import EvolutionConfig
from shinka_core.embed.openai_endpoint import PIECE, OpenAIEmbedder
from shinka_core.embed.pieces import pieces, pooled
from shinka_core.embed.tokens import VERSION, tokens
from shinka_core.errors import PromptTooLongError
from shinka_core.llm.endpoint import endpoint_of
from tests.support.model_server import ModelServer, Script

ODD = st.text(alphabet=st.sampled_from("a \n\r\f\u2028é漢😀"), max_size=200)


@given(ODD, st.integers(4, 50))
def test_pieces_are_the_text_and_none_is_longer_than_the_limit(text: str, limit: int) -> None:
    parts = pieces(text, limit)
    assert "".join(parts) == text
    assert max(len(part.encode()) for part in parts) <= limit
    assert parts == [""] or all(parts)


def test_pieces_end_where_lines_end() -> None:
    assert pieces("one\ntwo\nthree\n", 8) == ["one\ntwo\n", "three\n"]


def test_pieces_count_by_their_size_and_not_by_their_length() -> None:
    vectors = np.array([[10.0, 0.0], [0.0, 0.1]], dtype=np.float32)
    assert pooled(vectors, [300, 100]) == pytest.approx([0.9487, 0.3162], abs=1e-4)
    assert np.linalg.norm(pooled(np.array([[1.0], [-1.0]], dtype=np.float32), [1, 1])) == 0.0


async def test_no_piece_is_longer_than_a_token_a_byte_allows() -> None:
    async with ModelServer(Script(embedding_limit=8_191)) as server:
        embedder = OpenAIEmbedder("e", endpoint_of("e", EvolutionConfig(llm_base_url=server.url)))
        vector = await embedder.embed("漢字" * 100_000, "text")
        sent = [text for texts in server.embedded for text in texts]
    assert "".join(sent) == "漢字" * 100_000
    assert max(len(text.encode()) for text in sent) <= PIECE
    assert max(map(len, server.embedded)) <= 16
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


async def test_an_endpoint_that_takes_less_gets_shorter_pieces_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, asked = OpenAIEmbedder("e", endpoint_of("e", EvolutionConfig(llm_base_url="http://127.0.0.1:1/v1"))), []

    async def ask(parts: list[str]) -> np.ndarray:
        asked.append(max(map(len, parts)))
        if asked[-1] > 2_000:
            raise PromptTooLongError("too long", context=2_000)
        return np.ones((len(parts), 2), dtype=np.float32)

    monkeypatch.setattr(embedder, "_ask", ask)
    await embedder.embed("x = 1\n" * 2_000, "python")
    assert [length > 2_000 for length in asked] == [True, True, False]
    await embedder.embed("y = 1\n" * 2_000, "python")
    assert len(asked) == 4, "learnt with the first program"


class Reader:
    """A model that reads sixteen tokens: one for every letter, and nothing of what is longer."""

    max_seq_length = 16 + 2

    def __init__(self, name: str) -> None:
        self.read: list[str] = []
        self.tokenizer = self

    def tokenize(self, text: str) -> list[str]:
        return [letter for letter in text if not letter.isspace()]

    def encode(self, texts: list[str], normalize_embeddings: bool) -> np.ndarray:
        self.read += [" ".join(self.tokenize(text)[:16]) for text in texts]
        return np.ones((len(texts), 2), dtype=np.float32)


async def test_a_model_that_cuts_texts_off_is_shown_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", types.SimpleNamespace(SentenceTransformer=Reader))
    from shinka_core.embed.sentence_transformers_local import SentenceTransformersEmbedder

    embedder = SentenceTransformersEmbedder("m")
    text = "abcdefghijklmnopqrstuvwxyz\n    0123456789\nend"
    await embedder.embed(text, "text")
    assert "".join(embedder._model.read).replace(" ", "") == "".join(text.split())
    assert embedder.identity.model == "sentence-transformers/m"


def test_tokens_of_another_python_are_another_embedding() -> None:
    from shinka_core.embed import HashedNgrams

    assert VERSION in HashedNgrams.identity.scheme
    assert ("<3.12" in VERSION) == (sys.version_info < (3, 12))


@pytest.mark.parametrize(
    ("language", "unit"),
    [("c", '"\\"'), ("c", "/*/"), ("rust", "'"), ("go", "`\\"), ("c", "/* * "), ("python", '"\\"'), ("json", "1e")],
)
def test_no_text_takes_longer_than_its_length(language: str, unit: str) -> None:
    def seconds(times: int) -> float:
        started = time.thread_time()
        tokens(unit * times, language)
        return time.thread_time() - started

    assert seconds(80_000) < 30 * max(seconds(10_000), 0.002)


def test_a_comment_that_is_never_closed_counts() -> None:
    assert tokens("a /* b", "c") != tokens("a /* c", "c")
    assert tokens("a /* b **/ c", "c") == tokens("a /* d */ c", "c")
