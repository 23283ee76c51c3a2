"""Our own orchestration against the ideal: the cases of `cases.py`."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.cases import WARM_UP, Case
from benchmarks.meter import Meter
from benchmarks.model import scripted_model
from benchmarks.table import Row


def measured(cases: list[Case], repeat: int) -> Iterator[Row]:
    """One row for each case: the median of some runs, each on a copy of one small Prefect home."""
    warm = Path(tempfile.mkdtemp(prefix="bench-prefect-"))
    try:
        measure(WARM_UP, warm)
        for case in cases:
            yield median(case, [measure_from(case, warm) for _ in range(repeat)])
    finally:
        shutil.rmtree(warm, ignore_errors=True)


def measure_from(case: Case, warm: Path) -> dict[str, Any]:
    """One run on a copy of a Prefect home: every run finds the same server database, one that exists and is small."""
    home = Path(tempfile.mkdtemp(prefix="bench-prefect-"))
    try:
        shutil.copytree(warm, home, dirs_exist_ok=True)
        return measure(case, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def measure(case: Case, home: Path) -> dict[str, Any]:
    """One run: model server, Prefect server and driver as processes of their own."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    environment = {**os.environ, "PREFECT_HOME": str(home), "OPENAI_API_KEY": "none"}
    environment.pop("PREFECT_API_URL", None)
    with scripted_model(case.latency, case.faults) as url:
        options = case.options | {"url": url, "results": str(folder / "results")}
        began = time.time()
        driver = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.driver", json.dumps(options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        meter = Meter(driver.pid)
        output, errors = driver.communicate()
        meter.stop()
    shutil.rmtree(folder, ignore_errors=True)
    if driver.returncode:
        raise SystemExit(f"{case.name} failed:\n{errors[-3000:]}")
    result = json.loads(output.strip().splitlines()[-1])
    start_cpu = meter.cpu_until(result["first_sampling"])
    return result | {
        "startup": result["first_sampling"] - began,
        "start_cpu": start_cpu,
        "cpu": meter.cpu - start_cpu,
        "evaluators": meter.evaluators,
        "memory": meter.peak("driver", "server", "others"),
        "steady": meter.peak("driver", "server"),
        "driver_memory": meter.peak("driver"),
    }


def median(case: Case, runs: list[dict[str, Any]]) -> Row:
    """The medians of a case's runs."""
    seconds = statistics.median(run["seconds"] for run in runs)
    return {
        "case": case.name,
        "N": case.generations,
        "L": case.latency,
        "E": case.evaluation,
        "P=K": case.width,
        "novelty": "on" if case.novelty else "off",
        "ideal s": round(case.ideal, 2),
        "actual s": round(seconds, 2),
        "efficiency": round(case.ideal / seconds, 3),
        "gen/s": round(case.generations / seconds, 2),
        "CPU s/gen": round(statistics.median(run["cpu"] for run in runs) / case.generations, 3),
        "evaluators": round(statistics.median(run["evaluators"] for run in runs) / case.generations, 3),
        "driver+server MB": round(statistics.median(run["steady"] for run in runs)),
        "with evaluators MB": round(statistics.median(run["memory"] for run in runs)),
        "driver MB": round(statistics.median(run["driver_memory"] for run in runs)),
        "start s": round(statistics.median(run["startup"] for run in runs), 1),
        "start CPU s": round(statistics.median(run["start_cpu"] for run in runs), 1),
        "programs": min(run["programs"] for run in runs),
        "failed": max(sum(run["failures"].values()) for run in runs),
    }
