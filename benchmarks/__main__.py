"""Runs the cases and writes a table: `python -m benchmarks [--case NAME] [--repeat N]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.cases import CASES, WARM_UP, Case


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--case", action="append", choices=[case.name for case in CASES], help="only this case (repeatable)"
    )
    parser.add_argument("--all", action="store_true", help="every case; takes an hour")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each case; the median is reported")
    parser.add_argument("--output", type=Path, default=Path("bench-results"), help="folder for bench.md and bench.json")
    arguments = parser.parse_args()
    chosen = [
        case for case in CASES if (case.name in arguments.case if arguments.case else case.default or arguments.all)
    ]
    rows = []
    warm = Path(tempfile.mkdtemp(prefix="bench-prefect-"))
    measure(WARM_UP, warm)
    for case in chosen:
        runs = [measure_from(case, warm) for _ in range(arguments.repeat)]
        row = median(case, runs)
        rows.append(row)
        print(markdown([row], head=len(rows) == 1), flush=True)
    shutil.rmtree(warm, ignore_errors=True)
    facts = about(arguments.repeat)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "bench.json").write_text(json.dumps({"about": facts, "rows": rows}, indent=2))
    title = ", ".join(f"{key} {value}" for key, value in facts.items())
    (arguments.output / "bench.md").write_text(f"{title}\n\n{markdown(rows)}\n")


def about(repeat: int) -> dict[str, Any]:
    """What the figures were measured on and with."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB",
        "python": platform.python_version(),
        "prefect": version("prefect"),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
        ).stdout.strip(),
        "date": time.strftime("%Y-%m-%d"),
        "repeat": repeat,
    }


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
    faults = [argument for fault in case.faults for argument in ("--fault", fault)]
    model = subprocess.Popen(
        [sys.executable, "-m", "tests.support.model_server", "--latency", str(case.latency), *faults],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert model.stdout is not None
    options = {
        "generations": case.generations,
        "evaluation": case.evaluation,
        "width": case.width,
        "novelty": case.novelty,
        "url": model.stdout.readline().strip(),
        "results": str(folder / "results"),
    }
    environment = {**os.environ, "PREFECT_HOME": str(home), "OPENAI_API_KEY": "none"}
    environment.pop("PREFECT_API_URL", None)
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
    model.kill()
    model.wait()
    shutil.rmtree(folder, ignore_errors=True)
    if driver.returncode:
        raise SystemExit(f"{case.name} failed:\n{errors[-3000:]}")
    result = json.loads(output.strip().splitlines()[-1])
    return result | {
        "cpu": meter.cpu,
        "start_cpu": meter.start_cpu,
        "evaluators": meter.evaluators,
        "memory": meter.peak,
        "steady": meter.steady,
        "driver_memory": meter.driver_peak,
    }


class Meter:
    """CPU and memory of the driver and its Prefect server; evaluators are counted apart.

    Attributes:
        cpu: Seconds of driver and server since the server answered, so without their start.
        start_cpu: Seconds of both before that.
        evaluators: Seconds of all evaluations.
        peak: Largest sum of resident memory of the whole tree, in MB.
        steady: Largest sum of driver and server alone, in MB.
    """

    def __init__(self, pid: int) -> None:
        self.cpu = self.start_cpu = self.evaluators = 0.0
        self.peak = self.steady = self.driver_peak = 0.0
        self._driver = psutil.Process(pid)
        self._server: psutil.Process | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            try:
                self._look()
            except psutil.Error:
                continue

    def _look(self) -> None:
        children = self._driver.children(recursive=True)
        if self._server is None:
            found = (child for child in children if any("uvicorn" in part for part in child.cmdline()))
            self._server = next(found, None)
            return
        if not self._server.is_running() or self._server.status() == psutil.STATUS_ZOMBIE:
            return  # its CPU would now be counted among the driver's children
        own, server = self._driver.cpu_times(), self._server.cpu_times()
        evaluators = own.children_user + own.children_system
        total = own.user + own.system + server.user + server.system
        if not evaluators:
            self.start_cpu = total
        self.cpu, self.evaluators = total - self.start_cpu, evaluators
        driver = self._driver.memory_info().rss / 1e6
        steady = driver + self._server.memory_info().rss / 1e6
        self.driver_peak, self.steady = max(self.driver_peak, driver), max(self.steady, steady)
        others = 0.0
        for child in children:
            if child.pid != self._server.pid:
                with suppress(psutil.Error):
                    others += child.memory_info().rss / 1e6
        self.peak = max(self.peak, steady + others)


def median(case: Case, runs: list[dict[str, Any]]) -> dict[str, Any]:
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
        "programs": min(run["programs"] for run in runs),
        "failed": max(sum(run["failures"].values()) for run in runs),
    }


def markdown(rows: list[dict[str, Any]], *, head: bool = True) -> str:
    """The rows as a table."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])] if head else []
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
