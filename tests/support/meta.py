"""Runs without Prefect for tests of what is asked about the search."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from shinka_core.config import DatabaseConfig, EvolutionConfig, InProcessJobConfig
from shinka_core.run import Run, open_run
from shinka_core.settings import RunSettings


@asynccontextmanager
async def opened(
    folder: Path, url: str, *, resume: bool = False, program: str = "x = 1\n", **evolution: Any
) -> AsyncGenerator[Run, None]:
    """A run that has begun nothing, with a scripted model."""
    (folder / "initial.py").write_text(program)
    (folder / "evaluate.py").write_text("def evaluate(program_path, results_dir): return {'combined_score': 1.0}\n")
    fields: dict[str, Any] = {
        "num_generations": 1, "init_program_path": str(folder / "initial.py"), "llm_models": ["scripted"],
        "llm_base_url": url, "unknown_prices": "warn", "max_api_costs": None,
    }  # fmt: skip
    settings = RunSettings(
        "meta", folder / "results", EvolutionConfig(**fields | evolution),
        InProcessJobConfig(eval_program_path=str(folder / "evaluate.py")), DatabaseConfig(),
    )  # fmt: skip
    async with open_run(settings, resume=resume) as run:
        yield run
