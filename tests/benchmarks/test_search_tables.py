"""Runs are kept and made once; tables say what they compare."""

import json
import math

import pytest

from benchmarks.search import __main__ as command
from benchmarks.search import systems
from benchmarks.search.comparison import lines
from benchmarks.search.parts import PARTS
from benchmarks.search.results import Results
from benchmarks.search.table import summary
from benchmarks.search.tables import TABLES
from benchmarks.search.tasks import TASKS
from benchmarks.search.trace import Trace
from benchmarks.search.whole import RunError, Whole
from shinka_core.config import DatabaseConfig, EvolutionConfig
from shinka_core.population.settings import search_of


def run(system, seed, *scores, task="rugged"):
    trace = Trace(system, task, seed, calls=len(scores))
    for score in (0.1, *scores):
        trace.add(score, True, f"{system} {seed} {score}")
    return trace


def test_a_run_that_was_cut_off_while_it_was_written_is_made_again(tmp_path):
    results = Results(tmp_path)
    results.add(run("a", 0, 0.2), 1)
    path = tmp_path / "a.rugged.1.jsonl"
    path.write_text(path.read_text() + json.dumps(run("a", 1, 0.3).as_json())[:40])
    assert results.seeds("a", "rugged", 1) == {0}
    results.add(run("a", 1, 0.4), 1)
    assert [each.best(1) for each in results.of("a", "rugged", 1)] == [0.2, 0.4]
    assert results.seeds("a", "rugged", 2) == set()


def test_lines_say_who_is_better_after_correction_for_all_comparisons():
    runs = {
        "rugged": {
            "ours": [run("ours", k, 0.5 + k / 100) for k in range(8)],
            "low": [run("low", k, 0.2 + k / 100) for k in range(8)],
            "high": [run("high", k, 0.8 + k / 100) for k in range(8)],
            "same": [run("same", k, 0.5 + k / 100) for k in range(8)],
            "none": [],
        }
    }
    found = {line.system: line for line in lines(runs, TASKS, 1, "ours")["rugged"]}
    assert list(found) == ["high", "ours", "same", "low"]
    assert found["low"].p == pytest.approx(3 * 2 / math.comb(16, 8))
    assert found["low"].verdict == "better"
    assert found["high"].verdict == "worse"
    assert found["same"].p == 1.0
    assert found["ours"].p is None
    text = summary({"rugged": list(found.values())}, "ours")
    assert "| low | 0.2350 > | 1 | 0 |" in text
    assert "| high | 0.8350 < | 0 | 1 |" in text


def test_a_deceptive_task_is_compared_by_how_often_its_trap_is_left():
    runs = {
        "funnel": {
            "ours": [run("ours", k, 0.61, task="funnel") for k in range(8)],
            "caught": [run("caught", k, 0.6, task="funnel") for k in range(8)],
        }
    }
    ours, caught = lines(runs, TASKS, 1, "ours")["funnel"]
    assert (ours.escaped, caught.escaped) == (8, 0)
    assert caught.p == pytest.approx(2 / math.comb(16, 8))
    assert caught.effect == 1.0


def test_the_command_makes_what_is_missing_and_writes_the_table(tmp_path, monkeypatch, capsys):
    made = []

    class Counted:
        def run(self, name, task, seed, evaluations):
            made.append((name, task.name, seed))
            return run(name, seed, 0.2, task=task.name)

    monkeypatch.setitem(systems.SYSTEMS, "counted", Counted())
    arguments = ["search", "--systems", "counted", "hill-climbing", "--tasks", "rugged", "--evaluations", "3"]
    for seeds in ("0-1", "0-2"):
        monkeypatch.setattr("sys.argv", [*arguments, "--seeds", seeds, "--results", str(tmp_path)])
        command.main()
    assert made == [("counted", "rugged", k) for k in range(3)]
    text = (tmp_path / "main-3.md").read_text()
    assert "| counted | 3 |" in text
    assert "| hill-climbing | 3 |" in text
    assert text.strip() in capsys.readouterr().out


def test_a_run_that_fails_is_told_and_made_again_the_next_time(tmp_path, monkeypatch, capsys):
    class Failing:
        def run(self, name, task, seed, evaluations):
            raise RunError("no environment")

    monkeypatch.setitem(systems.SYSTEMS, "failing", Failing())
    monkeypatch.setattr(
        "sys.argv",
        ["search", "--systems", "failing", "--tasks", "rugged", "--seeds", "3", "--results", str(tmp_path)],
    )
    with pytest.raises(SystemExit, match="1 of 1 runs failed"):
        command.main()
    assert "failing rugged 3: no environment" in capsys.readouterr().err


def test_a_peer_without_its_environment_says_how_it_is_made(monkeypatch):
    monkeypatch.delenv("PEERS", raising=False)
    with pytest.raises(RunError, match=r"peers/__init__\.py"):
        Whole("shinka").command()


@pytest.mark.parametrize("settings", PARTS.values(), ids=list(PARTS))
def test_the_settings_of_every_part_are_settings(settings):
    EvolutionConfig(**settings.get("evolution", {}))
    search_of(DatabaseConfig(**settings.get("database", {})))


@pytest.mark.parametrize("name", list(systems.SIMULATED))
def test_every_variant_of_the_defaults_can_be_simulated(name):
    assert len(systems.SYSTEMS[name].run(name, TASKS["rugged"], 0, 12)) == 12


def test_every_table_has_its_reference_and_systems_that_there_are():
    for table in TABLES.values():
        assert table.reference in table.systems
        assert set(table.systems) <= set(systems.SYSTEMS)
        assert set(table.tasks) <= set(TASKS)


@pytest.mark.parametrize("name", ["best-of-n", "hill-climbing", "uniform", "simulated"])
def test_runs_in_this_process_repeat_themselves_and_have_their_number_of_evaluations(name):
    first, again = (systems.SYSTEMS[name].run(name, TASKS["rugged"], 1, 20) for _ in range(2))
    assert first.as_json() == again.as_json()
    assert len(first) == 20
    assert first.system == name


@pytest.mark.slow
def test_a_whole_run_of_ours_is_seen_from_outside():
    trace = systems.SYSTEMS["ours"].run("ours", TASKS["rugged"], 1, 25)
    assert len(trace) == 25
    assert trace.scores[0] == pytest.approx(0.184278, rel=1e-5)
    assert trace.best(25) > trace.scores[0]
    assert trace.calls >= 25
    assert trace.extra["prompt"] > 25 * 300
