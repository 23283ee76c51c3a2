"""A place for evaluations in a sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.launch import LocalLauncher
from shinka_core.program import Evaluation
from tests.shinka_core.launch.test_local import EVALUATOR
from tests.support.launching import asked


class Place:
    """A task's folder and a run's, in a home folder of their own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.task = folder / "task"
        self.run = folder / "run"
        for made in (self.home, self.task, self.run):
            made.mkdir()
        monkeypatch.setenv("HOME", str(self.home))
        (self.task / "evaluate.py").write_text(EVALUATOR)

    async def evaluation(self, code: str, hidden: list[Path] | None = None, **fields: Any) -> Evaluation:
        evaluator = str(fields.pop("evaluator", self.task / "evaluate.py"))
        config = LocalJobConfig(eval_program_path=evaluator, isolation="sandbox", **fields)
        launcher = LocalLauncher(config, hidden=[self.run] if hidden is None else hidden)
        generation = fields.get("run", self.run) / "gen_1"
        generation.mkdir(exist_ok=True)
        (generation / "main.py").write_text(code)
        try:
            return await launcher.result(
                await launcher.submit(asked(launcher, generation / "main.py", generation / "results"))
            )
        finally:
            await launcher.close()

    async def told(self, expression: str, hidden: list[Path] | None = None, **fields: Any) -> Any:
        found = await self.evaluation(f"import pathlib\nresult(1.0, public={{'told': {expression}}})", hidden, **fields)
        assert found.correct, found.error
        return found.public_metrics["told"]
