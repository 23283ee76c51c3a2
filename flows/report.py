"""What a person reads before and after a run."""

from __future__ import annotations

import os

from rich.console import Console
from rich.table import Table

from flows.task_folder import Plan
from flows.watch import duration
from shinka_core.config import BUILTIN_MUTATE
from shinka_core.database import RunSummary


def print_opening(console: Console, plan: Plan) -> None:
    """Says which defaults are at work, and how to use something else."""
    models = ", ".join(plan.evolution.llm_models)
    offline = plan.evolution.llm_models == [BUILTIN_MUTATE]
    endpoint = plan.evolution.llm_base_url or os.environ.get("OPENAI_BASE_URL")
    lines = [
        f"Evolving {plan.evolution.init_program_path}",
        f"  run        {plan.name}: {plan.evolution.num_generations} generations, "
        f"{plan.max_proposal_jobs} proposals and {plan.max_evaluation_jobs} evaluations at once",
        f"  models     {models}" + (f" at {endpoint}" if endpoint and not offline else ""),
    ]
    if offline:
        lines += [
            "             (built in: classical mutation, no model is asked and nothing is spent; a real one:",
            "             OPENAI_API_KEY=... python flows/evolve.py TASK --model gpt-5-mini, or --base-url URL --model NAME)",
        ]
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
    console.print("\n".join(lines), markup=False)


def print_summary(console: Console, summary: RunSummary) -> None:
    """The outcome: scores, failures, costs, times, and where everything is."""
    table = Table(title=f"Evolution {summary.evolution}", show_header=False, title_justify="left")
    for title, value in _rows(summary):
        table.add_row(title, value)
    console.print(table)
    if summary.stopped_early:
        console.print(f"Stopped early: {summary.stopped_early}", markup=False)
        console.print(f"Continue with --resume --results {summary.results_dir}", markup=False)


def _rows(summary: RunSummary) -> list[tuple[str, str]]:
    best, seed = summary.best_score, summary.seed_score
    rows = [
        ("best score", "none" if best is None else f"{best:.8g} (generation {summary.best_generation})"),
        ("seed score", "none" if seed is None else f"{seed:.8g}"),
    ]
    if best is not None and seed is not None:
        percent = f" ({(best - seed) / abs(seed):+.1%})" if seed else ""
        rows.append(("gain", f"{best - seed:+.6g}{percent}"))
    rows.append(("programs", f"{summary.programs} ({summary.correct} correct)"))
    failures = ", ".join(f"{reason} × {count}" for reason, count in sorted(summary.failures.items()))
    rows.append(("failed generations", failures or "none"))
    for name, model in summary.models.items():
        failed = f", {model.failed_calls} failed" if model.failed_calls else ""
        tokens = (
            f", {model.input_tokens + model.output_tokens} tokens" if model.input_tokens + model.output_tokens else ""
        )
        rows.append((name, f"${model.cost:.4f}, {model.calls} calls{failed}{tokens}, {model.seconds:.1f} s"))
    rows += [
        ("cost", f"${summary.cost:.4f}"),
        ("wall time", duration(summary.seconds)),
        ("time in evaluations", f"{summary.evaluation_seconds:.1f} s"),
        ("best program", f"{summary.results_dir}/best"),
    ]
    return rows
