"""Measures and writes tables: `python -m benchmarks [--case NAME] [--servers] [--deployed] [--peers] [--cost] [--repeat N]`.

Without a choice: the default cases of the orchestration, and the peers when PEERS names the folder of
their environments (`benchmarks/peers`).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks import cost, deployed, orchestration, servers
from benchmarks.cases import AGAINST_PEERS, CASES
from benchmarks.peers import compare
from benchmarks.table import Row, measure

SERVERS = {kind.name: kind for kind in servers.KINDS}


def main() -> None:
    """Measures, prints and writes."""
    arguments = _arguments()
    measure(_chosen(arguments), arguments.output, "bench", arguments.repeat)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [case.name for case in CASES]
    parser.add_argument("--case", action="append", choices=names, help="only this case (repeatable)")
    parser.add_argument("--all", action="store_true", help="every case; takes an hour")
    parser.add_argument("--servers", action="store_true", help="whole commands on each Prefect server")
    parser.add_argument("--server", action="append", choices=list(SERVERS), help="only this server (repeatable)")
    parser.add_argument(
        "--deployed", action="store_true", help="the same cases by command and by deployment, on each server"
    )
    parser.add_argument("--peers", action="store_true", help="only against the peers, in the folder PEERS")
    parser.add_argument("--cost", action="store_true", help="only what prompts cost, of peers too if PEERS is set")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the median is reported")
    parser.add_argument("--output", type=Path, default=Path("bench-results"), help="folder for bench.md and bench.json")
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> Iterator[tuple[str, Iterator[Row]]]:
    environments, named = os.environ.get("PEERS"), set(arguments.case or ())
    narrowed = arguments.servers or arguments.server or arguments.peers or arguments.cost or arguments.deployed
    if arguments.peers and not environments:
        raise SystemExit("PEERS names no folder; benchmarks/peers/__init__.py says what belongs there")
    if arguments.case or not narrowed:
        cases = [case for case in CASES if (case.name in named if named else case.default or arguments.all)]
        if not arguments.peers:
            yield "Orchestration", orchestration.measured(cases, arguments.repeat)
    if arguments.deployed or arguments.all:
        on = [kind for kind in deployed.SERVERS if not arguments.server or kind.name in arguments.server]
        yield "Deployed", deployed.measured(on, arguments.repeat)
    if arguments.servers or (arguments.server and not arguments.deployed) or arguments.all:
        kinds = [kind for name, kind in SERVERS.items() if not arguments.server or name in arguments.server]
        yield "Servers", servers.measured(kinds, arguments.repeat)
    if arguments.cost or arguments.all:
        yield "Prompts", cost.measured(Path(environments) if environments else None)
    if environments and (arguments.peers or not (narrowed or named)):
        against = [case for case in CASES if case.name in (named or AGAINST_PEERS)]
        yield "Peers", compare.measured(against, Path(environments), arguments.repeat)


if __name__ == "__main__":
    main()
