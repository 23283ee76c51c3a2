"""The display of a run: what it says, and what of it where there is little room."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from flows.terminal.live import LiveView, cut
from flows.terminal.sparkline import BARS, sparkline
from flows.terminal.words import gist, improved, went_wrong
from shinka_core.config import IdeaSettings
from shinka_core.errors import Blame
from shinka_core.highlights import Improvement, Setback
from shinka_core.meta.ideas import Idea, IdeaStep
from shinka_core.record import Pull
from tests.support.on_screen import HOSTILE, under_way


def drawn(width: int, height: int, words: str = "", encoding: str = "utf-8") -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="")
    console = Console(file=file, width=width, height=height, force_terminal=False, legacy_windows=False)
    console.print(LiveView(under_way(words)))
    file.seek(0)
    return file.read().splitlines()


def test_it_says_how_far_the_run_is_what_improved_and_what_went_wrong() -> None:
    text = "\n".join(drawn(100, 40))
    for words in (
        "generation   3 of 10",
        "best score   1.5 (in gen 1, seed program 1)",
        "over the run ▁███",
        "improved     gen 1  1.5 (+0.5)  full by some-model",
        "gen 0  1  the seed program",
        "failed       patch: syntax_error 1",
        "went wrong   gen 3  syntax error (model): line 3",
        "gen 2  not correct (candidate): circles overlap",
    ):
        assert words in text


@pytest.mark.parametrize("width", [1, 5, 20, 40, 49, 50, 60, 200])
@pytest.mark.parametrize("height", [1, 2, 5, 10, 40])
def test_it_fits_into_every_terminal_and_what_matters_most_stays(width: int, height: int) -> None:
    lines = drawn(width, height, HOSTILE)
    assert len(lines) <= max(height - 1, 1)
    assert all(cell_len(line) <= width for line in lines)
    if width >= 20:
        assert lines[0 if height < 10 else 1].split()[0] == "generation"


def test_without_unicode_it_is_drawn_with_what_there_is() -> None:
    assert "over the run _@@@" in drawn(60, 40, encoding="ascii")
    assert all(len(line) <= 30 for line in drawn(30, 40, encoding="ascii"))


@pytest.mark.parametrize(
    ("improvements", "ended", "width", "line"),
    [
        ([], 5, 10, ""),
        ([(1, 2.0)], 0, 10, ""),
        ([(1, 2.0)], 4, 10, "▁▁▁▁"),
        ([(1, 1.0), (4, 2.0)], 4, 4, "▁▁▁█"),
        ([(3, 1.0), (4, 2.0)], 4, 4, "  ▁█"),
        ([(1, 0.0), (50, 0.5), (100, 1.0)], 100, 4, "▁▅▅█"),
        ([(1, -1e308), (2, 0.0), (3, 1e308)], 3, 3, "▁▅█"),
        ([(1, 1.0), (2, 1.0 + 2**-52)], 2, 2, "▁█"),
    ],
)
def test_the_course_of_the_best_is_drawn_over_all_generations(
    improvements: list[tuple[int, float]], ended: int, width: int, line: str
) -> None:
    assert sparkline(improvements, ended, width, BARS) == line


def test_how_a_program_was_made_names_operator_model_idea_and_trials() -> None:
    run: Any = under_way()
    run.ideas = IdeaStep(IdeaSettings())
    run.ideas.book.add([Idea("i1", "Turn it \x1b[2J round", "", 5)])
    pull = Pull("diff", "a-model", idea_id="i1", trials=3)
    said = improved(Improvement(9, 8, "p", 2.0, 0.25, pull), run)
    assert said == 'gen 8  2 (+0.25)  diff by a-model after 3 trials with the idea "Turn it \\x1b[2J round"'
    run.ideas = None
    assert '"i1"' in improved(Improvement(9, 8, "p", 2.0, 0.25, pull), run)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("\n  first   line \nsecond", "first line"),
        ("Traceback (most recent call last):\n  File x\nmodule.OddError: odd\n and even\n", "module.OddError: odd"),
        ("Traceback (most recent call last):\n  nothing else", "nothing else"),
    ],
)
def test_of_an_error_the_line_is_shown_that_says_most(text: str, line: str) -> None:
    assert gist(text) == line
    assert went_wrong(Setback(3, "evaluate", "timed_out", text, Blame.EVALUATOR)).startswith(
        "gen 3  timed out (evaluator)"
    )
    assert went_wrong(Setback(3, "patch", "no_edit", text, None)).startswith("gen 3  no edit (answers)")


def test_what_is_cut_is_marked() -> None:
    assert (cut("abcdef", 6), cut("abcdef", 4), cut("日本語", 4), cut("abcdef", 4, ascii_only=True)) == (
        "abcdef", "abc…", "日…", "a...",
    )  # fmt: skip
