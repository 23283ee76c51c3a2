"""`python flows/import.py RUN`: a run of another system as a finished evolution of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from flows.called import called, version
from flows.terminal.command import EXIT_CODES, EXIT_DONE, completed, lead
from shinka_core.config import DatabaseConfig
from shinka_core.naming import Place, give_back, take_place

app = App(
    name=called("import"),
    help="Import a run of ShinkaEvolve (its results folder or database) or OpenEvolve (a checkpoint folder) as a finished "
    "evolution: for exports and reports, and to begin with its best programs (--warm-start, which takes such a run as it is "
    f"too).\n\n{EXIT_CODES}",
    help_format="plaintext",
    version=version,
)


@app.default
def import_command(
    run: Annotated[str, Parameter(help="Results folder, database or checkpoint of the other system; it is only read.")],
    /,
    *,
    name: Annotated[
        str | None, Parameter(help="Name of the evolution; made from that of the folder by default.")
    ] = None,
    results: Annotated[Path | None, Parameter(help="Results folder; results/<name> by default.")] = None,
    database: Annotated[
        str | None, Parameter(help="SQLite file or URL, instead of a file in the results folder.")
    ] = None,
    score: Annotated[
        str | None, Parameter(help="The metric that is the score, larger is better, where it is not combined_score.")
    ] = None,
) -> int:
    """Imports a run and says what came of it."""
    # Imported here: a mistake in the command is told before the database is loaded.
    from shinka_core.imports.conversion import convert
    from shinka_core.imports.places import read_foreign
    from shinka_core.whereabouts import write_mark

    foreign = read_foreign(run, score)
    config = DatabaseConfig() if database is None else DatabaseConfig(db_path=database)
    place = take_place("", config, name=name or foreign.name, results_dir=results)
    try:
        count = completed(convert(foreign, config, place.results_dir, place.name))
        write_mark(place, config)
    except BaseException:
        _take_back(place, config)
        raise
    finally:
        give_back(place)
    lines = [
        f"{place.results_dir}: {count} programs of {foreign.system}'s {str(foreign.place)!r} as {place.name!r}",
        f"  export     {called('export')} {place.results_dir} --to csv",
        f"  begin with {called('evolve')} TASK --warm-start {place.results_dir}",
    ]
    Console(highlight=False, soft_wrap=True).print("\n".join(lines), markup=False, emoji=False)
    return EXIT_DONE


def _take_back(place: Place, config: DatabaseConfig) -> None:
    """Removes the file that was begun: half a run is none."""
    path = config.db_path or ""
    if "://" not in path and not Path(path).is_absolute():
        for file in place.results_dir.glob(f"{Path(path).name}*"):
            if file.is_file():
                file.unlink()


def main() -> None:
    """Runs the command and leaves with its exit code."""
    lead(app)
