"""Runs what a table needs and has not, and writes it: `python -m benchmarks.search --table main --seeds 0-9`.

Runs are kept as lines in the folder of the results; one that is there is not made again, so that a stopped
command goes on where it was. Peers run in environments of their own in the folder PEERS
(`benchmarks/search/peers/__init__.py` says how they are made); without it their rows are left out.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from benchmarks.search.comparison import lines
from benchmarks.search.results import Results
from benchmarks.search.systems import PEERS, SYSTEMS
from benchmarks.search.table import section, summary
from benchmarks.search.tables import TABLES, Table
from benchmarks.search.tasks import TASKS
from benchmarks.search.trace import Trace
from benchmarks.search.whole import RunError
from benchmarks.table import about

# System, task, seed, evaluations.
Job = tuple[str, str, int, int]


def main() -> None:
    """Runs, prints and writes."""
    # Ended from outside, a run ends what it started.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    arguments = _arguments()
    table = TABLES[arguments.table]
    tasks: Sequence[str] = arguments.tasks or table.tasks
    systems: Sequence[str] = arguments.systems or _there(table)
    evaluations: int = arguments.evaluations or table.evaluations
    results = Results(arguments.results)
    wanted = [
        (system, task, seed, evaluations)
        for seed in arguments.seeds
        for task in tasks
        for system in systems
        if seed not in results.seeds(system, task, evaluations)
    ]
    failed = 0 if arguments.only_write else _run(wanted, results, arguments.jobs)
    text = _written(table, results, tasks, systems, evaluations, arguments.seeds)
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / f"{arguments.table}-{evaluations}.md"
    path.write_text(text)
    print(f"{text}\n{path}")
    if failed:
        raise SystemExit(f"{failed} of {len(wanted)} runs failed; the same command makes them again")


def _written(
    table: Table, results: Results, tasks: Sequence[str], systems: Sequence[str], evaluations: int, seeds: Sequence[int]
) -> str:
    chosen = set(seeds)
    runs = {
        task: {
            system: [run for run in results.of(system, task, evaluations) if run.seed in chosen] for system in systems
        }
        for task in tasks
    }
    found = lines(runs, TASKS, evaluations, table.reference)
    facts = ", ".join(f"{name} {value}" for name, value in about(len(seeds)).items() if name != "repeat")
    parts = [
        f"## {table.title}",
        f"{evaluations} evaluations, seeds {min(seeds)} to {max(seeds)}; {facts}.",
        summary(found, table.reference),
        *(section(TASKS[task], its, table.reference) for task, its in found.items() if its),
    ]
    return "\n\n".join(parts)


def _run(wanted: Sequence[Job], results: Results, jobs: int) -> int:
    """Makes the runs and keeps them; how many failed."""
    failed = 0
    for number, (job, made) in enumerate(_made(wanted, jobs), start=1):
        system, task, seed, evaluations = job
        where = f"{number}/{len(wanted)} {system} {task} {seed}"
        if isinstance(made, Trace):
            results.add(made, evaluations)
            print(f"{where}: {made.best(evaluations):.6g}", file=sys.stderr, flush=True)
        else:
            failed += 1
            print(f"{where}: {made}", file=sys.stderr, flush=True)
    return failed


def _made(wanted: Sequence[Job], jobs: int) -> Iterator[tuple[Job, Trace | RunError]]:
    if jobs == 1:
        yield from ((job, one(job)) for job in wanted)
        return
    with ProcessPoolExecutor(jobs) as pool:
        asked = {pool.submit(one, job): job for job in wanted}
        try:
            for done in as_completed(asked):
                yield asked[done], done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def one(job: Job) -> Trace | RunError:
    """One run, or why there is none."""
    system, task, seed, evaluations = job
    try:
        return SYSTEMS[system].run(system, TASKS[task], seed, evaluations)
    except RunError as error:
        return error


def _there(table: Table) -> Sequence[str]:
    """The table's systems, without the peers where there is no folder of them."""
    if os.environ.get("PEERS"):
        return table.systems
    left_out = [name for name in table.systems if name in PEERS]
    if left_out:
        print(f"PEERS names no folder: without {', '.join(left_out)}", file=sys.stderr)
    return [name for name in table.systems if name not in PEERS]


def _seeds(text: str) -> list[int]:
    """`0-9` or `3`."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", choices=list(TABLES), default="main")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), help="only these")
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), help="these instead of the table's")
    parser.add_argument("--seeds", type=_seeds, default=_seeds("0-9"), help="first and last, as 0-9")
    parser.add_argument("--evaluations", type=int, help="after the seed program's; the table's by default")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once")
    parser.add_argument("--results", type=Path, default=Path("search-results"), help="folder of the runs")
    parser.add_argument("--only-write", action="store_true", help="write the table from the runs that there are")
    return parser.parse_args()


if __name__ == "__main__":
    main()
