"""What a person reads before a run: what is evolved, with which defaults, and how to choose others."""

from __future__ import annotations

import os

from rich.console import Console

from flows.called import called
from flows.terminal.screen import say
from flows.terminal.task_folder import Plan
from shinka_core.config import BUILTIN_MUTATE
from shinka_core.model_address import shown_model, without_secrets
from shinka_core.shown import as_shown


def print_opening(console: Console, plan: Plan) -> None:
    """Says which defaults are at work, and how to use something else."""
    models = ", ".join(map(shown_model, plan.evolution.llm_models))
    offline = plan.evolution.llm_models == [BUILTIN_MUTATE]
    endpoint = plan.evolution.llm_base_url or os.environ.get("OPENAI_BASE_URL")
    lines = [
        f"{'Evolving' if plan.continued is None else 'Continuing'} {plan.evolution.init_program_path}",
        f"  run        {plan.name}: {plan.evolution.num_generations} generations, "
        f"{plan.max_proposal_jobs} proposals and {plan.max_evaluation_jobs} evaluations at once",
        f"  models     {models}" + (f" at {without_secrets(endpoint)}" if endpoint and not offline else ""),
    ]
    if offline:
        lines += [
            "             (built in: classical mutation, no model is asked and nothing is spent; a real one:",
            f"             OPENAI_API_KEY=... {called('evolve')} TASK --model gpt-5-mini, or --base-url URL --model NAME)",
        ]
    if plan.job.in_words:
        lines.append(f"  judged     {plan.job.in_words}")
    lines += [
        f"  novelty    {plan.evolution.embedding_model or 'off'}",
        f"  database   {plan.database.db_path} (SQLite in the results folder; --database postgresql://... for Postgres)"
        if "://" not in (plan.database.db_path or "")
        else "  database   as given",
        f"  results    {plan.evolution.results_dir}",
        "  prefect    "
        + (
            os.environ.get("PREFECT_API_URL")
            or "own local server (PREFECT_API_URL=http://host:4200/api for a running one)"
        ),
    ]
    if plan.evolution.metrics_port is not None:
        lines.append(f"  metrics    http://{plan.evolution.metrics_host}:{plan.evolution.metrics_port}/metrics")
    lines += _continued(plan)
    for line in lines:
        say(console, as_shown(line))


def _continued(plan: Plan) -> list[str]:
    """How far the run is, and what is not as it was."""
    if plan.continued is None or plan.continued.known is None:
        return [f"  note       {sentence}" for sentence in plan.notes]
    done, wanted = plan.continued.known.final, plan.evolution.num_generations
    lines = [f"  so far     {done} of {wanted} generations are done"]
    if done >= wanted:
        lines[0] += "; there is nothing to do: say --generations N for more"
    lines += [f"  changed    {change}" for change in plan.continued.changes]
    return lines + [f"  note       {sentence}" for sentence in (*plan.continued.accepted, *plan.notes)]
