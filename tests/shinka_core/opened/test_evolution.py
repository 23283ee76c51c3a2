"""An evolution opened to be looked at: the same answers on both databases, with and without an event loop."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from datetime import UTC
from pathlib import Path

import pytest

import shinka
from shinka_core.errors import Blame, ConfigError, DatabaseError
from shinka_core.opened import Evolution
from tests.support.recorded import HOSTILE, LATER, small_record


async def test_every_question_is_answered_where_an_event_loop_runs(tmp_path: Path, database_url: str | None) -> None:
    name = f"small-{uuid.uuid4().hex}"
    where = await small_record(tmp_path, database_url, name)
    evolution = shinka.open(where, name)
    with evolution as entered:
        ask(entered)
    assert evolution.best() is not None


def ask(evolution: Evolution) -> None:
    seed, child, broken = evolution.programs()
    assert [one.generation for one in (seed, child, broken)] == [0, 1, 3]
    assert child.created_at.tzinfo is UTC
    assert evolution.programs(["error"])[2].texts == {"error": "does not parse"}

    best = evolution.best()
    assert best is not None
    assert (best.id, best.score, best.correct, best.name, best.description) == (child.id, 2.5, True, HOSTILE, "adds y")
    assert best.metrics == {"speed": 2, "ok": True, "note": "fast", "secret": 1.5}
    assert best.text_feedback == f"better {HOSTILE}"
    assert best.code == LATER
    change = "\n@@ -1 +1,2 @@\n x = 1\n+y = 2"
    assert (best.diff, best.diff_to_seed) == (f"--- parent\n+++ candidate{change}", f"--- seed\n+++ program{change}")
    (call,) = best.calls
    assert (call.messages, call.answer) == ((("system", "be good"), ("user", "improve it")), f"done {HOSTILE}")
    assert best.steps == []

    last = evolution.program(3)
    assert last.error == "does not parse"
    assert last.parent is not None
    assert last.parent.id == child.id
    assert last.diff_to_seed.endswith("-x = 1\n+x = (")
    assert evolution.program(child.id[:20]).id == child.id
    assert evolution.program(0).parent is None
    assert evolution.program(0).diff == ""

    assert [one.generation for one in evolution.lineage()] == [0, 1, 3]
    assert [one.generation for one in evolution.lineage(3)] == [0, 1, 3]
    assert [one.inspirations for one in evolution.lineage(1)] == [(), (seed.id,)]
    assert [(one.status, one.cost) for one in evolution.calls()] == [("answered", 0.5), ("failed", 0.0)]
    (cost,) = evolution.costs()
    assert (cost.model, cost.purpose, cost.calls, cost.failed, cost.dollars) == ("m", "proposal", 2, 1, 0.5)
    (failure,) = evolution.failures()
    assert (failure.step, failure.reason, failure.count, failure.last) == ("query", "rate_limited", 1, "later")
    assert failure.blame in (None, Blame.MODEL)
    assert [one.state for one in evolution.generations()] == ["recorded", "recorded", "failed", "recorded", "started"]
    assert [(one.island, one.programs) for one in evolution.islands()] == [(0, 1), (1, 1)]
    assert evolution.progress().dollars.tolist() == [0.0, 0.5, 0.5]
    assert evolution.settings == {"evolution": {"num_generations": 4}}
    assert (evolution.summary.programs, evolution.summary.best_score, evolution.summary.cost) == (3, 2.5, 0.5)
    assert repr(evolution) == f"<evolution {evolution.name!r}: 3 programs, best score 2.5>"


def test_it_needs_no_event_loop_and_sees_what_is_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(small_record(tmp_path))
    monkeypatch.chdir(tmp_path.parent)
    evolution = shinka.open(tmp_path.name)
    monkeypatch.chdir("/")
    assert evolution.name == "small"
    assert evolution.summary.results_dir == str(tmp_path)
    ask(evolution)
    with sqlite3.connect(tmp_path / "evolution.sqlite") as connection:
        connection.execute("UPDATE programs SET score = 7 WHERE generation = 1")
    assert evolution.best().score == 7  # type: ignore[union-attr]


async def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="is not there; name the results folder"):
        shinka.open(tmp_path / "nowhere")
    evolution = shinka.open(await small_record(tmp_path))
    for which, message in {
        2: "ended without a program: query: rate_limited: later",
        4: r"is under way \(started\), so it has no program yet",
        9: "has not begun, so it has no program",
        "nobody": "has no program 'nobody'",
        "": "several programs",
    }.items():
        with pytest.raises(DatabaseError, match=message):
            evolution.program(which)
    for wrong in (True, 1.5, None):
        with pytest.raises(ConfigError, match="give a generation as a number"):
            evolution.program(wrong)  # type: ignore[arg-type]
    with pytest.raises(DatabaseError, match="has no evolution 'other'; it holds 'small'"):
        shinka.open(tmp_path, "other")


async def test_a_notebook_shows_everything_as_text(tmp_path: Path) -> None:
    evolution = shinka.open(await small_record(tmp_path))
    best = evolution.best()
    assert best is not None
    for page in (evolution._repr_html_(), best._repr_html_(), evolution.program(3)._repr_html_()):
        assert "<script" not in page
        assert page.count("<pre>") == page.count("</pre>")
        assert not {"\u202e", "\x1b"} & set(page)
    assert "&lt;/pre&gt;&lt;script&gt;" in best._repr_html_()
    assert "\\u202egnp.exe \\u001b[2J" in best._repr_html_()
    assert "+y = 2" in best._repr_html_()
    assert "\u202e" not in repr(best)
