"""A short run that is told to a tracker, without an orchestrator."""

from __future__ import annotations

from pathlib import Path

from shinka_core.callbacks import telling
from shinka_core.control import RunControl
from shinka_core.program import Failure
from shinka_core.trackers import Tracker
from tests.shinka_core.database.test_programs import opened, program
from tests.support.recorded import HOSTILE, begun

SETTINGS = {"evolution": {"llm_models": ["a"], "task_sys_msg": HOSTILE * 30, "ideas": {"every": 3}, "reviewer": None}}


async def track(tracker: Tracker, folder: Path) -> None:
    """Four generations, one of them failed; a second call on the same folder goes on with four more."""
    (folder / "best" / "program").mkdir(parents=True, exist_ok=True)
    (folder / "best" / "program" / "main.py").write_text(f"# {HOSTILE}\n")
    (folder / "summary.json").write_text("{}")
    known = (folder / "e.sqlite").exists()
    async with opened(folder) as db:
        await (db.resume("run") if known else db.begin("run", seed=0, settings={}))
        first, best = (4, 2.0) if known else (0, None)
        run = begun(
            folder, settings=SETTINGS, ended=first, best_score=best, failures={"query: unlucky": 1} if known else {}
        )
        async with telling([tracker], db, run, RunControl()) as told:
            for number, score in ((0, 1.0), (1, None)):
                await db.add(program(first + number, score), None)
            await db.journal.claim(first + 3)
            await db.journal.fail(first + 3, Failure("query", "unlucky", HOSTILE))
            await db.add(program(first + 2, first + 2.0), None)
            told.ends(await db.summary())
