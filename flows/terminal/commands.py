"""`shinka COMMAND ...`: every command of the project under one name, where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from flows.called import version
from shinka_core.own_packages import own_module

EXIT_DONE, EXIT_MISTAKE = 0, 2


@dataclass(frozen=True, slots=True)
class Command:
    """One of them.

    Attributes:
        module: Where its `main` is, which reads `sys.argv`.
        about: What it does, for a person, in a few words.
    """

    module: str
    about: str


# In the order in which a newcomer meets them.
COMMANDS = {
    "new": Command("flows.terminal.new_task", "make a task folder from a template"),
    "check": Command("flows.terminal.check_task", "try a task folder's evaluator before money is spent"),
    "models": Command("flows.terminal.models", "list the models that can be asked from here, and what they cost"),
    "evolve": Command("flows.terminal.main", "evolve a program; continue, join or replay an evolution"),
    "watch": Command("flows.terminal.serving", "serve a live page of evolutions"),
    "report": Command("flows.terminal.reporting", "write a report of evolutions, one HTML file"),
    "export": Command("flows.terminal.exporting", "write an evolution as tables, or as other systems read it"),
    "import": Command("flows.terminal.importing", "read an evolution of ShinkaEvolve or OpenEvolve"),
    "server": Command("flows.server", "serve Prefect with its UI until Ctrl-C"),
}

# What ShinkaEvolve's commands are called behind `shinka_`.
_THEIRS = {"run": "evolve", "launch": "evolve", "visualize": "watch"}


def main() -> None:
    """Runs the command that the first argument names, with the others; leaves with its exit code."""
    code = run(sys.argv[1:])
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Says what there is, or hands over to a command; one that leaves the process by itself does not return."""
    if len(arguments) > 1 and arguments[0] == "help":
        arguments = [arguments[1], "--help"]
    name = arguments[0] if arguments else "--help"
    if name in ("--help", "-h", "help"):
        sys.stdout.write(_help())
        return EXIT_DONE
    if name in ("--version", "-V"):
        sys.stdout.write(f"{version()}\n")
        return EXIT_DONE
    if name not in COMMANDS:
        near = [_THEIRS[name]] if name in _THEIRS else get_close_matches(name, COMMANDS, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COMMANDS)}"
        sys.stderr.write(f"error: {name!r} is no command of shinka; {advice}\n")
        return EXIT_MISTAKE
    sys.argv = [f"shinka {name}", *arguments[1:]]
    return own_module(COMMANDS[name].module).main() or EXIT_DONE


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.about}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: shinka COMMAND ...",
            "",
            "Evolve programs with language models.",
            "",
            *lines,
            "",
            "shinka COMMAND --help says more.",
            "",
        ]
    )
