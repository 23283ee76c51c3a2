"""Where programs are kept, and what reads them beside a run."""

from __future__ import annotations

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.reader import EvolutionReader
from shinka_core.program import Program
from shinka_core.shinkaevolve.absent import lazily

__all__ = ["AsyncProgramDatabase", "DatabaseConfig", "EvolutionReader", "Program"]

_PROMPTS = "system prompts are rows of the run's database (table system_prompts); EvolutionConfig(system_prompts={}) has them evolve"
TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = lazily(
        "shinka.database",
        {},
        {
            "ProgramDatabase": "use shinka.open(results_dir), which needs no await, or AsyncProgramDatabase",
            "SystemPromptDatabase": _PROMPTS,
            "SystemPrompt": _PROMPTS,
            "SystemPromptConfig": _PROMPTS,
            "create_system_prompt": _PROMPTS,
        },
    )
