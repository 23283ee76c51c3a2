"""Every name that ShinkaEvolve's packages have: there, or answered with what replaces it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from shinka.launch import JobConfig, SlurmCondaJobConfig
from shinka.llm import (
    AsymmetricUCB,
    AsyncLLMClient,
    FixedSampler,
    LLMClient,
    QueryResult,
    ThompsonSampler,
    extract_between,
)
from shinka_core.bandit import bandit_of
from shinka_core.config import EvolutionConfig, LocalJobConfig, SlurmJobConfig
from shinka_core.errors import ConfigError, ModelError
from shinka_core.shinkaevolve.environment_file import load_shinka_dotenv
from shinka_core.shinkaevolve.wolfram import build_wolframscript_argv, is_wolframscript_available, wolframscript_bin
from tests.support.model_server import ModelServer, Script

NAMES = {
    "shinka": "load_shinka_dotenv ShinkaEvolveRunner",
    "shinka.core": "PromptSampler MetaSummarizer NoveltyJudge AsyncNoveltyJudge ShinkaEvolveRunner EvolutionConfig "
    "run_shinka_eval SystemPromptEvolver SystemPromptSampler AsyncSystemPromptEvolver",
    "shinka.database": "ProgramDatabase Program DatabaseConfig AsyncProgramDatabase SystemPromptDatabase SystemPrompt "
    "SystemPromptConfig create_system_prompt",
    "shinka.launch": "JobScheduler JobConfig LocalJobConfig SlurmDockerJobConfig SlurmCondaJobConfig SlurmEnvJobConfig "
    "ProcessWithLogging",
    "shinka.llm": "LLMClient AsyncLLMClient extract_between QueryResult EmbeddingClient AsyncEmbeddingClient BanditBase "
    "AsymmetricUCB FixedSampler ThompsonSampler",
    "shinka.embed": "EmbeddingClient AsyncEmbeddingClient get_client_embed get_async_client_embed count_tokens estimate_tokens",
    "shinka.edit": "redact_immutable apply_diff_patch apply_full_patch summarize_diff validate_evolve_markers",
    "shinka.plots": "plot_lineage_tree plot_evals_performance plot_evals_performance_compare plot_pareto_curve "
    "plot_pareto_compare plot_embed_similarity plot_costs plot_cost_performance plot_cost_performance_compare "
    "plot_time_performance plot_time_performance_compare plot_time_throughput_compare plot_cumulative_llm_calls "
    "plot_generation_runtime_timeline plot_normalized_occupancy_over_time",
    "shinka.pricing": "CatalogSnapshot ModelPrice PricingCatalog PricingConfig PricingMode activate_model_catalog "
    "catalog_from_models_dev_payload get_catalog load_run_pricing_snapshot refresh_model_catalog write_run_pricing_snapshot",
    "shinka.utils": "load_programs_to_df get_path_to_best_node store_best_path parse_time_to_seconds load_results "
    "build_cfgs_from_python add_evolve_markers chdir_to_function_dir wrap_object load_hydra_config "
    "load_configs_from_yaml truncate_log_tail get_language_extension load_prompts_to_df",
    "shinka.utils.utils_hydra": "build_cfgs_from_python add_evolve_markers chdir_to_function_dir load_hydra_config wrap_object",
    "shinka.utils.wolfram": "wolframscript_bin is_wolframscript_available build_wolframscript_argv",
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names.split()]
)
def test_a_name_is_there_or_what_replaces_it_is_said(module: str, name: str) -> None:
    try:
        assert getattr(importlib.import_module(module), name) is not None
    except ImportError as told:
        assert f"{module} has no {name} here: " in str(told)
        assert str(told).endswith("(docs/migration.md)")


def test_a_name_that_nobody_has_is_missing_as_usual() -> None:
    for module in NAMES:
        assert not hasattr(importlib.import_module(module), "nothing_of_the_kind")


def client(url: str, **options: Any) -> LLMClient:
    return LLMClient(f"judge@{url}", **options)


async def test_a_model_is_asked_without_await_where_a_loop_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    import asyncio

    async with ModelServer(Script(answer=lambda messages, number: f"{len(messages)} messages")) as server:
        asked = client(server.url, temperatures=[0.0], max_tokens=[100], reasoning_efforts="disabled")
        kwargs = asked.get_kwargs()
        assert {**kwargs, "model_name": ""} == {"model_name": "", "temperature": 0.0, "max_tokens": 100}
        first = await asyncio.to_thread(asked.query, msg="Hello?", system_msg="Judge.", llm_kwargs=kwargs)
        assert (first.content, first.cost, first.model_name) == ("2 messages", 0.0, f"judge@{server.url}")
        assert [turn["role"] for turn in first.new_msg_history] == ["user", "assistant"]
        again = await asyncio.to_thread(asked.query, "And?", "Judge.", first.new_msg_history)
        assert again.content == "4 messages"
        assert again.output_tokens > 0
        assert QueryResult(**again.to_dict()) == again
        several = await asyncio.to_thread(asked.batch_kwargs_query, 3, "Hello?", "Judge.")
        assert [one.content for one in several] == ["2 messages"] * 3
        # In the loop itself it waits on a loop of its own, where a server of another process answers.
        gone = client("http://127.0.0.1:9/v1")
    with pytest.raises((ModelError, ConfigError)):
        await asyncio.to_thread(gone.query, "Hello?", "Judge.", (), {"max_tokens": 5})


def test_what_it_cannot_do_is_refused() -> None:
    with pytest.raises(ConfigError, match="output_model"):
        LLMClient("m", output_model=dict)
    with pytest.raises(ConfigError, match="one value for each"):
        LLMClient(["a", "b"], model_sample_probs=[1.0])
    assert LLMClient(["a", "b"], model_sample_probs=[0.0, 1.0], reasoning_efforts="low").get_kwargs() == {
        "model_name": "b", "temperature": 0.75, "max_tokens": 4096, "reasoning_effort": "low",
    }  # fmt: skip


def test_what_stands_between_marks_is_read() -> None:
    assert extract_between('a <json>{"x": 1}</json>') == {"x": 1}
    assert extract_between("<A> b </A>", "<A>", "</A>", return_dict=False) == "b"
    assert extract_between('```json\n{"x": 2}\n```', fallback=True) == {"x": 2}
    assert extract_between("nothing") == "none"


def test_its_bandits_are_ours(caplog: pytest.LogCaptureFixture) -> None:
    for bandit in (
        AsymmetricUCB(exploration_coef=2.0, seed=3),
        ThompsonSampler(prior_alpha=2.0),
        FixedSampler(n_arms=2),
    ):
        assert bandit_of(EvolutionConfig(llm_dynamic_selection=bandit)) == bandit
    assert caplog.text == ""
    AsymmetricUCB(cost_ref_percentile=50.0)
    assert "cost_ref_percentile" in caplog.text


def test_keys_in_a_file_are_read_when_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHINKA_TEST_VALUE", "before")
    assert load_shinka_dotenv(cwd=tmp_path) == ()
    (tmp_path / ".env").write_text("SHINKA_TEST_VALUE=here\n")
    assert load_shinka_dotenv(cwd=tmp_path) == (tmp_path / ".env",)
    assert os.environ["SHINKA_TEST_VALUE"] == "here"


def test_wolframscript_is_found_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WOLFRAMSCRIPT_BIN", raising=False)
    assert wolframscript_bin() == "wolframscript"
    program = tmp_path / "ws"
    monkeypatch.setenv("WOLFRAMSCRIPT_BIN", str(program))
    assert not is_wolframscript_available()
    assert build_wolframscript_argv(["-file", "a.wl"]) == [str(program), "-file", "a.wl"]
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert is_wolframscript_available()


def test_its_base_of_all_jobs_is_called_and_asked_of() -> None:
    made: Any = JobConfig  # for a type checker it is the union of all kinds
    assert made(eval_program_path="e.py", time="00:01:00") == LocalJobConfig(eval_program_path="e.py", time="00:01:00")
    assert isinstance(made(kind="slurm", gpus=1), SlurmJobConfig)
    assert all(isinstance(job, made) for job in (LocalJobConfig(), SlurmCondaJobConfig(), made()))
    assert not isinstance(EvolutionConfig(), made)
    assert TypeAdapter(made).validate_python({"kind": "slurm"}).kind == "slurm"


@pytest.mark.parametrize(
    ("arguments", "named"), [((["m"],), {}), (("m",), {"temperatures": 0.5}), ((), {"model_names": ["m"]})]
)
def test_its_client_without_waiting_is_told_what_to_use(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    made: Any = AsyncLLMClient
    with pytest.raises(ConfigError, match=r"asyncio\.to_thread"):
        made(*arguments, **named)
