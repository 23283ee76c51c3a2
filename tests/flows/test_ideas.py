"""Ideas in whole runs: a search that stands still gets on, and neither a kill nor an outage costs or repeats any."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from tests.flows.test_meta import metas
from tests.flows.test_review import runner
from tests.support.model_replies import patch_for
from tests.support.model_server import ModelServer, Script
from tests.support.runs import rows, settings_for

ADVISER = "You advise a search"
WAYS = "### IDEA 1: lower it\nMake x smaller.\n\n### IDEA 2: raise it\nMake x larger by one.\n\n### IDEA 3: leave it\nKeep x."
OFTEN = {"window": 4, "threshold": 0.3}
BEGUN = "SELECT attempt FROM generation_steps WHERE step = 'periodic:ideas'"
TRIED = "SELECT payload ->> 'idea_id', count(DISTINCT generation) FROM generation_steps WHERE step = 'sampled' AND payload ->> 'idea_id' IS NOT NULL GROUP BY 1"


class Words(logging.Handler):
    """Keeps what is logged, also where the orchestrator changes the handlers above."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def followed(prompt: str) -> str:
    """The title of the direction that a prompt asks to follow."""
    _, _, direction = prompt.partition("# The direction to follow\n")
    return direction.partition("\n")[0]


def answer(messages: list[dict[str, str]], number: int) -> str:
    """Ideas for whoever asks for some; a better program where the second is followed; otherwise one that is no better."""
    system, user = messages[0]["content"], messages[1]["content"]
    if system.startswith(ADVISER):
        return WAYS
    if followed(user) == "raise it":
        x = next(line for line in user.splitlines() if line.startswith("x = "))
        better = float(x.removeprefix("x = ")) + 1
        return f"<NAME>raised</NAME>\n<<<<<<< SEARCH\n{x}\n=======\nx = {better}\n>>>>>>> REPLACE\n"
    hidden = [messages[0], {"role": "user", "content": user.replace("x = ", "x :")}, *messages[2:]]
    return patch_for(hidden, number)


async def test_a_search_that_stands_still_gets_on_by_ideas(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script(answer=answer)) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(
                tmp_path,
                server.url,
                None,
                ideas=OFTEN,
                num_generations=24,
                jobs=2,
                llm_prices={"m": {"input": 1, "output": 1}},
            )
            summary = await made.run()
    assert summary.programs + sum(summary.failures.values()) == 25
    assert summary.seed_score == 0.5
    assert summary.best_score is not None
    assert summary.best_score >= 1.5
    tried = rows(tmp_path / "r", TRIED)
    assert tried
    assert max(count for _, count in tried) <= 2
    asked = rows(tmp_path / "r", "SELECT count(*), sum(cost) FROM model_calls WHERE purpose = 'idea'")
    assert summary.costs["idea"] == asked[0][1] > 0
    found = metas(prefect_api, summary.evolution)
    # One that is due when the run comes to its end asks nothing any more.
    assert [state for state, _ in found.values()].count("COMPLETED") >= asked[0][0] >= 1
    assert {state for state, _ in found.values()} <= {"COMPLETED", "CANCELLED"}
    written = json.loads((tmp_path / "r" / "summary.json").read_text())["ideas"]
    raised = next(idea for idea in written if idea["title"] == "raise it")
    assert raised["gain"] == 1.0
    assert raised["generations"]
    assert next(idea for idea in written if idea["title"] == "lower it")["gain"] == 0.0


@pytest.mark.slow
@pytest.mark.timeout(560)
@pytest.mark.parametrize("fault", ["error_500", "error_404", "hang"])
async def test_a_model_that_gives_no_ideas_costs_the_run_nothing_but_them(
    tmp_path: Path, prefect_api: str, prefect_home: Path, fault: str, request: pytest.FixtureRequest
) -> None:
    words = Words()
    logging.getLogger("shinka.llm").addHandler(words)
    request.addfinalizer(lambda: logging.getLogger("shinka.llm").removeHandler(words))
    async with (
        ModelServer(Script(answer=answer, latency=0.2)) as server,
        ModelServer(Script(faults={fault: 1.0})) as broken,
    ):
        with settings_for(prefect_api, prefect_home):
            began = time.monotonic()
            made = runner(
                tmp_path, server.url, None, ideas=OFTEN, num_generations=24, jobs=2, llm_retries=1,
                llm_roles={"ideas": [f"strong@{broken.url}"]}, unknown_prices="warn", llm_models=["m"],
                llm_prices={"m": {"input": 1, "output": 1}},
            )  # fmt: skip
            summary = await made.run()
            took = time.monotonic() - began
    assert (summary.programs + sum(summary.failures.values()), summary.stopped_early) == (25, "")
    assert took < 500, "an answer may take 600 s; nobody waits for it"
    if fault == "error_404":
        # It refuses for good: the ensemble gives the ideas.
        assert summary.ideas
        return
    assert not summary.ideas
    if fault == "error_500":
        assert len([line for line in words.lines if line.startswith("ideas: no answer")]) == 1
        ended = rows(tmp_path / "r", BEGUN + " AND turn = 1")
        assert 1 <= len(ended) <= 3, "later ones wait longer"
        assert "FAILED" in {state for state, _ in metas(prefect_api, summary.evolution).values()}
    asked_at = {number for (number,) in rows(tmp_path / "r", BEGUN)}
    assert len(asked_at) == len(rows(tmp_path / "r", BEGUN + " AND turn = 0"))


@pytest.mark.slow
async def test_a_question_that_the_budget_cannot_pay_is_left_out_and_proposals_go_on(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script(answer=answer)) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(
                tmp_path, server.url, None, ideas=OFTEN, num_generations=16, jobs=2, max_api_costs=5.0,
                llm_roles={"ideas": ["dear"]},
                llm_prices={"m": {"input": 1, "output": 1}, "dear": {"input": 2_000, "output": 2_000}},
            )  # fmt: skip
            summary = await made.run()
    assert (summary.programs + sum(summary.failures.values()), summary.stopped_early) == (17, "")
    assert not summary.ideas
    assert "dear" not in summary.models
    assert {request.model for request in server.requests} == {"m"}


@pytest.mark.slow
async def test_ideas_are_paid_from_the_same_budget_and_a_larger_one_goes_on_with_them(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    prices = {"m": {"input": 1, "output": 1}, "dear": {"input": 1_000, "output": 1_000}}
    options: dict[str, Any] = {
        "ideas": OFTEN,
        "num_generations": 24,
        "jobs": 2,
        "llm_roles": {"ideas": ["dear"]},
        "llm_prices": prices,
    }
    async with ModelServer(Script(answer=answer, prompt_tokens=2_000)) as server:
        with settings_for(prefect_api, prefect_home):
            kwargs: dict[str, Any] = {"llm_kwargs": {"max_tokens": 500}}
            first = await runner(tmp_path, server.url, None, max_api_costs=3.2, **options | kwargs).run()
            assert first.stopped_early == ""
            assert first.costs["idea"] == pytest.approx(2.1), "what one costs; another would pass the budget"
            assert len(first.ideas) == 3
            more = await runner(
                tmp_path,
                server.url,
                None,
                resume=True,
                max_api_costs=50.0,
                **options | kwargs | {"num_generations": 60},
            ).run()
    assert len(more.ideas) > 3
    assert more.cost == pytest.approx(sum(more.costs.values()))
