"""What a person reads while a run goes and after it."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from rich.console import Console

from flows.terminal import progress as terminal
from flows.terminal.outcome import print_summary
from flows.terminal.progress import progress_line, watching
from flows.terminal.words import duration
from shinka_core.database import IslandSummary, RunSummary
from shinka_core.database.summary import ModelSummary
from shinka_core.program import Program
from shinka_core.record import recorded
from shinka_core.source import Source
from tests.support.on_screen import under_way


def printed(**fields: Any) -> str:
    values: dict[str, Any] = {
        "evolution": "run [1]", "programs": 8, "correct": 6, "best_score": 3.0, "best_generation": 5, "seed_score": 2.0,
        "failures": {"patch: syntax_error": 2}, "evaluation_seconds": 12.3, "cost": 0.25, "results_dir": "/r/x",
        "models": {"m": ModelSummary(9, 1, 900, 90, 0.25, 4.5, 225)}, "seconds": 65.0,
    }  # fmt: skip
    console = Console(file=io.StringIO(), width=200, highlight=False)
    print_summary(console, RunSummary(**(values | fields)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_outcome_says_what_was_gained_what_failed_and_what_it_cost() -> None:
    text = printed()
    for words in ("3 (generation 5)", "+1 (+50.0%)", "8 (6 correct)", "patch: syntax_error × 2", "$0.2500", "1:05",
                  "9 calls, 1 failed, 990 tokens (25% of the prompts cached), 4.5 s", "/r/x/best"):  # fmt: skip
        assert words in text
    assert "--resume" not in text


def test_a_run_that_stopped_early_says_how_to_go_on() -> None:
    text = printed(stopped_early="interrupted [by hand]")
    assert "Stopped early: interrupted [by hand]" in text
    assert "--resume --results /r/x" in text


def test_what_was_said_last_of_each_kind_of_failure_is_shown() -> None:
    words = {"patch: syntax_error": "line 3: :boom:", "evaluate: not_correct": "circles [2] overlap"}
    text = printed(last_words=words)
    assert "Last patch: syntax_error: line 3: :boom:" in text
    assert "Last evaluate: not_correct: circles [2] overlap" in text
    nothing = printed(last_words=dict(list(words.items())[:1]), made=0, generations=9)
    assert nothing.count(":boom:") == 1, "what stands in the reason is not said again"


def test_a_seed_program_that_is_not_correct_is_named_in_the_evaluators_words() -> None:
    assert "not correct: circle 3 [of 26] overlaps :boom:" in printed(seed_error="circle 3 [of 26] overlaps :boom:")
    assert "not correct" not in printed()


def test_several_islands_are_a_table_and_one_is_none() -> None:
    islands = [
        IslandSummary(0, "initial", own={"operators": ["diff", "full"], "prompt": "Mind [the]  rows."}, programs=6,
                      failures=2, share=0.8, best_score=2.5, best_generation=4),
        IslandSummary(1, "fresh_best", "no better program", created_after=5, share=0.2, retired_after=7, retired="worst"),
    ]  # fmt: skip
    text = printed(islands=islands)
    for words in ("Islands", "operators: diff+full, prompt: Mind [the] rows.", "8 (80%), 2 failed", "2.5 (4)", "fresh_best after 5",
                  "after 7: worst", "none"):  # fmt: skip
        assert words in text
    assert "Islands" not in printed(islands=islands[:1])
    many = [IslandSummary(number, "initial", best_score=float(number)) for number in range(50)]
    text = printed(islands=many)
    assert "The best 20 of 50 islands" in text
    assert [f"│ {number} " in text for number in (29, 30, 49)] == [False, True, True]


@pytest.mark.parametrize("folder", ["/r/res [v2] ünï %2F", "/r/[bold]x[/bold]", "/r/a  b :boom:"])
def test_a_path_is_printed_to_the_letter(folder: str) -> None:
    text = printed(results_dir=folder, stopped_early="interrupted")
    assert f"{folder}/best" in text
    assert "--resume --results" in text
    assert text.count(folder) >= 2


def test_no_folder_is_named_where_nothing_was_best() -> None:
    assert "/r/x/best" not in printed(best_score=None, best_generation=None)


@pytest.mark.parametrize(("best", "seed"), [(None, None), (1.0, None), (1.0, 0.0), (-1.0, -2.0)])
def test_scores_that_are_missing_or_zero_break_nothing(best: float | None, seed: float | None) -> None:
    text = printed(
        best_score=best, best_generation=None if best is None else 1, seed_score=seed, failures={}, models={}
    )
    assert "failed generations" in text
    assert ("gain" in text) is (best is not None and seed is not None)
    assert "-200" not in text, "a gain from -2 to -1 is one for the better"


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0.4, "0:00"), (59.6, "1:00"), (3599.5, "1:00:00"), (90061, "25:01:01")]
)
def test_seconds_are_read_as_a_clock(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("live", [False, True])
def test_a_seed_program_that_is_not_correct_is_told_while_the_run_goes(
    live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = under_way()
    seed = Program("a", 0, Source.of("x", "python"), 0, score=1.0, correct=False, error="circles overlap")
    run.progress.apply(recorded(seed, 1, (0,), None))
    monkeypatch.setattr(terminal, "LIVE_PERIOD", 0.01)
    monkeypatch.setattr(terminal, "find_open_run", lambda name: run)
    console = Console(file=io.StringIO(), width=200, force_terminal=live)
    with watching("e", console=console):
        deadline = time.monotonic() + 10
        while "overlap" not in console.file.getvalue() and time.monotonic() < deadline:  # type: ignore[attr-defined]
            time.sleep(0.01)
    assert "not correct: circles overlap" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_progress_counts_what_ended_either_way() -> None:
    line = progress_line(under_way())
    for words in (
        "generation 3/10",
        "best 1.5 (gen 1)",
        "seed 1",
        "proposals 0/4",
        "evaluations 0/2",
        "quick 0/3",
        "failed 1",
    ):
        assert words in line


@pytest.mark.parametrize("live", [False, True])
def test_the_progress_is_shown_while_the_run_is_open(live: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "LINE_PERIOD", 0.01)
    monkeypatch.setattr(terminal, "LIVE_PERIOD", 0.01)
    monkeypatch.setattr(terminal, "find_open_run", lambda name: under_way() if name == "e" else None)
    console = Console(file=io.StringIO(), width=200, force_terminal=live)
    with watching("e", console=console):
        deadline = time.monotonic() + 10
        while "failed" not in console.file.getvalue() and time.monotonic() < deadline:  # type: ignore[attr-defined]
            time.sleep(0.01)
    assert "failed" in console.file.getvalue()  # type: ignore[attr-defined]
    with watching("another", console=Console(file=(silent := io.StringIO()))):
        time.sleep(0.1)
    assert silent.getvalue() == ""
