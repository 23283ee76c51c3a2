"""The command line of the report."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console

from flows.called import called, version
from flows.terminal.command import lead
from flows.terminal.places import read_places
from shinka_core.errors import ConfigError
from shinka_core.report.build import PROMPTS, REPORT, build, write

app = App(name=called("report"), help="Write a report of evolutions as one HTML file that needs nothing else.", help_flags=["--help", "-h"], version=version)  # fmt: skip


@app.default
def report_command(
    results: Annotated[
        list[str],
        Parameter(help="Results folders, or databases with `:name` after them; several stand side by side."),
    ],
    /,
    *,
    out: Annotated[
        Path | None, Parameter(help="File to write; report.html in the first results folder by default.")
    ] = None,
    texts: Annotated[
        Literal["usual", "all", "none"],
        Parameter(help="Prompts and answers: up to a size, all of them, or those of the way to the best alone."),
    ] = "usual",
    quiet: Annotated[bool, Parameter(negative="", help="Print nothing.")] = False,
) -> int:
    """Writes the report.

    Returns:
        The exit code: 0, or 2 for a mistake in the command.
    """
    places = read_places(results)
    if out is None:
        folder = Path(results[0]).expanduser()
        if not folder.is_dir():
            raise ConfigError(f"{results[0]!r} is no results folder to write into; name a file with --out FILE")
        out = folder / REPORT
    prompts = {"usual": PROMPTS, "all": None, "none": 0}[texts]
    page = asyncio.run(build(places, prompts=prompts))
    try:
        write(out.expanduser(), page)
    except OSError as error:
        raise ConfigError(f"--out {str(out)!r} cannot be written ({error.strerror}); name another file") from error
    if not quiet:
        Console(highlight=False, soft_wrap=True).print(
            f"{out.absolute()} ({len(page) / 1e6:.1f} MB)", markup=False, emoji=False
        )
    return 0


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    lead(app)
