"""The face: the names that users import, and nothing else.

Loaded on first use, because every evaluator imports `shinka.core`, and none of them should wait
for the orchestrator. Besides these:

    shinka.core         what evaluators import
    shinka.errors       everything that is raised
    shinka.population   the parts of the search that can be exchanged: protocols, what they see, and where to register
    shinka.operators    ways to make a proposal, and bandits over them
    shinka.launch       where evaluations run
    shinka.beside       reviewers and periodic steps
    shinka.database     the program database, and a reader beside a run
    shinka.trackers     MLflow, Weights & Biases, TensorBoard
    shinka.testing      contracts of those parts, as tests for one's own
"""

from __future__ import annotations

TYPE_CHECKING = False  # a type checker takes it for True; `typing` itself takes milliseconds to load
if TYPE_CHECKING:
    from flows.runner import AsyncEvolutionRunner, run
    from flows.shinkaevolve_runner import ShinkaEvolveRunner
    from shinka_core.callbacks import Callbacks
    from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
    from shinka_core.database import AsyncProgramDatabase, RunSummary
    from shinka_core.errors import ShinkaError
    from shinka_core.llm import AsyncLLMClient
    from shinka_core.novelty import AsyncNoveltyJudge
    from shinka_core.opened import Evolution
    from shinka_core.opened import open as open
    from shinka_core.plots import plot_costs, plot_failures, plot_islands, plot_lineage, plot_progress
    from shinka_core.program import Failure, Program
    from shinka_core.shinkaevolve.environment_file import load_shinka_dotenv

__version__ = "0.1.0"
# Without `open`, which after `from shinka import *` would stand for the built-in one.
__all__ = [
    "AsyncEvolutionRunner",
    "AsyncLLMClient",
    "AsyncNoveltyJudge",
    "AsyncProgramDatabase",
    "Callbacks",
    "DatabaseConfig",
    "Evolution",
    "EvolutionConfig",
    "Failure",
    "LocalJobConfig",
    "Program",
    "RunSummary",
    "ShinkaError",
    "ShinkaEvolveRunner",
    "load_shinka_dotenv",
    "plot_costs",
    "plot_failures",
    "plot_islands",
    "plot_lineage",
    "plot_progress",
    "run",
]

_HOMES = {
    "AsyncEvolutionRunner": "flows.runner",
    "AsyncLLMClient": "shinka_core.llm",
    "AsyncNoveltyJudge": "shinka_core.novelty",
    "AsyncProgramDatabase": "shinka_core.database",
    "Callbacks": "shinka_core.callbacks",
    "DatabaseConfig": "shinka_core.config",
    "Evolution": "shinka_core.opened",
    "EvolutionConfig": "shinka_core.config",
    "Failure": "shinka_core.program",
    "LocalJobConfig": "shinka_core.config",
    "Program": "shinka_core.program",
    "RunSummary": "shinka_core.database",
    "ShinkaError": "shinka_core.errors",
    "ShinkaEvolveRunner": "flows.shinkaevolve_runner",
    "load_shinka_dotenv": "shinka_core.shinkaevolve.environment_file",
    "open": "shinka_core.opened",
    "plot_costs": "shinka_core.plots",
    "plot_failures": "shinka_core.plots",
    "plot_islands": "shinka_core.plots",
    "plot_lineage": "shinka_core.plots",
    "plot_progress": "shinka_core.plots",
    "run": "flows.runner",
}


if not TYPE_CHECKING:  # which would take every name for one of these

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from shinka_core.own_packages import own_module

        return getattr(own_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
