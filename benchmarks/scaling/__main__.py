"""Measures and writes the tables of docs/scaling.md: `python -m benchmarks.scaling [--size N] [--way NAME] [--part PART]`.

Without a choice: claims; 100 and 1,000 evaluations at once in every way; 10,000 without the flows. An hour on two cores.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scaling import claims, load
from benchmarks.table import Row, about, markdown

WAYS = {way.name: way for way in load.WAYS}
USUAL = {True: (100, 1_000), False: (100, 1_000, 10_000)}


def main() -> None:
    """Measures, prints and writes."""
    arguments = _arguments()
    tables: dict[str, list[Row]] = {}
    for title, rows in _chosen(arguments):
        print(f"\n{title}\n")
        for row in rows:
            found = tables.setdefault(title, [])
            found.append(row)
            print(markdown([row], head=len(found) == 1), flush=True)
    facts = about(1)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "scaling.json").write_text(json.dumps({"about": facts, "tables": tables}, indent=2))
    head = ", ".join(f"{key} {value}" for key, value in facts.items())
    text = "\n\n".join(f"## {title}\n\n{markdown(rows)}" for title, rows in tables.items() if rows)
    (arguments.output / "scaling.md").write_text(f"{head}\n\n{text}\n")


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
