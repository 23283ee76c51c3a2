"""Does one errand on a node that shares folders with the driver: `python -m shinka_core.launch.elsewhere.agent FILE`.

The file is taken away before anything of the program runs, because the key to sign outcomes with is in it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from shinka_core.launch.elsewhere.doing import do
from shinka_core.launch.elsewhere.errand import Errand, Outcome, leave

ERRAND, OUTCOME, LOG = "errand.json", "outcome.json", "job.log"


def beside(results_dir: Path, name: str) -> Path:
    """Where that lies: not in the folder that the evaluation may write to."""
    return results_dir.with_name(f"{results_dir.name}.{name}")


def hand_over(errand: Errand, key: str) -> Path:
    """Writes the file for a node, readable by this user alone."""
    path = beside(Path(errand.results_dir), ERRAND)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"errand": errand.dump(), "key": key}, file)
    return path


async def _do(errand: Errand) -> Outcome | None:
    """The outcome; None where this was ended from outside, by whoever cancels the job or by Slurm."""
    doing = asyncio.create_task(do(errand))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, doing.cancel)
    try:
        return await doing
    except asyncio.CancelledError:
        return None


def main() -> None:
    """Reads the file that is named, and leaves the outcome beside the results folder."""
    path = Path(sys.argv[1])
    told = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    errand = Errand.load(told["errand"])
    outcome = asyncio.run(_do(errand))
    if outcome is None:
        sys.exit(128 + signal.SIGTERM)
    leave(beside(Path(errand.results_dir), OUTCOME), outcome, told["key"])


if __name__ == "__main__":
    main()
