"""The command line that makes a task folder from a template."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from flows.called import called, typed, version
from flows.terminal.command import EXIT_DONE, lead
from flows.terminal.screen import say, screen
from shinka_core.kit.making import make_task

app = App(
    name=called("new", "new_task"),
    help="Make a task folder that runs at once, to be changed into your own. Nothing is overwritten.\n\n"
    "Templates: python (a function that the evaluator calls), function (the evaluator is a function of the program's path), "
    "any (a program in any language, run as a process), package (a folder of modules), prompt (Markdown).",
    help_flags=["--help", "-h"],
    version=version,
)


@app.default
def new_command(
    name: Annotated[Path, Parameter(help="The folder to make; its last part is the task's name.")],
    /,
    *,
    template: Annotated[
        Literal["python", "function", "any", "package", "prompt"] | None,
        Parameter(help="What to begin with; python by default, and any where a language is named."),
    ] = None,
    language: Annotated[
        str | None, Parameter(help="Of the template any, as people call it (c++, golang); C++ by default.")
    ] = None,
) -> int:
    """Makes the folder, and says how to go on.

    Returns:
        The exit code: 0, or 2 for a mistake in the command.
    """
    folder = name.expanduser()
    chosen = template or ("any" if language is not None else "python")
    check, evolve = (called(command, script) for command, script in (("check", "check_task"), ("evolve", "evolve")))
    last = typed(Path(os.path.abspath(folder)).name)
    commands = f"Look at it with `{check} {last}`, and run it with `{evolve} {last}`.\n"
    made = make_task(folder, chosen, language, commands=commands)
    console = screen()
    say(console, f"{folder} ({chosen}{f', {made.language}' if made.language else ''})")
    for path in made.files:
        say(console, f"  {path}")
    if made.missing:
        say(console, f"{made.missing} is not on this machine's PATH: install it before you go on", style="yellow")
    place = typed(str(folder))
    say(console, f"Look at it:   {check} {place}")
    say(console, f"Run it:       {evolve} {place} --generations 10")
    say(console, f"With a model: {evolve} {place} --model gpt-5-mini --budget 1")
    return EXIT_DONE


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    lead(app)
