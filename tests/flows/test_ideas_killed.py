"""A run that asks for ideas is killed again and again: none is lost once its answer is stored, none is tried too often."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.flows.test_ideas import ADVISER, WAYS
from tests.flows.test_kill import EVALUATOR, killed_again_and_again, own_database
from tests.flows.test_kill import KILLS as ALL_KILLS
from tests.support.model_replies import patch_for
from tests.support.model_server import Script
from tests.support.prefect import environment_for
from tests.support.runs import TASK, Records

__all__ = ["own_database"]

# Half of the kills of a run without ideas: what both have in common is looked at there.
KILLS = max(ALL_KILLS // 2, 1)
IDEAS = {"window": 2, "threshold": 0.4, "count": 3, "tries": 2}


def answer(messages: list[dict[str, str]], number: int) -> str:
    return WAYS if messages[0]["content"].startswith(ADVISER) else patch_for(messages, number)


@pytest.mark.slow
@pytest.mark.timeout(300 + 15 * KILLS)
def test_kills_at_random_moments_lose_no_idea_and_repeat_none(
    tmp_path: Path, prefect_api: str, prefect_home: Path, own_database: str
) -> None:
    results, task = tmp_path / "r", tmp_path / "task"
    task.mkdir()
    (task / "initial.py").write_text((TASK / "initial.py").read_text())
    (task / "evaluate.py").write_text(EVALUATOR)
    options: dict[str, Any] = {
        "results": str(results), "task": str(task), "count": str(tmp_path / "count"), "database": own_database,
        "kills": KILLS, "seed": 5, "ideas": IDEAS, "more": 30,
    }  # fmt: skip
    script = Script(latency=0.1, answer=answer)
    asyncio.run(killed_again_and_again(options, environment_for(prefect_api, prefect_home), script))
    select = Records(results, own_database)

    answered = select(
        "SELECT attempt, turn, count(*) FROM model_calls WHERE purpose = 'idea' AND status = 'answered' GROUP BY 1, 2"
    )
    # Its ideas gain nothing, so that questions become rarer; the last life alone goes on for `more`.
    assert len(answered) >= max(KILLS // 16, 1)
    assert all((turn, times) == (0, 1) for _, turn, times in answered), "no answer is asked for twice"
    written = select("SELECT created_after, count(*) FROM ideas GROUP BY 1 ORDER BY 1")
    assert {asked_at for asked_at, _ in written} == {asked_at for asked_at, _, _ in answered}, "none is lost or made up"
    assert all(count == IDEAS["count"] for _, count in written), "all of an answer or none of it"

    tries: dict[str, set[int]] = {}
    for generation, idea in select(
        "SELECT generation, payload ->> 'idea_id' FROM generation_steps WHERE step = 'sampled'"
    ):
        if idea is not None:
            tries.setdefault(idea, set()).add(generation)
    times = Counter(len(generations) for generations in tries.values())
    assert max(times) <= IDEAS["tries"], "none is tried too often"
    uses = select("SELECT id, uses FROM ideas ORDER BY id")
    assert all(count == len(tries.get(idea, ())) for idea, count in uses), (
        "what is kept beside the words is what happened"
    )
    assert times[IDEAS["tries"]] >= len(uses) - 2 * IDEAS["count"], "all but the last are tried as often as they may be"
    asked = [number for number, _ in written]
    between = [later - earlier for earlier, later in pairwise(asked)]
    assert all(pause >= IDEAS["window"] for pause in between), "there is a window between two questions"
    print(f"{KILLS} kills, {len(answered)} questions, {len(uses)} ideas, tries {dict(times)}")
