"""Islands that are searches of different kinds: what each does in its own way, in whole evolutions of the core."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import DatabaseConfig, EvolutionConfig, IslandConfig
from shinka_core.errors import ConfigError
from shinka_core.population.parents.hill_climbing import HillClimbing
from shinka_core.population.settings import search_of
from shinka_core.run import Run
from shinka_core.ways import ways_of
from tests.shinka_core.test_resume_settings import FREE, PROGRAM, go, make_task, settings
from tests.support.model_replies import patch_for
from tests.support.model_server import ModelServer, Script
from tests.support.runs import rows

WHOLE = "Write it anew, and mind the columns."
UNLIKE: list[dict[str, Any]] = [
    {"operators": ["diff"], "models": ["one"], "parents": "hill_climbing", "inspirations": [], "prompt": "Mind the rows."},
    {"operators": ["full"], "models": ["two"], "task_sys_msg": WHOLE, "inspirations": ["top_k"]},
]  # fmt: skip
PRICES = dict.fromkeys(("one", "two", "three"), FREE["other"])


def answer(messages: list[dict[str, str]], number: int) -> str:
    """A whole program where it is asked for, with a number of its own, else a patch."""
    if WHOLE not in messages[0]["content"]:
        return patch_for(messages, number)
    whole = re.sub(r"first = [\d.]+", f"first = {number + 1}.5", PROGRAM)
    return f"<NAME>n{number}</NAME>\n<DESCRIPTION>Anew.</DESCRIPTION>\n```python\n{whole}```\n"


def run_settings(folder: Path, url: str, islands: list[dict[str, Any]], generations: int = 16, **database: Any) -> Any:
    evolve = {
        "num_generations": generations, "llm_models": ["one", "two"], "llm_base_url": url, "llm_prices": PRICES,
        "embedding_model": None, "task_sys_msg": "Make it better.", "exact_duplicates": "evaluate",
    }  # fmt: skip
    task = folder / "task" if (folder / "task").is_dir() else make_task(folder / "task")
    # Each as often as the others, so that every one of them makes programs.
    entries: dict[str, Any] = {"island_selection_strategy": "uniform", "inspiration_share": 1.0}
    entries |= {"islands": islands} if islands else {}
    return settings(folder / "r", task, evolve=evolve, database=entries | database, widths=(4, 4))


async def summary_of(run: Run) -> Any:
    async with run.database:
        return await run.database.summary(run.evolution)


MADE = "SELECT island, patch_type, model, count(*) FROM programs WHERE generation > 0 GROUP BY 1, 2, 3 ORDER BY 1"
ASKED = (
    "SELECT DISTINCT p.island, t.messages FROM model_calls c JOIN model_call_texts t ON t.id = c.texts "
    "JOIN programs p ON p.generation = c.generation"
)


async def test_each_island_proposes_in_its_own_way_and_goes_on_so_when_the_run_is_resumed(tmp_path: Path) -> None:
    async with ModelServer(Script(answer=answer)) as server:
        run, _ = await go(run_settings(tmp_path, server.url, UNLIKE), False)
        assert run.settings.database.num_islands == 2
        made = {(island, operator, model) for island, operator, model, _ in rows(tmp_path / "r", MADE)}
        assert made == {(0, "diff", "one"), (1, "full", "two")}
        for island, messages in rows(tmp_path / "r", ASKED):
            assert ("Make it better." in messages, "Mind the rows." in messages, WHOLE in messages) == (
                (True, True, False) if island == 0 else (False, False, True)
            )
            assert ("# Other versions" in messages) <= (island == 1), "a hill climber is shown nothing else"
        stored = rows(tmp_path / "r", "SELECT island, settings FROM islands ORDER BY island")
        assert ['"entry": 0' in stored[0][1], '"Mind the rows."' in stored[0][1], WHOLE in stored[1][1]] == [True] * 3

        # The others change places, and there is one more; what an older process had under way is not affected.
        other = [UNLIKE[1], UNLIKE[0], {"operators": ["diff"], "models": ["two"]}]
        again, _ = await go(run_settings(tmp_path, server.url, other, 40), True)
        assert again.settings.database.num_islands == 3
        late = "SELECT DISTINCT island, patch_type, model FROM programs WHERE generation > 16 ORDER BY 1"
        assert rows(tmp_path / "r", late) == [(0, "full", "two"), (1, "diff", "one"), (2, "diff", "two")]
        stored = rows(tmp_path / "r", "SELECT settings FROM islands ORDER BY island")
        assert [WHOLE in row[0] for row in stored] == [True, False, False]
    islands = (await summary_of(again)).islands
    assert [island.island for island in islands] == [0, 1, 2]
    assert sum(island.programs for island in islands) == 40
    assert sum(island.share for island in islands) == pytest.approx(1.0)
    assert [island.own.get("operators") for island in islands] == [["full"], ["diff"], ["diff"]]


@pytest.mark.slow
async def test_a_spawned_island_takes_the_entries_in_turn_and_keeps_its_own(tmp_path: Path) -> None:
    spawning = {"stagnation_threshold": 3, "island_cooldown": 3, "max_islands": 4, "island_origin": "fresh_best"}
    async with ModelServer(Script(answer=answer)) as server:
        await go(run_settings(tmp_path, server.url, UNLIKE, 60, **spawning), False)
        spawned = rows(tmp_path / "r", "SELECT island, origin, settings FROM islands WHERE origin != 'initial'")
        assert [(island, origin) for island, origin, _ in spawned] == [(2, "fresh_best"), (3, "fresh_best")]
        made = {(island, operator, model) for island, operator, model, _ in rows(tmp_path / "r", MADE)}
        assert {(2, "diff", "one"), (3, "full", "two")} & made
        assert made <= {(i, *way) for i in range(4) for way in [[("diff", "one"), ("full", "two")][i % 2]]}
        changed = [UNLIKE[0], UNLIKE[1] | {"models": ["one"]}]
        await go(run_settings(tmp_path, server.url, changed, 90, **spawning), True)
        late = "SELECT DISTINCT patch_type, model FROM programs WHERE generation > 60 AND island = 3"
        assert rows(tmp_path / "r", late) == [("full", "one")]
        with pytest.raises(ConfigError, match=r"num_islands=3 cannot be more .* 2 on its way"):
            await go(run_settings(tmp_path, server.url, [*UNLIKE, {}], 91, **spawning), True)


@pytest.mark.slow
async def test_proposals_that_come_to_nothing_are_counted_where_they_were_made(tmp_path: Path) -> None:
    def failing(messages: list[dict[str, str]], number: int) -> str:
        return "I would rather not." if WHOLE in messages[0]["content"] else patch_for(messages, number)

    async with ModelServer(Script(answer=failing)) as server:
        run, _ = await go(run_settings(tmp_path, server.url, UNLIKE, 12), False)
        summary = await summary_of(run)
    useful, useless = summary.islands
    assert (useful.failures, useless.programs, useless.best_generation) == (0, 0, 0)
    assert useless.failures >= sum(summary.failures.values()) > 0
    assert useful.programs + useless.programs == summary.programs - 1
    assert useless.share == pytest.approx(useless.failures / (useless.failures + useful.programs))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a model that the run does not have": ({"models": ["four"]}, r"islands\[0\].models names 'four'.*\['one', 'two'\]"),
    "an operator that is not there": ({"operators": ["dif"]}, r"islands\[0\].operators: .*'dif'.*'diff'"),
    "weights for the operators of the run": ({"operator_weights": [1.0]}, r"operator_weights=\[1.0\] has 1 .* the 3 "),
    "a prompt builder that is not there": ({"prompt_builder": "none"}, r"islands\[0\].prompt_builder: .*'none'"),
}


@pytest.mark.parametrize(("own", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_the_run_is_refused_by_field_and_value(own: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ways_of(EvolutionConfig(llm_models=["one", "two"]), [IslandConfig(**own)])


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"parents": "hill"}, r"islands\[1\].parents: .*'hill'"),
        ({"inspirations": ["archive", {"name": "top_k", "count": -1}]}, r"islands\[1\].inspirations: .*count=-1"),
    ],
)
def test_a_strategy_that_is_not_there_is_refused_by_field_and_value(own: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        search_of(DatabaseConfig(islands=[IslandConfig(), IslandConfig(**own)]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"num_islands": 3, "islands": [{}, {}]}, "num_islands=3 contradicts islands, which has 2 entries"),
        ({"islands": [{"operators": ["diff"], "operator_weights": [1, 2]}]}, "operator_weights has 2 values for 1 "),
        ({"islands": [{"operators": ["diff", "diff"]}]}, "names one twice"),
        ({"islands": [{"operators": ["fix"]}]}, "'fix'"),
        ({"islands": [{"operator_weights": [0.0, 0.0, 0.0]}]}, "not all 0"),
        ({"islands": [{"models": ["a", "a"]}]}, "names a model twice"),
        ({"islands": [{"models": []}]}, "models"),
        ({"islands": [{"parent": "rank"}]}, "no field 'parent'; did you mean 'parents'"),
    ],
)
def test_entries_that_contradict_themselves_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DatabaseConfig(**given)


def test_what_an_island_leaves_out_is_as_for_the_run() -> None:
    evolve = EvolutionConfig(task_sys_msg="T", patch_types=["diff", "full"], patch_type_probs=[3, 1])
    like, added, own = ways_of(
        evolve,
        [
            IslandConfig(),
            IslandConfig(prompt="More.", operator_weights=[0.0, 1.0]),
            IslandConfig(task_sys_msg="U", prompt="More.", operators=["cross"]),
        ],
    )
    assert (like.task, like.weights, like.models, like.operators.names) == ("T", (3, 1), None, ["diff", "full"])
    assert (added.task, added.weights) == ("T\n\nMore.", (0.0, 1.0))
    assert (own.task, own.weights, own.operators.names) == ("U\n\nMore.", (1.0,), ["cross"])
    assert like.models_for("diff", {"diff": ["cheap"]}) == ["cheap"]
    mine = ways_of(EvolutionConfig(llm_models=["one", "two"]), [IslandConfig(models=["two"])])[0]
    assert mine.models_for("diff", {"diff": ["one"]}) == ("two",)
    search = search_of(DatabaseConfig(islands=[IslandConfig(), IslandConfig(parents="hill_climbing")]))
    assert isinstance(search.on(1).parents, HillClimbing)
    assert search.on(0).parents is search.on(2).parents is search.parents
    assert search.on(3).parents is search.on(1).parents, "islands that are made later take the entries in turn"
