"""The command line of a look at a task: what it takes, what it withstands, and what to mend before money is spent."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from flows.called import called, version
from flows.terminal.command import EXIT_DONE, EXIT_FAILED, completed, lead
from flows.terminal.foreign_folder import read_task
from flows.terminal.screen import cell, say, screen
from flows.terminal.settings_file import section_of
from flows.terminal.task_folder import SETTINGS_FILE, Overrides, existing_folder, run_settings, take_flags
from shinka_core.errors import ConfigError
from shinka_core.kit.bench import Measured
from shinka_core.kit.findings import Finding, Level, findings, in_words
from shinka_core.kit.looking import Looked, look
from shinka_core.launch import check_job
from shinka_core.launch.limits import MEGABYTE
from shinka_core.seed_program import read_seed_program
from shinka_core.settings import RunSettings

app = App(
    name=called("check", "check_task"),
    help="Run a task's seed program three times and a few hostile programs once, as a run would, and say what to mend before "
    "money is spent. No model is asked and no Prefect server is needed.\n\n"
    "Exit codes: 0 nothing has to be mended; 1 something has to be; 2 a mistake in the command or the task's settings.",
    help_flags=["--help", "-h"],
    version=version,
)
WORDS = {Level.GOOD: ("good", "green"), Level.THINK: ("think", "yellow"), Level.MEND: ("mend", "red")}
LONGEST = 120


@app.default
def check_command(
    task: Annotated[
        Path, Parameter(help="Task folder: initial.<ext> or initial/, evaluate.py (+ evolve.yaml, task.md).")
    ],
    /,
    *,
    initial: Annotated[Path | None, Parameter(help="Seed program, instead of the task folder's.")] = None,
    evaluate: Annotated[Path | None, Parameter(help="Evaluator, instead of the task folder's.")] = None,
    config: Annotated[Path | None, Parameter(help="Settings file, instead of the task folder's evolve.yaml.")] = None,
    language: Annotated[str | None, Parameter(help="Of the program; by its extension by default.")] = None,
    keep: Annotated[
        Path | None, Parameter(help="New folder that programs and results are kept in; deleted by default.")
    ] = None,
    as_json: Annotated[
        bool, Parameter(name="--json", negative="", help="Print one JSON object, and nothing else.")
    ] = False,
) -> int:
    """Looks at a task, and says what was seen.

    Returns:
        The exit code: 0, 1 when something has to be mended, 2 for a mistake in the command.
    """
    settings = _settings(task, config, Overrides(initial=initial, evaluate=evaluate, language=language))
    check_job(settings.job)
    seed = read_seed_program(settings.evolve)
    console = screen(errors=as_json)
    if not as_json:
        say(
            console,
            f"Checking {settings.job.eval_program_path} with {settings.evolve.init_program_path} ({seed.language})",
        )
    if keep is not None and keep.exists():
        raise ConfigError(f"--keep {str(keep)!r} is there already; name a new folder")
    with tempfile.TemporaryDirectory(prefix="shinka-check-") as scratch:
        place = keep.expanduser().absolute() if keep is not None else Path(scratch)

        def tell(what: str, measured: Measured) -> None:
            if not as_json:
                say(console, f"  {what}: {_outcome(measured)}", style="dim")

        def wait(what: str, seconds: float) -> None:
            limit = (
                "" if settings.job.time_limit else "; it has no time limit (`time: '00:10:00'` under `job` sets one)"
            )
            say(console, f"  {what}: still being evaluated after {seconds:.0f} s{limit}", style="dim")

        looked = completed(look(settings.job, seed.source, seed.extension, place, tell, wait))
    found = findings(looked, settings.evolve)
    bad = any(each.level is Level.MEND for each in found)
    if as_json:
        print(json.dumps(_as_json(looked, found, ok=not bad), indent=2), file=sys.stdout)  # noqa: T201 - asked for
    else:
        _print(console, found)
    return EXIT_FAILED if bad else EXIT_DONE


def _settings(task: Path, config: Path | None, overrides: Overrides) -> RunSettings:
    folder = existing_folder(task) or Path()
    file = config or folder / SETTINGS_FILE
    read = read_task(folder, file, required=config is not None)
    read.check(initial=overrides.initial is not None, evaluate=overrides.evaluate is not None)
    sections = read.sections
    fields = {name: section_of(sections, name) for name in ("evolution", "job", "database")}
    take_flags(fields["evolution"], fields["database"], overrides)
    settings = run_settings(folder, file, sections, fields, overrides)
    if settings.evolve.bootstrap.from_task:
        raise ConfigError(f"{str(folder)!r} has no seed program to check the evaluator with; give one (--initial)")
    return settings


def _outcome(measured: Measured) -> str:
    evaluation = measured.evaluation
    if evaluation.correct:
        came_to = f"score {evaluation.score:.8g}"
    else:
        came_to = f"{evaluation.reason or 'not correct'}: {in_words(evaluation.error, LONGEST)}"
    memory = f", {measured.peak / MEGABYTE:.0f} MB" if measured.peak else ""
    return f"{came_to} ({measured.seconds:.2f} s{memory})"


def _print(console: Console, found: list[Finding]) -> None:
    table = Table(show_header=False, show_lines=False)
    for each in found:
        word, style = WORDS[each.level]
        told = cell(each.what)
        if each.remedy:
            told.append("\n→ ")
            told.append(cell(each.remedy))
        table.add_row(cell(word), told, style=style if each.level is Level.MEND else "")
    console.print(table)
    mend = sum(each.level is Level.MEND for each in found)
    think = sum(each.level is Level.THINK for each in found)
    if mend:
        say(console, f"{mend} to mend before money is spent, {think} to think about", style="red")
    else:
        say(console, f"Nothing has to be mended{f', {think} to think about' if think else ''}", style="green")


def _as_json(looked: Looked, found: list[Finding], *, ok: bool) -> dict[str, Any]:
    return {
        "ok": ok,
        "isolation": looked.level,
        "kind": looked.asked,
        "language": looked.seed.language,
        "seeds": [_measured(each) for each in looked.seeds],
        "hostile": [
            {"kind": each.hostile.kind, "name": each.hostile.name, "time_limit": each.time_limit, "seen": each.seen}
            | _measured(each.measured)
            for each in looked.tried
        ],
        "findings": [
            {"level": str(each.level), "name": each.name, "what": each.what, "remedy": each.remedy} for each in found
        ],
    }


def _measured(each: Measured) -> dict[str, Any]:
    evaluation = each.evaluation
    return {
        "score": evaluation.score,
        "correct": evaluation.correct,
        "reason": evaluation.reason,
        "error": evaluation.error,
        "seconds": round(each.seconds, 4),
        "peak_bytes": each.peak,
    }


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    lead(app)
