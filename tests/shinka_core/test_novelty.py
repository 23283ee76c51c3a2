"""The novelty judge: embeddings first, one question when needed."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.embed import HashedNgrams
from shinka_core.embed.changed import changed_parts
from shinka_core.embed.embedder import Vector
from shinka_core.embed.identity import Identity
from shinka_core.embed.openai_endpoint import OpenAIEmbedder
from shinka_core.errors import ModelUnavailableError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.endpoint import endpoint_of
from shinka_core.llm.question import CallKey
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.program import Program, Purpose
from shinka_core.source import Source
from tests.support.model_server import ModelServer, Script

CODE = "def f(x):\n    return x * 2.0\n"
KEY = CallKey(5, Purpose.NOVELTY, 0, 0)


class Neighbour:
    """An island with one program."""

    def __init__(self, code: str | None) -> None:
        self.code = code
        self.asked_island = -1

    async def nearest(self, island: int, embedding: Vector, count: int) -> list[tuple[str, float]]:
        self.asked_island = island
        return [] if self.code is None else [("p", 0.995)]

    async def get(self, program_id: str) -> Program:
        assert self.code is not None
        return Program(program_id, 3, Source.of(self.code, "python"), 0, 1.0, True)


async def check(judge: AsyncNoveltyJudge, neighbour: Neighbour, code: str = CODE):
    return await judge.check(Source.of(code, "python"), island=1, neighbours=neighbour, key=KEY)


async def test_an_empty_island_finds_everything_novel() -> None:
    neighbour = Neighbour(None)
    verdict, embedding = await check(AsyncNoveltyJudge(HashedNgrams()), neighbour)
    assert verdict.novel
    assert neighbour.asked_island == 1
    assert embedding is not None
    assert embedding.shape == (384,)


async def test_below_the_threshold_nobody_is_asked() -> None:
    verdict, _ = await check(AsyncNoveltyJudge(HashedNgrams(), threshold=0.999), Neighbour("other"))
    assert (verdict.novel, verdict.judged, verdict.nearest) == (True, False, "p")


async def test_above_the_threshold_without_a_judge_it_is_rejected() -> None:
    verdict, _ = await check(AsyncNoveltyJudge(HashedNgrams(), threshold=0.99), Neighbour("other"))
    assert not verdict.novel
    assert "generation 3" in verdict.explanation


@pytest.mark.parametrize(("answer", "novel"), [("YES, another factor", True), ("NO, renamed", False)])
async def test_one_question_decides_a_near_duplicate(answer: str, novel: bool) -> None:
    async with ModelServer(Script(answer=lambda messages, number: answer)) as server:
        config = EvolutionConfig(
            llm_models=["gpt-4o-mini"], llm_base_url=server.url, novelty_llm_models=["gpt-4o-mini"]
        )
        client = AsyncLLMClient.from_config(config)
        judge = AsyncNoveltyJudge(HashedNgrams(), threshold=0.99, client=client, models=["gpt-4o-mini"])
        verdict, _ = await check(judge, Neighbour("other"))
        copied, _ = await check(judge, Neighbour(CODE))
        await client.close()
        assert len(server.requests) == 1
    assert (verdict.novel, verdict.judged) == (novel, True)
    assert verdict.cost > 0
    assert not copied.novel


async def test_a_judge_that_fails_for_good_rejects_and_a_passing_fault_is_raised() -> None:
    async with ModelServer(Script(sequence=["error_401", "error_500"])) as server:
        client = AsyncLLMClient.from_config(
            EvolutionConfig(llm_models=["m"], llm_base_url=server.url, novelty_llm_models=["m"])
        )
        judge = AsyncNoveltyJudge(HashedNgrams(), threshold=0.99, client=client, models=["m"])
        verdict, _ = await check(judge, Neighbour("other"))
        with pytest.raises(ModelUnavailableError):
            await check(judge, Neighbour("other"))
        await client.close()
    assert not verdict.novel
    assert "judge failed" in verdict.explanation


async def test_embedding_of_a_program_is_reproducible() -> None:
    judge = AsyncNoveltyJudge(HashedNgrams())
    assert np.array_equal(await judge.embed(Source.of(CODE, "python")), await judge.embed(Source.of(CODE, "python")))


class Island:
    """An island with the programs that were put there."""

    def __init__(self, judge: AsyncNoveltyJudge, *codes: str) -> None:
        self.judge = judge
        self.codes = codes

    async def nearest(self, island: int, embedding: Vector, count: int) -> list[tuple[str, float]]:
        vectors = [await self.judge.embed(Source.of(code, "python")) for code in self.codes]
        return sorted(((str(i), float(v @ embedding)) for i, v in enumerate(vectors)), key=lambda found: -found[1])

    async def get(self, program_id: str) -> Program:
        return Program(program_id, int(program_id), Source.of(self.codes[int(program_id)], "python"), 0, 1.0, True)


def long_program(lines: int, changed: int | None = None, around: str = "") -> str:
    body = "".join(f"value_{n} = {n * 7919 % 1000 + (n == changed)}\n" for n in range(lines))
    return f"{around}# EVOLVE-BLOCK-START\n{body}# EVOLVE-BLOCK-END\n"


class PooledWords:
    """An embedding as endpoints have them: a large common part, and of long texts the mean."""

    name = "pooled"
    identity = Identity("pooled", "")
    similarity_threshold = 0.99
    piece = 2_000

    async def embed(self, code: str, language: str) -> Vector:
        vector = np.full(64, len(code) / 500.0)
        for word in code.split():
            vector[zlib.crc32(word.encode()) % 64] += 1.0
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    async def close(self) -> None:
        pass


async def novel(judge: AsyncNoveltyJudge, code: str, *others: str) -> bool:
    island = Island(judge, *others)
    verdict, _ = await judge.check(Source.of(code, "python"), island=0, neighbours=island, key=KEY)
    return verdict.novel


@pytest.mark.slow
async def test_one_changed_constant_in_twenty_thousand_lines_is_seen() -> None:
    judge = AsyncNoveltyJudge(HashedNgrams())
    parent = long_program(20_000)
    assert await novel(judge, long_program(20_000, changed=15_000), parent)
    assert not await novel(judge, parent.replace("value_9 =", "value_9  =") + "\n# a note\n", parent)


async def test_what_is_around_the_block_hides_no_change_in_it() -> None:
    around = "".join(f"table_{n} = {n}\n" for n in range(3_000))
    judge = AsyncNoveltyJudge(HashedNgrams(), threshold=0.9995)
    parent, child = long_program(5, around=around), long_program(5, changed=2, around=around)
    assert await novel(judge, child, parent)
    one, other = (
        await judge.embed(Source.of(parent, "python")),
        await judge.embed(Source.of(parent.replace("table_7 = 7", ""), "python")),
    )
    assert np.array_equal(one, other), "what may not change does not count"


async def test_the_threshold_holds_for_what_differs_in_a_long_text() -> None:
    judge = AsyncNoveltyJudge(PooledWords())
    parent = long_program(1_000)
    rewritten = parent.replace("value_500 = 500\n", "import random\nrandom.shuffle(order)\nreturn best\n" * 10)
    assert rewritten != parent
    vectors = [await judge.embed(Source.of(code, "python")) for code in (parent, rewritten)]
    assert vectors[0] @ vectors[1] > judge._threshold, "as a whole they look alike"
    assert await novel(judge, rewritten, parent)
    assert not await novel(judge, parent.replace("value_500 = 500", "value_500  = 500"), parent), "only layout"


async def test_changes_at_both_ends_of_a_long_text_are_seen_together() -> None:
    one = [f"line {n}" for n in range(2_000)]
    other = ["first", *one[1:1_000], "middle", *one[1_001:-1], "last"]
    parts = changed_parts("\n".join(one), "\n".join(other), 1_000)
    assert all(word in parts[1] for word in ("first", "middle", "last"))
    assert all(word in parts[0].split("\n") for word in ("line 0", "line 1000", "line 1999"))
    assert max(map(len, parts)) < 500
    assert changed_parts("a\nb", "b\na", 1) == ("a\nb", "b\na"), "the same lines in another order"


async def test_a_copy_is_found_among_programs_that_are_nearly_the_same() -> None:
    judge = AsyncNoveltyJudge(HashedNgrams())
    others = [long_program(2_000, changed=n) for n in range(5)]
    assert not await novel(judge, others[3], *others)
    assert await novel(judge, long_program(2_000, changed=7), *others)


async def test_a_program_that_the_endpoint_refuses_is_evaluated_without_comparison(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ModelServer(Script(embedding_limit=1)) as server:
        judge = AsyncNoveltyJudge(OpenAIEmbedder("e", endpoint_of("e", EvolutionConfig(llm_base_url=server.url))))
        for _ in range(2):
            verdict, embedding = await check(judge, Neighbour("other"))
            assert verdict.novel
            assert embedding is None
            assert "not compared" in verdict.explanation
    assert caplog.text.count("without the novelty check") == 1


async def test_a_judging_model_is_shown_what_differs_in_long_programs() -> None:
    async with ModelServer(Script(answer=lambda messages, number: "NO")) as server:
        config = EvolutionConfig(llm_models=["m"], llm_base_url=server.url, novelty_llm_models=["m"])
        client = AsyncLLMClient.from_config(config)
        judge = AsyncNoveltyJudge(HashedNgrams(), threshold=0.2, client=client, models=["m"])
        assert not await novel(judge, long_program(20_000, changed=15_000), long_program(20_000))
        await client.close()
        shown = json.dumps(server.bodies[0]["messages"])
    assert "value_15000" in shown
    assert len(shown) < 10_000
