"""The scripted model that every system under measurement talks to."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@contextmanager
def scripted_model(latency: float, faults: tuple[str, ...] = (), *, cache: bool = False) -> Generator[str, None, None]:
    """A model server in a process of its own; yields its URL, which ends in /v1.

    Args:
        cache: Count the tokens of prompts, and those read before, as a provider's cache does.
    """
    arguments = [argument for fault in faults for argument in ("--fault", fault)] + ["--cache"] * cache
    with served("tests.support.model_server", "--latency", str(latency), *arguments) as url:
        yield url


@contextmanager
def served(module: str, *arguments: str) -> Generator[str, None, None]:
    """A model server in a process of its own; yields the URL that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def statistics_of(url: str) -> dict[str, Any]:
    """What a model server tells about the requests it had: see `tests/support/model_server.py` and `benchmarks/search/model_server.py`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url.removesuffix('/v1')}/stats") as answer:
        return json.load(answer)
