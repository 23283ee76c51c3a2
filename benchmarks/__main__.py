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
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.cases import CASES, Case


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--case", action="append", choices=[case.name for case in CASES], help="only this case (repeatable)"
    )
    parser.add_argument("--repeat", type=int, default=1, help="runs of each case; the median is reported")
    parser.add_argument("--output", type=Path, default=Path("bench-results"), help="folder for bench.md and bench.json")
    arguments = parser.parse_args()
    chosen = [case for case in CASES if (case.name in arguments.case if arguments.case else case.default)]
    rows = []
    for case in chosen:
        runs = [measure(case) for _ in range(arguments.repeat)]
        row = median(case, runs)
        rows.append(row)
        print(markdown([row], head=len(rows) == 1), flush=True)
    about = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB",
        "python": platform.python_version(),
        "prefect": version("prefect"),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
        ).stdout.strip(),
        "date": time.strftime("%Y-%m-%d"),
        "repeat": arguments.repeat,
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "bench.json").write_text(json.dumps({"about": about, "rows": rows}, indent=2))
    title = ", ".join(f"{key} {value}" for key, value in about.items())
    (arguments.output / "bench.md").write_text(f"{title}\n\n{markdown(rows)}\n")


def measure(case: Case) -> dict[str, Any]:
    """One run: model server, Prefect server and driver as processes of their own."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    home = Path(os.environ.get("BENCH_PREFECT_HOME", str(Path(tempfile.gettempdir()) / "bench-prefect")))
    home.mkdir(exist_ok=True)
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
    return result | {"cpu": meter.cpu, "memory": meter.peak, "driver_memory": meter.driver_peak}


class Meter:
    """CPU and memory of a process and all below it, without the evaluations it starts and reaps."""

    def __init__(self, pid: int) -> None:
        self.cpu = 0.0
        self.peak = 0.0
        self.driver_peak = 0.0
        self._process = psutil.Process(pid)
        self._seen: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch; `cpu` is then final."""
        self._ended.set()
        self._thread.join()
        self.cpu = sum(self._seen.values())

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            try:
                tree = [self._process, *self._process.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            total = 0.0
            for process in tree:
                try:
                    times, memory = process.cpu_times(), process.memory_info().rss / 1e6
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
                self._seen[process.pid] = times.user + times.system
                total += memory
                if process.pid == self._process.pid:
                    self.driver_peak = max(self.driver_peak, memory)
                    self._seen[-1] = times.children_user + times.children_system
            self.peak = max(self.peak, total)


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
        "tree MB": round(statistics.median(run["memory"] for run in runs)),
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
