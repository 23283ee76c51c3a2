"""What Prometheus reads of a run over HTTP is what its database says, also when the run was killed and goes on."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from flows.metrics.loop_lag import LoopLag
from tests.support.prefect import ROOT, environment_for, free_port
from tests.support.runs import TASK, Records, begin, command, model_server, wait_until
from tests.support.scraping import Scrape, scraped

PRICED = """
evolution:
  llm_prices: {m: {input: 3.0, output: 15.0}}
  max_patch_attempts: 1
  max_patch_resamples: 1
  ideas: null
  tuning: null
  max_api_costs: 50
database: {num_islands: 2}
"""


def at_rest(port: int, ended: int) -> bool:
    """Whether so many generations have ended, and the run is paused with nothing in flight."""
    found = scraped(port)
    if found is None or found.sum("shinka_generations_total") < ended:
        return False
    still = not found.sum("shinka_slots_held", of="proposals") and not found.sum("shinka_slots_held", of="evaluations")
    return bool(found.one("shinka_state", state="paused")) and still and not found.one("shinka_waiting", of="writes")


def assert_same(found: Scrape, read: Records) -> None:
    """Every figure against the tables."""
    ends = {str(state): count for state, count in read("SELECT state, count(*) FROM generations GROUP BY state")}
    programs = read("SELECT correct, island, count(*) FROM programs WHERE generation >= 0 GROUP BY correct, island")
    for correct, island, count in programs:
        outcome = "correct" if correct else "incorrect"
        assert found.one("shinka_generations_total", outcome=outcome, island=str(island)) == count
    assert sum(count for _, _, count in programs) == ends["recorded"]
    assert found.sum("shinka_failures_total") == ends.get("failed", 0)
    assert found.sum("shinka_generations_total") == ends["recorded"] + ends.get("failed", 0)
    calls = read(
        "SELECT purpose, status, count(*), sum(input_tokens), sum(output_tokens), sum(cost) FROM model_calls "
        "WHERE model = 'm' GROUP BY purpose, status"
    )
    assert calls
    for purpose, status, count, *_ in calls:
        assert found.one("shinka_model_calls_total", model="m", purpose=purpose, status=status) == count
    tokens = found.by("kind", "shinka_model_tokens_total", model="m")
    assert (tokens["input"], tokens["output"]) == (sum(row[3] for row in calls), sum(row[4] for row in calls))
    assert found.one("shinka_model_dollars_total", model="m") == pytest.approx(sum(row[5] for row in calls))
    ((best, seconds),) = read(
        "SELECT max(score), sum(evaluation_seconds) FROM programs WHERE correct AND generation >= 0"
    )
    assert found.one("shinka_best_score") == best
    assert found.one("shinka_evaluation_seconds_count") == ends["recorded"]
    assert found.one("shinka_evaluation_seconds_sum") == pytest.approx(seconds)
    assert found.one("shinka_evaluation_seconds_bucket", le="+Inf") == ends["recorded"]
    ((starts,),) = read("SELECT count(*) FROM generation_steps WHERE step = 'submitted'")
    assert found.one("shinka_evaluations_started_total") == starts
    assert found.one("shinka_budget_dollars") == 50


@pytest.mark.slow
def test_the_figures_are_those_of_the_database_and_a_resumed_run_counts_on(
    tmp_path: Path, database_url: str | None, prefect_api: str, prefect_home: Path
) -> None:
    results, port = tmp_path / "r", free_port()
    (tmp_path / "c.yaml").write_text(PRICED)
    here = {"api": prefect_api, "home": prefect_home}
    database = ["--database", database_url] if database_url else []
    name = f"measured-{time.time_ns()}"
    with (
        model_server("--latency", "0.1", "--fault", "no_code=0.3", "--fault", "error_500=0.1") as model,
        ExitStack() as stack,
    ):
        run = begin(
            str(TASK), "--generations", "400", "--model", "m", "--base-url", model.url, "--config", str(tmp_path / "c.yaml"),
            "--results", str(results), "--metrics", str(port), "--name", name, *database, **here,
        )  # fmt: skip
        stack.callback(run.kill)
        wait_until(lambda: (found := scraped(port)) is not None and found.sum("shinka_generations_total") >= 8)
        (results / "pause").touch()
        wait_until(lambda: at_rest(port, 8))
        read = Records(results, f"{database_url}" if database_url else "")
        before = Scrape(port)
        assert_same(before, OfRun(read, name))
        assert before.one("shinka_event_loop_lag_seconds_count") > 4
        assert before.one("shinka_commits_total") > 8
        assert before.one("process_resident_memory_bytes") > 50e6
        run.kill()
        run.wait()

        # Its port is kept with the run.
        again = begin("--resume", "--results", str(results), **here)
        stack.callback(again.kill)
        wait_until(lambda: at_rest(port, 8))
        assert_same(Scrape(port), OfRun(read, name))
        first = before.sum("shinka_generations_total")
        assert Scrape(port).sum("shinka_generations_total") >= first
        (results / "pause").unlink()
        wait_until(lambda: (found := scraped(port)) is not None and found.sum("shinka_generations_total") >= first + 8)
        (results / "pause").touch()
        wait_until(lambda: at_rest(port, int(first) + 8))
        assert_same(Scrape(port), OfRun(read, name))
        again.terminate()
        output, _ = again.communicate(timeout=180)
        assert f"http://127.0.0.1:{port}/metrics" in output
        assert scraped(port) is None


class OfRun:
    """Reads what is one evolution's, in a database that holds those of other tests."""

    def __init__(self, read: Records, name: str) -> None:
        self._read, self._name = read, name

    def __call__(self, query: str) -> list[tuple]:
        mine = f"evolution = '{self._name}'"
        head, group, tail = query.partition(" GROUP BY")
        return self._read(f"{head} {'AND' if ' WHERE ' in head else 'WHERE'} {mine}{group}{tail}")


@contextmanager
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_taken_is_told_before_anything_begins(tmp_path: Path) -> None:
    with taken() as port:
        done = command(str(TASK), "--results", str(tmp_path / "r"), "--metrics", str(port))
    assert done.returncode == 2
    assert f"metrics_port={port} (--metrics) cannot be had at 127.0.0.1 (Address already in use)" in done.stderr
    assert not (tmp_path / "r" / "evolution.sqlite").exists()


def test_a_port_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    done = command(str(TASK), "--results", str(tmp_path / "r"), "--metrics", "70000")
    assert done.returncode == 2
    assert "metrics_port" in done.stderr


TWO = f"""
import asyncio, sys
from shinka import AsyncEvolutionRunner, EvolutionConfig, LocalJobConfig

def runner(name):
    return AsyncEvolutionRunner(
        EvolutionConfig(init_program_path={str(TASK / "initial.py")!r}, num_generations=100_000, results_dir=name,
                        embedding_model=None, metrics_port=int(sys.argv[1])),
        LocalJobConfig(eval_program_path={str(TASK / "evaluate.py")!r}, isolation="limits"), max_proposal_jobs=1,
        verbose=False, name=name,
    )

async def main():
    async with asyncio.TaskGroup() as group:
        runners = {{name: runner(name) for name in "ab"}}
        for one in runners.values():
            group.create_task(one.run())
        for _ in range(2):
            runners[(await asyncio.to_thread(sys.stdin.readline)).strip()].stop()

asyncio.run(main())
"""


@pytest.mark.slow
def test_runs_of_one_process_share_the_endpoint(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", TWO, str(port)], cwd=tmp_path, stdin=subprocess.PIPE, text=True,
        env=environment_for(prefect_api, prefect_home, PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    assert process.stdin is not None
    try:
        both = {"a", "b"}
        wait_until(
            lambda: (
                (found := scraped(port)) is not None
                and set(ended := found.by("evolution", "shinka_generations_total")) == both
                and min(ended.values()) >= 2
            )
        )
        process.stdin.write("a\n")
        process.stdin.flush()
        wait_until(lambda: (found := scraped(port)) is not None and set(found.by("evolution", "shinka_state")) == {"b"})
        process.stdin.write("b\n")
        process.stdin.flush()
        assert process.wait(timeout=180) == 0
    finally:
        process.kill()
        process.wait()


async def test_a_loop_that_stands_still_is_seen_meanwhile_and_afterwards() -> None:
    seen: list[float] = []
    async with LoopLag() as lag:
        await asyncio.sleep(0.3)

        def look() -> None:
            time.sleep(0.7)
            seen.append(lag.overdue)

        thread = threading.Thread(target=look)
        thread.start()
        time.sleep(0.9)
        thread.join()
        await asyncio.sleep(0.05)
        assert sum(lag.spread.counts[lag.spread.bounds.index(1.0) :]) == 1
    assert 0.3 < seen[0] < 0.8
    assert 0.4 < lag.spread.total < 1.2
