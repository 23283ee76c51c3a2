"""What others say is shown, and does nothing: through a real terminal of every size."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path

import pytest

from flows.terminal.log_lines import SpelledOut
from tests.support.on_screen import HOSTILE, acts, on_terminal
from tests.support.prefect import environment_for

# Everything that the command prints of a run, with text of others wherever there can be any, again for each terminal.
PROGRAM = """
import fcntl, logging, os, struct, sys, termios, time
from flows.orchestrator.profile import quiet_process
from flows.terminal import progress as terminal
from flows.terminal.log_lines import spell_out_logs
from flows.terminal.outcome import print_summary
from flows.terminal.output import steady_output
from flows.terminal.screen import say, screen
from flows.terminal.showing import InOneLine
from shinka_core.database import IslandSummary, RunSummary
from shinka_core.database.summary import ModelSummary
from tests.support.on_screen import HOSTILE, under_way

steady_output()
quiet_process()
spell_out_logs()
islands = [IslandSummary(0, HOSTILE), IslandSummary(1, HOSTILE)]
summary = RunSummary(
    evolution=HOSTILE, programs=8, correct=6, best_score=3.0, best_generation=5, seed_score=2.0, failures={HOSTILE: 2},
    models={HOSTILE: ModelSummary(9, 1, 900, 90, 0.25, 4.5, 225)}, evaluation_seconds=1.0, results_dir=HOSTILE,
    stopped_early=HOSTILE, last_error=HOSTILE[1:], seed_error=HOSTILE, islands=islands,
)
shown = []
def find(name, run=under_way(HOSTILE)):
    shown.append(name)
    return run
terminal.LIVE_PERIOD = terminal.LINE_PERIOD = 0.01
terminal.find_open_run = find

def show():
    console, log = screen(), logging.getLogger("shinka.test")
    shown.clear()
    with terminal.watching("e", console=console):
        # A line more is logged once the display is up, to which it is moved.
        while len(shown) < 2 - console.is_interactive or (console.is_interactive and not console._live_stack):
            time.sleep(0.01)
        log.warning("before %s", HOSTILE)
        try:
            raise ValueError(HOSTILE)
        except ValueError:
            log.exception("of %s", HOSTILE)
        time.sleep(0.05)
    print_summary(console, summary)
    InOneLine(console).ends(summary, 3)
    say(screen(errors=True), f"error: {HOSTILE}", style="red")

for columns, rows, environment in CASES:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.environ |= environment
    print("=== next", flush=True)
    show()
    for name in environment:
        os.environ.pop(name)
"""
CASES = [
    (80, 24, {}),
    (20, 5, {}),
    (40, 10, {"NO_COLOR": "1"}),
    (60, 5, {"TERM": "dumb"}),
    (1, 1, {"FORCE_COLOR": "1"}),
]


def test_nothing_of_what_others_say_acts_on_a_terminal_of_any_kind_or_size() -> None:
    written = on_terminal(PROGRAM.replace("CASES", repr(CASES)))
    assert acts(written) == []
    wide, small, colourless, dumb, _ = parts = written.split("=== next")[1:]
    for part in parts:
        assert r"\x1b]0;owned\x07\x1b[2J\x9b2J\u202eb\u2066\u200b" in re.sub(r"\r\n *", "", part)
        assert not re.search(r"^forged", part, re.MULTILINE), "no line of ours can be forged"
    assert "Traceback" in wide, "what is logged meanwhile stays"
    assert "\x1b[2K" in small, "it is drawn anew in its place"
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", wide)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", colourless)
    assert not re.search(r"\x1b\[[^m]*[^m0-9;]", dumb), "nothing moves; Prefect's log has the colours of its beginning"


def test_a_log_line_is_one_line_and_a_traceback_is_set_in() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        record = logging.LogRecord("shinka", 40, "", 1, "said %s", (HOSTILE,), sys.exc_info())
    line = SpelledOut(logging.Formatter("%(levelname)s %(message)s")).format(record)
    first, *rest = line.split("\n")
    assert first.startswith(r"ERROR said \x1b]0;owned\x07")
    assert rest
    assert all(each.startswith("  ") for each in rest)
    assert acts(line.replace("\t", "")) == []
    assert record.args == (HOSTILE,), "others that log it have it as it was"


# A task whose evaluator says what it likes, of every third program as its error.
EVALUATOR = """
import argparse, json, pathlib, sys, time
said = SAID
parser = argparse.ArgumentParser()
parser.add_argument("--program_path")
parser.add_argument("--results_dir")
given = parser.parse_args()
names = {}
exec(open(given.program_path).read(), names)
print(said, file=sys.stderr)
time.sleep(0.3)
folder = pathlib.Path(given.results_dir)
right = names["x"] == 1.0 or int(names["x"] * 1000) % 3 > 0
(folder / "metrics.json").write_text(json.dumps({"combined_score": names["x"], "text_feedback": said}))
(folder / "correct.json").write_text(json.dumps({"correct": right, "error": None if right else said}))
"""


@pytest.mark.slow
def test_a_whole_run_with_a_hostile_task_in_a_hostile_place_acts_on_no_terminal(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    said = HOSTILE.replace("\ud800", "")
    task, results = tmp_path / "task \u202e\x1b[2J", tmp_path / "results\x1b]0;owned\x07\x9b2J"
    task.mkdir()
    (task / "initial.py").write_text("# EVOLVE-BLOCK-START\nx = 1.0\n# EVOLVE-BLOCK-END\n")
    (task / "evaluate.py").write_text(EVALUATOR.replace("SAID", repr(said)))
    arguments = ["flows/evolve.py", str(task), "--generations", "12", "--seed", "1", "--results", str(results)]
    written = on_terminal(
        f"import runpy, sys; sys.argv = {arguments!r}; runpy.run_path('flows/evolve.py', run_name='__main__')",
        100,
        30,
        **environment_for(prefect_api, prefect_home),
    )
    assert acts(written) == []
    assert "over the run" in written
    assert r"results\x1b]0;owned\x07\x9b2J" in written
    assert r"(candidate): \x1b]0;owned" in written
    assert json.loads((results / "summary.json").read_text())["results_dir"] == str(results)
