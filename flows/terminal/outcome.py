"""What a person reads after a run."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.called import typed
from flows.islands import COLUMNS, MOST, island_rows
from flows.terminal.screen import cell, say
from flows.terminal.words import duration
from shinka_core.costs import known_and_unknown
from shinka_core.database import RunSummary, SeedSummary
from shinka_core.shown import as_shown

LONGEST_REASON = 1_000
LONGEST_WORDS = 500
MOST_KINDS = 6
MOST_ISLANDS = 10
LONGEST_TITLE = 100
# Columns from which there is room for a table; before, every row is a line that the terminal breaks.
NARROW = 60
GO_ON = "--patience, --target-score, --max-time, --max-evaluations (none lifts it) with --resume --results"


def print_summary(console: Console, summary: RunSummary) -> None:
    """The outcome: scores, failures, costs, times, and where everything is."""
    if console.width < NARROW:
        for title, value in [("evolution", summary.evolution), *_rows(summary)]:
            say(console, f"{title}: {value}")
    else:
        _print_table(console, summary)
    if len(summary.islands) > 1 and console.width >= NARROW:
        console.print(_islands(summary))
    _print_end(console, summary)


def _print_table(console: Console, summary: RunSummary) -> None:
    table = Table(title=Text(as_shown(f"Evolution {summary.evolution}")), show_header=False, title_justify="left")
    for title, value in _rows(summary):
        table.add_row(cell(title), cell(value))
    console.print(table)


def _print_end(console: Console, summary: RunSummary) -> None:
    """What ended it, and how to go on."""
    if summary.stopped_early:
        say(console, f"Stopped early: {summary.stopped_early}")
        if summary.last_error and summary.last_error not in summary.stopped_early:
            say(console, f"Last failure: {summary.last_error}")
        say(console, f"Continue with --resume --results {typed(str(summary.results_dir))}")
        return
    if summary.reached:
        say(console, f"Ended because {summary.reached}")
        say(console, f"Go on with another limit, or none: {GO_ON} {summary.results_dir}")
    if summary.nothing_made:
        say(console, f"Nothing was made: {summary.nothing_made}")
    _print_last_words(console, summary)


def _print_last_words(console: Console, summary: RunSummary) -> None:
    """What was said last of each kind of failure; of a run that made nothing the last one stands above already."""
    told = summary.last_words or ({"failure": summary.last_error} if summary.failures and summary.last_error else {})
    if summary.nothing_made and len(told) < 2:
        return
    for kind, words in list(told.items())[:MOST_KINDS]:
        say(console, f"Last {kind}: {words[:LONGEST_WORDS]}")


def summary_line(summary: RunSummary) -> str:
    """The outcome in one line: score, programs, failures, cost, time, and how it ended."""
    best = "none" if summary.best_score is None else f"{summary.best_score:.8g} (generation {summary.best_generation})"
    parts = [
        f"{summary.evolution}: best {best}",
        "seed none" if summary.seed_score is None else f"seed {summary.seed_score:.8g}",
        f"{summary.programs} programs ({summary.correct} correct)",
        f"{sum(summary.failures.values())} failed",
        known_and_unknown(summary.cost, sum(summary.unpriced.values())),
        duration(summary.seconds),
    ]
    if summary.stopped_early:
        parts.append(f"stopped early: {summary.stopped_early}")
    elif summary.reached:
        parts.append(f"ended because {summary.reached}")
    elif summary.nothing_made:
        parts.append(f"nothing was made: {summary.nothing_made}")
    return f"{', '.join(parts)}; {summary.results_dir}"


def _rows(summary: RunSummary) -> list[tuple[str, str]]:
    best, seed = summary.best_score, summary.seed_score
    rows = [
        ("best score", "none" if best is None else f"{best:.8g} (generation {summary.best_generation})"),
        ("seed score", "none" if seed is None else f"{seed:.8g}"),
    ]
    if summary.seed_error:
        rows.append(("seed program", f"not correct: {summary.seed_error[:LONGEST_REASON]}"))
    rows += [(f"began with {each.generation}", _seed(each)) for each in summary.seeds]
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
        if model.cached_tokens:
            tokens += f" ({model.cached_share:.0%} of the prompts cached)"
        rows.append(
            (
                name,
                f"{known_and_unknown(model.cost, model.unpriced)}, {model.calls} calls{failed}{tokens}, {model.seconds:.1f} s",
            )
        )
    if summary.ideas:
        rows.append(("ideas", _ideas(summary)))
    rows += [
        ("cost", _cost(summary)),
        ("wall time", duration(summary.seconds)),
        ("time in evaluations", f"{summary.evaluation_seconds:.1f} s"),
        ("best program", "none: no program is correct" if best is None else f"{summary.results_dir}/best"),
    ]
    return rows


def _seed(seed: SeedSummary) -> str:
    """One line, with its end of least worth: terminals cut it off."""
    score = "no score" if seed.score is None else f"{seed.score:.8g}"
    where = f" on island {', '.join(map(str, seed.islands[:MOST_ISLANDS]))}" if seed.islands else ""
    origin = "/".join(Path(seed.origin).parts[-2:]) if seed.kind == "initial" else seed.origin
    problem = "" if seed.correct else f", not correct: {seed.error[:LONGEST_REASON]}"
    return f"{score}{where}, {seed.kind.replace('_', ' ')}: {origin}{problem}"


def _ideas(summary: RunSummary) -> str:
    """How many there were, how many beat the best of their time, and the one that did most."""
    gains = [(idea.gain, idea.title) for idea in summary.ideas if idea.gain is not None and idea.gain > 0]
    tried = sum(bool(idea.generations) for idea in summary.ideas)
    told = f"{len(summary.ideas)} written, {tried} tried, {len(gains)} better than the best of their time"
    if not gains:
        return told
    gain, title = max(gains)
    return f"{told}, at most by {gain:.4g}: {title[:LONGEST_TITLE]}"


def _cost(summary: RunSummary) -> str:
    others = [f"{purpose} ${cost:.4f}" for purpose, cost in summary.costs.items() if purpose != "proposal" and cost]
    if summary.estimated_cost:
        others.append(
            f"${summary.estimated_cost:.4f} of it estimated from the texts, since the provider counted nothing"
        )
    others += [
        f"{calls} call{'s' * (calls > 1)} of {model}, whose cost nobody knows, not counted in"
        for model, calls in summary.unpriced.items()
    ]
    return known_and_unknown(summary.cost, sum(summary.unpriced.values())) + (
        f" ({', '.join(others)})" if others else ""
    )


def _islands(summary: RunSummary) -> Table:
    count = len(summary.islands)
    table = Table(
        title=cell(f"The best {MOST} of {count} islands" if count > MOST else "Islands"), title_justify="left"
    )
    for column in COLUMNS:
        table.add_column(cell(column))
    for row in island_rows(summary.islands):
        table.add_row(*map(cell, row))
    return table
