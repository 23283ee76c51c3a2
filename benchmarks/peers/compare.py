"""The same cases on us and on the peers, seen from outside."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.model import scripted_model, statistics_of
from benchmarks.table import Row

HERE = Path(__file__).parent
OURS = "ours"
LONGEST = 900.0


def measured(cases: list[Case], environments: Path, repeat: int) -> Iterator[Row]:
    """A row for each case and system; the systems take turns, so that a busy minute hits all of them."""
    systems = {OURS: [sys.executable, "-m", "benchmarks.driver"]}
    for name in ("openevolve", "shinka"):
        python = environments / name / "bin" / "python"
        if python.exists():
            systems[name] = [str(python), str(HERE / f"{name}_driver.py")]
        else:
            print(f"{name}: left out, there is no {python}", file=sys.stderr)
    for case in cases:
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in systems}
        for _ in range(repeat):
            for name, command in systems.items():
                runs[name].append(measure(case, command))
        for name in systems:
            yield median(case, name, runs[name])


def measure(case: Case, command: list[str]) -> dict[str, float]:
    """One run of one system.

    Returns:
        Seconds of the whole process; of the work, from the first call at the model server to the end
        of the last evaluation; and how many evaluations there were, the seed program's left out.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name, scripted_model(case.latency) as url:
        folder = Path(name)
        options = case.options | {"url": url, "results": str(folder / "results")}
        stamps = folder / "stamps"
        stamps.mkdir()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        environment |= {
            "BENCH_TASK": json.dumps({"sleep": case.evaluation, "folder": str(stamps)}),
            "HOME": str(folder),
            "PREFECT_HOME": str(folder / "prefect"),
        }
        began = time.time()
        with (folder / "log").open("w+") as log:
            done = subprocess.run(
                [*command, json.dumps(options)], env=environment, stdout=log, stderr=log, timeout=LONGEST
            )
            seconds = time.time() - began
            log.seek(0)
            if done.returncode:
                raise SystemExit(f"{command[-1]} failed on {case.name}:\n{log.read()[-3000:]}")
        calls: dict[str, Any] = statistics_of(url)
        ends = [path.stat().st_mtime for path in folder.rglob("metrics.json") if "best" not in path.parts]
    return {
        "whole": seconds,
        "work": max(ends) - (calls["born"] + calls["first"]),
        "evaluations": len(ends) - 1,
        "start": calls["born"] + calls["first"] - began,
    }


def median(case: Case, system: str, runs: list[dict[str, float]]) -> Row:
    """The medians of one system's runs of a case; speed counts the evaluations that there were."""
    work = statistics.median(run["work"] for run in runs)
    evaluations = statistics.median(run["evaluations"] for run in runs)
    return {
        "case": case.name,
        "system": system,
        "evaluations": round(evaluations),
        "first call s": round(statistics.median(run["start"] for run in runs), 1),
        "work s": round(work, 1),
        "evaluations/s": round(evaluations / work, 1),
        "efficiency": round(case.ideal / work, 2),
        "whole process s": round(statistics.median(run["whole"] for run in runs), 1),
    }
