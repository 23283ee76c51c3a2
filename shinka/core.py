"""What evaluators import: `from shinka.core import run_shinka_eval` (or `run_judge`); and what scripts for ShinkaEvolve import."""

from __future__ import annotations

from shinka_core.evaluation import run_judge, run_shinka_eval
from shinka_core.shinkaevolve.absent import lazily

TYPE_CHECKING = False  # a type checker takes it for True; every evaluator waits for what is loaded here
if TYPE_CHECKING:
    from flows.shinkaevolve_runner import ShinkaEvolveRunner
    from shinka_core.config import EvolutionConfig
    from shinka_core.novelty import AsyncNoveltyJudge

__all__ = ["AsyncNoveltyJudge", "EvolutionConfig", "ShinkaEvolveRunner", "run_judge", "run_shinka_eval"]

_PROMPTS = "system prompts evolve with EvolutionConfig(system_prompts={}); their rows are in the database"
if not TYPE_CHECKING:
    __getattr__ = lazily(
        "shinka.core",
        {
            "AsyncNoveltyJudge": "shinka_core.novelty",
            "EvolutionConfig": "shinka_core.config",
            "ShinkaEvolveRunner": "flows.shinkaevolve_runner",
        },
        {
            "EvolutionRunner": "use ShinkaEvolveRunner",
            "AsyncEvolutionRunner": "import it from shinka",
            "PromptSampler": "give EvolutionConfig a prompt_builder of your own (shinka.operators.PromptBuilder)",
            "MetaSummarizer": "set EvolutionConfig(advice='recommendations'), or an adviser (shinka.beside.Adviser)",
            "NoveltyJudge": "set novelty_llm_models; shinka.AsyncNoveltyJudge is what asks them",
            "SystemPromptEvolver": _PROMPTS,
            "SystemPromptSampler": _PROMPTS,
            "AsyncSystemPromptEvolver": _PROMPTS,
        },
    )
