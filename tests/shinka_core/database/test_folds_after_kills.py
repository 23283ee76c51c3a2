"""What a resumed process makes of the record is what the killed one had made of it."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shinka_core.database.fresh import fresh_database
from tests.support.folding import Folded
from tests.support.prefect import ROOT

SETTINGS = {
    "weighted": {"num_islands": 3, "archive_size": 5, "migration_rate": 0.3, "migration_interval": 5},
    "power_law": {"num_islands": 2, "archive_size": 3, "parent_selection_strategy": "power_law"},
}


@pytest.mark.slow
@pytest.mark.parametrize("search", SETTINGS)
async def test_after_any_kill_the_folds_are_what_they_were(
    tmp_path: Path, database_url: str | None, search: str
) -> None:
    url = None if database_url is None else await fresh_database(database_url)
    options = {"database": url or "e.sqlite", "folder": str(tmp_path), "settings": SETTINGS[search], "seed": 3}
    rng, compared = random.Random(1), 0
    told: dict[str, str] = {}
    kills = 8
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.folding", json.dumps(options)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        for _ in range(rng.randint(1, 25)):
            line = json.loads(process.stdout.readline())
            told[line["key"]] = line["state"]
        process.send_signal(signal.SIGKILL)
        for rest in process.stdout.read().splitlines():
            line = json.loads(rest)
            told[line["key"]] = line["state"]
        process.wait()
        resumed = Folded(options)
        async with resumed.database:
            await resumed.open(3)
            if resumed.key() in told:  # or it was killed before it could say so
                compared += 1
                assert resumed.state() == told[resumed.key()]
            assert resumed.budget.spent == pytest.approx(resumed.progress.cost)
    assert compared >= kills // 2
