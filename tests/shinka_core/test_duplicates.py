"""A candidate with the text of a recorded program is known before anything is paid for.

With the real database and a model server that counts, but without an orchestrator and without processes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Evaluation, Program, Sampling, Verdict
from shinka_core.run import Run, open_run
from shinka_core.settings import RunSettings
from shinka_core.source import Source
from tests.flows.test_blame import CANDIDATE, first, given
from tests.shinka_core.test_resume_settings import PROGRAM
from tests.support.model_server import ModelServer


@dataclass
class Bench:
    """A run whose seed program and one child of it are recorded on island 0."""

    run: Run
    server: ModelServer
    sampling: Sampling
    child: Program

    async def judge(self, code: str, number: int, island: int = 0) -> tuple[OpenGeneration, Verdict]:
        opened = await steps.open_generation(self.run, number)
        sampling = replace(self.sampling, island=island)
        return opened, await steps.judge(opened, sampling, Candidate(Source.of(code, "python"), "n", "", ""), 0)


def on_two_islands(settings: RunSettings) -> RunSettings:
    return replace(settings, database=settings.database.model_copy(update={"num_islands": 2}))


@asynccontextmanager
async def bench(folder: Path, **evolve: Any) -> AsyncGenerator[Bench, None]:
    async with ModelServer() as server, open_run(on_two_islands(given(folder, server, **evolve)), resume=False) as run:
        opened, sampling = await first(run)
        assert (await steps.judge(opened, sampling, CANDIDATE, 0)).novel
        evaluation = await steps.evaluate(opened, await steps.submit(opened, CANDIDATE.source))
        yield Bench(run, server, sampling, await steps.record(opened, sampling, CANDIDATE, evaluation))


TEXTS = [CANDIDATE.code, CANDIDATE.code + "\n\n", CANDIDATE.code.replace("\n", "\r\n"), "\ufeff" + CANDIDATE.code]


@pytest.mark.parametrize("code", TEXTS, ids=["same", "blank-lines", "line-ends", "mark"])
async def test_it_is_not_novel_where_its_twin_lives_and_nothing_is_asked(tmp_path: Path, code: str) -> None:
    async with bench(tmp_path) as made:
        asked = len(made.server.embedded)
        opened, verdict = await made.judge(code, 2)
        assert (verdict.novel, verdict.nearest, verdict.similarity) == (False, made.child.id, 1.0)
        assert verdict.explanation == "identical to generation 1"
        assert (len(made.server.embedded), made.server.requests) == (asked, [])
        assert opened.cost == 0.0


async def test_the_seed_program_lives_everywhere_and_other_programs_on_their_island(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        _, elsewhere = await made.judge(CANDIDATE.code, 2, island=1)
        assert elsewhere.novel, "another search may find what this one has found"
        _, seed = await made.judge(PROGRAM, 3, island=1)
        assert (seed.novel, seed.explanation) == (False, "identical to generation 0")


async def test_what_means_the_same_only_in_python_is_left_to_the_novelty_check(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        asked = len(made.server.embedded)
        await made.judge(CANDIDATE.code.replace("= 0.25", "=  0.25  # twice"), 2)
        assert len(made.server.embedded) == asked + 1


@pytest.mark.parametrize(
    ("evolve", "novel"),
    [
        ({"embedding_model": None, "novelty_llm_models": []}, True),
        ({"embedding_model": None, "novelty_llm_models": [], "exact_duplicates": "refuse"}, False),
        ({"code_embed_sim_threshold": 1.0}, True),
        ({"exact_duplicates": "evaluate", "code_embed_sim_threshold": 1.0}, True),
    ],
)
async def test_the_check_can_be_off_and_is_so_with_the_novelty_check(
    tmp_path: Path, evolve: dict[str, Any], novel: bool
) -> None:
    async with bench(tmp_path, **evolve) as made:
        assert (await made.judge(CANDIDATE.code, 2))[1].novel == novel


@pytest.mark.parametrize("evolve", [{}, {"embedding_model": None, "novelty_llm_models": []}])
async def test_its_result_is_reused_when_the_settings_say_so_on_any_island(
    tmp_path: Path, evolve: dict[str, Any]
) -> None:
    async with bench(tmp_path, exact_duplicates="reuse", **evolve) as made:
        asked = len(made.server.embedded)
        opened, verdict = await made.judge(CANDIDATE.code, 2, island=1)
        assert (verdict.novel, verdict.twin) == (True, made.child.id)
        assert len(made.server.embedded) == asked
        evaluation = await steps.reuse(opened, made.child.id)
        assert evaluation == Evaluation(
            made.child.score,
            True,
            public_metrics={"evaluation_copied_from": 1},
            text_feedback="as it is",
            features=made.child.features,
        )
        # What was judged once is so still, with its embedding, when the generation is opened again.
        again, same = await made.judge("another text", 2, island=1)
        assert same == verdict
        assert (again.embedding is None) == (opened.embedding is None) == (not asked)


async def test_programs_of_earlier_processes_are_known_and_those_of_other_evolutions_are_not(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        settings, child, sampling = made.run.settings, made.child, made.sampling
    async with ModelServer() as server:
        evolve = settings.evolve.model_copy(update={"llm_base_url": server.url})
        async with open_run(replace(settings, evolve=evolve), resume=True) as run:
            again = Bench(run, server, sampling, child)
            assert (await again.judge(CANDIDATE.code, 2))[1].nearest == child.id
            assert await run.database.scored("0" * 64) is None
