"""Measures and writes the tables of docs/scaling.md: `python -m benchmarks.scaling [--size N] [--way NAME] [--part PART]`.

Without a choice: claims; 100 and 1,000 evaluations at once in every way; 10,000 without the flows. An hour on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scaling import claims, load
from benchmarks.table import Row, measure

WAYS = {way.name: way for way in load.WAYS}
USUAL = {True: (100, 1_000), False: (100, 1_000, 10_000)}


def main() -> None:
    """Measures, prints and writes."""
    arguments = _arguments()
    measure(_chosen(arguments), arguments.output, "scaling")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=["claims", "load"], help="only this part (repeatable)")
    parser.add_argument("--size", action="append", type=int, help="evaluations at once (repeatable)")
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this way to run (repeatable)")
    parser.add_argument(
        "--spread",
        type=float,
        default=0.0,
        help="seconds in which all evaluations end; a 100th of their number by default",
    )
    parser.add_argument("--proposals", type=int, default=100, help="proposals at once")
    parser.add_argument(
        "--output", type=Path, default=Path("bench-results"), help="folder for scaling.md and scaling.json"
    )
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> Iterator[tuple[str, Iterator[Row]]]:
    parts = arguments.part or ["claims", "load"]
    if "claims" in parts:
        yield "Claims", claims.measured()
    if "load" in parts:
        yield "Evaluations at once", _load(arguments)


def _load(arguments: argparse.Namespace) -> Iterator[Row]:
    for name in arguments.way or WAYS:
        way = WAYS[name]
        sizes = arguments.size or USUAL[way.server is not None]
        yield from load.measured([way], list(sizes), arguments.spread, arguments.proposals)


if __name__ == "__main__":
    main()
