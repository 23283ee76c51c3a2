"""A run as events: every line is one JSON object with the documented names, whatever is in it, and nothing is beside them."""

from __future__ import annotations

import asyncio
import io
import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows.terminal.event_stream import EventStream, as_line
from flows.terminal.events import Listener
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import Blame
from shinka_core.program import Failure, Program
from shinka_core.record import Called, Ended, Event, Folds, recorded
from shinka_core.settings import RunSettings
from shinka_core.source import Source
from tests.support.on_screen import HOSTILE, under_way
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, command, rows

DOCUMENT = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")


def documented() -> dict[str, set[str]]:
    """The fields of each event, as the document has them."""
    found: dict[str, set[str]] = {}
    for name, fields in re.findall(r"^\| `(\w+)` \| ([^|]*) \|", DOCUMENT, re.MULTILINE):
        found[name] = set(re.findall(r"`(\w+)`", fields)) | {"event", "time"}
    return found


def told(written: str) -> list[dict[str, Any]]:
    """The events of a stream, each as it is documented."""
    events = [json.loads(line) for line in written.splitlines()]
    for event in events:
        assert set(event) == documented()[event["event"]], event["event"]
        assert datetime.fromisoformat(event["time"]).utcoffset() == timedelta(0)
    return events


def settings(tmp_path: Path) -> RunSettings:
    return RunSettings(
        f"e{HOSTILE}",
        tmp_path,
        EvolutionConfig(llm_models=["m@https://u:secret@host/v1"]),
        LocalJobConfig(),
        DatabaseConfig(),
    )


async def test_every_event_is_a_line_of_plain_ascii_whatever_is_in_it(tmp_path: Path) -> None:
    run: Any = under_way(HOSTILE)
    run.settings, run.seed_program = settings(tmp_path), SimpleNamespace(language="python")
    run.database = SimpleNamespace(folds=Folds(run.progress))
    out = io.StringIO()
    stream = EventStream(out)
    Listener(stream).opened(run)
    best = Program("d", 4, Source.of("x", "python"), 0, score=9.0, correct=True)
    wrong = Program("f", 5, Source.of("x", "python"), 0, score=float("nan"), correct=False, error=HOSTILE)
    events: list[Event] = [
        recorded(best, 4, (0,), None),
        recorded(wrong, 5, (0,), None),
        Ended(6, Failure("evaluate", HOSTILE, HOSTILE), blame=Blame.EVALUATOR),
        Called(-5, "idea", HOSTILE, 0.5),
        Called(6, "proposal", "m", 0.5),
    ]
    for event in events:
        run.database.folds.apply(event)
    run.control.pause(HOSTILE)
    run.control.resume(HOSTILE)
    run.control.close("all is well")
    run.control.stop(HOSTILE)
    run.control.stop("again")
    await asyncio.to_thread(stream.close)
    written = out.getvalue()
    assert written.isascii()
    assert all(line.isprintable() for line in written.splitlines())
    assert "secret" not in written
    names = [event["event"] for event in told(written)]
    assert names == [
        "started", "program", "best", "generation", "program", "generation", "failure", "generation", "asked",
        "paused", "resumed", "stopping", "stopping",
    ]  # fmt: skip
    by_name = {event["event"]: event for event in told(written)}
    assert by_name["started"]["resumed"] is True
    assert by_name["best"]["gain"] == 7.5
    assert (by_name["program"]["score"], by_name["program"]["correct"]) == (None, False)
    assert by_name["failure"]["detail"].startswith("\x1b]0;owned\x07"), "a program gets the words as they are"
    assert by_name["failure"]["blame"] == "evaluator"
    assert by_name["generation"] | {"time": ""} == {
        "event": "generation", "time": "", "generation": 6, "outcome": "failed", "ended": 6, "of": 10, "best_score": 9.0,
        "cost": 0.0,
    }  # fmt: skip
    assert by_name["stopping"]["cut_short"] is True


@pytest.mark.parametrize(
    ("value", "read"),
    [(float("inf"), None), ("a\ud800\x7f\x9b", "a?\x7f\x9b"), ({"\ud800": [1, "\x00"]}, {"?": [1, ""]})],
)
def test_what_json_lacks_is_told_as_something_that_it_has(value: object, read: object) -> None:
    line = as_line({"value": value})
    assert line.endswith("}\n")
    assert line[:-1].isascii()
    assert line[:-1].isprintable()
    assert json.loads(line) == {"value": read}


def test_a_reader_that_leaves_and_one_that_closes_hold_nothing_up() -> None:
    out = io.StringIO()
    stream = EventStream(out)
    out.close()
    stream.tell("end", {"exit_code": 0})
    stream.close()


def test_one_line_and_events_exclude_each_other() -> None:
    done = command("nowhere", "--quiet", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--quiet and --json" in done.stderr
    assert "leave one of them out" in done.stderr


def test_a_mistake_is_an_end_with_its_reason_and_its_exit_code(tmp_path: Path) -> None:
    done = command(str(tmp_path / "missing"), "--json")
    [event] = told(done.stdout)
    assert (event["event"], event["outcome"], event["exit_code"]) == ("end", "mistake", done.returncode)
    assert "does not exist" in event["error"]
    assert "does not exist" in done.stderr
    done = command("--json", "--replay", str(tmp_path))
    assert told(done.stdout)[-1]["exit_code"] == done.returncode == 2
    assert "a replay has no events" in done.stderr


@pytest.mark.slow
def test_a_run_and_its_resume_are_told_as_they_are_recorded(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    def evolve(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "flows/evolve.py", *arguments, "--results", str(tmp_path / "r")], cwd=ROOT, timeout=120,
            env=environment_for(prefect_api, prefect_home), capture_output=True, text=True,
        )  # fmt: skip

    done = evolve(str(TASK), "--generations", "5", "--json")
    assert done.returncode == 0, done.stderr
    events = told(done.stdout)
    assert (events[0]["event"], events[0]["resumed"], events[0]["settings"]["generations"]) == ("started", False, 5)
    assert (events[-1]["event"], events[-1]["exit_code"], events[-1]["outcome"]) == ("end", 0, "done")
    assert events[-1]["summary"] == json.loads((tmp_path / "r/summary.json").read_text())
    recorded_ones = rows(tmp_path / "r", "SELECT generation, id, score FROM programs ORDER BY sequence")
    programs = [(event["generation"], event["id"], event["score"]) for event in events if event["event"] == "program"]
    assert programs == recorded_ones
    assert [event["ended"] for event in events if event["event"] == "generation"][-1] == 5

    done = evolve("--resume", "--generations", "7", "--json")
    events = told(done.stdout)
    assert (events[0]["resumed"], events[0]["ended"]) == (True, 5)
    assert sorted(event["generation"] for event in events if event["event"] == "generation") == [6, 7]

    done = evolve("--resume", "--generations", "8", "--quiet")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
    assert re.match(r"\S+: best \S+ \(generation \d+\), seed .*9 programs .*; /.*/r$", done.stdout)
