"""The face: the names that users import, and nothing else.

Loaded on first use, because every evaluator imports `shinka.core`, and none of them should wait
for the orchestrator.
"""

from __future__ import annotations

TYPE_CHECKING = False  # a type checker takes it for True; `typing` itself takes milliseconds to load
if TYPE_CHECKING:
    from flows.runner import AsyncEvolutionRunner
    from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
    from shinka_core.database import AsyncProgramDatabase
    from shinka_core.llm import AsyncLLMClient
    from shinka_core.novelty import AsyncNoveltyJudge

__version__ = "0.1.0"
__all__ = [
    "AsyncEvolutionRunner",
    "AsyncLLMClient",
    "AsyncNoveltyJudge",
    "AsyncProgramDatabase",
    "DatabaseConfig",
    "EvolutionConfig",
    "LocalJobConfig",
]

_HOMES = {
    "AsyncEvolutionRunner": "flows.runner",
    "AsyncLLMClient": "shinka_core.llm",
    "AsyncNoveltyJudge": "shinka_core.novelty",
    "AsyncProgramDatabase": "shinka_core.database",
    "DatabaseConfig": "shinka_core.config",
    "EvolutionConfig": "shinka_core.config",
    "LocalJobConfig": "shinka_core.config",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from shinka_core.own_packages import own_module

    return getattr(own_module(_HOMES[name]), name)
