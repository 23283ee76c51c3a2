"""`python flows/export.py RESULTS --to FORM`: an evolution in a form that others read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console

from flows.called import called, version
from flows.terminal.command import EXIT_CODES, EXIT_DONE, completed, lead
from shinka_core.config.starting import split_run
from shinka_core.naming import default_results_dir

Form = Literal["parquet", "csv", "jsonl", "git", "shinka"]

app = App(
    name=called("export"),
    help="Export an evolution, also while it runs: tables (parquet, csv, jsonl), the history of the best as a git "
    f"repository (git), or the database of ShinkaEvolve for its viewer (shinka).\n\n{EXIT_CODES}",
    help_format="plaintext",
    version=version,
)


@app.default
def export_command(
    where: Annotated[
        str, Parameter(help="Results folder or database of the run; `:name` after it for one of several.")
    ],
    /,
    *,
    to: Annotated[Form, Parameter(help="The form.")],
    name: Annotated[str | None, Parameter(help="Name of the run, where the database has several.")] = None,
    out: Annotated[
        Path | None,
        Parameter(help="Folder to write into; exports/FORM in the results folder, of a database NAME-FORM here."),
    ] = None,
    texts: Annotated[
        bool, Parameter(negative="", help="With the questions and answers of models, in tables and shinka.")
    ] = False,
    overwrite: Annotated[
        bool,
        Parameter(negative="", help="Replace the files of an earlier export; a git repository is continued anyway."),
    ] = False,
) -> int:
    """Exports an evolution and says what was written."""
    # Imported here: a mistake is told before the database is loaded.
    from shinka_core.database import EvolutionReader
    from shinka_core.exports.forms import FORMS
    from shinka_core.exports.order import Order, Written

    place, named = split_run(where)

    async def export() -> Written:
        async with EvolutionReader.open(place, name or named) as reader:
            folder = out or _default_folder(place, reader.name, to)
            return await FORMS[to](reader, Order(folder.expanduser(), texts=texts, overwrite=overwrite))

    written = completed(export())
    counts = ", ".join(f"{count} {what}" for what, count in written.counts.items())
    lines = [f"{written.place}: {counts}", *(f"  note  {note}" for note in written.notes)]
    Console(highlight=False, soft_wrap=True).print("\n".join(lines), markup=False, emoji=False)
    return EXIT_DONE


def _default_folder(place: str, name: str, form: Form) -> Path:
    folder = Path(place).expanduser()
    if "://" not in place and folder.is_dir():
        return folder / "exports" / form
    return Path(f"{default_results_dir(name).name}-{form}")


def main() -> None:
    """Runs the command and leaves with its exit code."""
    lead(app)
