"""What a person reads after a run."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.terminal.progress import duration
from shinka_core.database import RunSummary

LONGEST_REASON = 1_000


def print_summary(console: Console, summary: RunSummary) -> None:
    """The outcome: scores, failures, costs, times, and where everything is."""
    # As it is: what is in brackets would be taken for markup, and what is between colons for a picture.
    table = Table(title=Text(f"Evolution {summary.evolution}"), show_header=False, title_justify="left")
    for title, value in _rows(summary):
        table.add_row(Text(title), Text(value))
    console.print(table)
    if summary.stopped_early:
        console.print(f"Stopped early: {summary.stopped_early}", markup=False, emoji=False)
        if summary.last_error and summary.last_error not in summary.stopped_early:
            console.print(f"Last failure: {summary.last_error}", markup=False, emoji=False)
        console.print(f"Continue with --resume --results {summary.results_dir}", markup=False, emoji=False)
    elif summary.nothing_made:
        console.print(f"Nothing was made: {summary.nothing_made}", markup=False, emoji=False)
    elif summary.failures and summary.last_error:
        console.print(f"Last failure: {summary.last_error}", markup=False, emoji=False)


def _rows(summary: RunSummary) -> list[tuple[str, str]]:
    best, seed = summary.best_score, summary.seed_score
    rows = [
        ("best score", "none" if best is None else f"{best:.8g} (generation {summary.best_generation})"),
        ("seed score", "none" if seed is None else f"{seed:.8g}"),
    ]
    if summary.seed_error:
        rows.append(("seed program", f"not correct: {summary.seed_error[:LONGEST_REASON]}"))
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
        ("cost", _cost(summary)),
        ("wall time", duration(summary.seconds)),
        ("time in evaluations", f"{summary.evaluation_seconds:.1f} s"),
        ("best program", "none: no program is correct" if best is None else f"{summary.results_dir}/best"),
    ]
    return rows


def _cost(summary: RunSummary) -> str:
    others = [f"{purpose} ${cost:.4f}" for purpose, cost in summary.costs.items() if purpose != "proposal" and cost]
    if summary.estimated_cost:
        others.append(
            f"${summary.estimated_cost:.4f} of it estimated from the texts, since the provider counted nothing"
        )
    return f"${summary.cost:.4f}" + (f" ({', '.join(others)})" if others else "")
