"""What the artifacts of an evolution say: tables of its best programs, costs and failures, and a page about it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from flows.islands import COLUMNS, island_rows
from flows.orchestrator.ui_text import cell, code, fenced, in_table
from shinka_core.costs import UNKNOWN, known_and_unknown
from shinka_core.database import RunSummary
from shinka_core.database.overview import Overview
from shinka_core.program import Program

DIFF_LIMIT = 20_000
TEXT_LIMIT = 2_000
LONGEST_KEY = 100
# Characters in a cell.
NAME, EXAMPLE = 80, 300
# Ideas on the page, the newest ones, and characters of a title there.
MOST_IDEAS, LONGEST_TITLE = 100, 200


@dataclass(frozen=True, slots=True)
class Shown:
    """One artifact.

    Attributes:
        type: As Prefect knows it: `markdown`, `table`, `progress`.
        key: Under which the UI lists it, or None.
        data: In the form of its type.
        description: Markdown.
    """

    type: str
    key: str | None
    data: Any
    description: str


def tables(evolution: str, overview: Overview) -> list[Shown]:
    """The tables that have rows."""
    of = code(evolution, NAME)
    found = (
        ("best-programs", _best(overview), f"The best programs of {of}"),
        ("costs", _costs(overview), f"What {of} has cost, by model and purpose"),
        ("failures", _failures(overview), f"What went wrong in {of}, by reason and blame"),
    )
    return [Shown("table", key_of(kind, evolution), json.dumps(rows), about) for kind, rows, about in found if rows]


def _best(overview: Overview) -> list[dict[str, Any]]:
    return [
        {
            "rank": rank,
            "generation": program.generation,
            "score": program.score,
            "gain over seed": None if overview.seed_score is None else _short(program.score - overview.seed_score),
            "cost ($)": UNKNOWN if program.cost is None else round(program.cost, 6),
            "operator": cell(program.operator, NAME),
            "model": cell(program.model, NAME),
            "island": program.island,
            "name": cell(program.name, NAME),
        }
        for rank, program in enumerate(overview.best, 1)
    ]


def _costs(overview: Overview) -> list[dict[str, Any]]:
    return [
        {
            "model": cell(row.model, NAME),
            "purpose": cell(row.purpose, NAME),
            "cost ($)": UNKNOWN if row.unpriced and not row.cost else round(row.cost, 6),
            "of it estimated ($)": round(row.estimated, 6),
            "calls": row.calls,
            "failed calls": row.failed,
            "input tokens": row.input_tokens,
            "output tokens": row.output_tokens,
            "seconds": round(row.seconds, 1),
        }
        for row in overview.spending
    ]


def _failures(overview: Overview) -> list[dict[str, Any]]:
    return [
        {
            "step": cell(row.step, NAME),
            "reason": cell(row.reason, NAME),
            "blame": row.blame or "nobody",
            "generations": row.count,
            "last": row.last,
            "example": cell(row.example, EXAMPLE),
        }
        for row in overview.failures
    ]


def page(evolution: str, head: list[str], best: Program | None, diff: str, tail: list[str]) -> Shown:
    """A page about the evolution, with the best program's diff against the seed program."""
    lines = [f"# {code(evolution, NAME)}", "", *head]
    if best is not None:
        made = [
            f"island {best.island}",
            code(best.patch_type or "", NAME),
            code(best.model, NAME),
            code(best.name, NAME),
        ]
        lines += ["", f"## Best program: generation {best.generation}", "", ", ".join(filter(None, made))]
        lines += ["", fenced(best.description, TEXT_LIMIT)] if best.description.strip() else []
        lines += ["", "Its diff against the seed program:", "", fenced(diff, DIFF_LIMIT, "diff")] if diff else []
    return Shown(
        "markdown", key_of("evolution", evolution), "\n".join([*lines, *tail]), f"Outcome of {code(evolution, NAME)}"
    )


def outcome(summary: RunSummary) -> list[str]:
    """What an evolution came to, for the head of its page."""
    lines = [
        f"Best score **{summary.best_score}**, seed program {summary.seed_score}.",
        f"{summary.programs} programs ({summary.correct} correct), {known_and_unknown(summary.cost, sum(summary.unpriced.values()))}, {summary.seconds:.0f} s.",
    ]
    if summary.reached:
        lines += ["", f"The run has ended because {code(summary.reached, EXAMPLE)}."]
    if summary.stopped_early:
        lines += ["", f"Stopped early: {code(summary.stopped_early, TEXT_LIMIT)}."]
    if summary.seed_error:
        lines += ["", "The evaluator does not take the seed program:", "", fenced(summary.seed_error, TEXT_LIMIT)]
    failures = sorted(summary.failures.items(), key=lambda failure: -failure[1])[:MOST_IDEAS]
    return [*lines, "", *(f"- failed: {code(reason, NAME)}: {count}" for reason, count in failures)]


def search(summary: RunSummary, advice: tuple[str, ...]) -> list[str]:
    """Islands, ideas and advice, for the end of the page."""
    lines = _islands(summary) + _ideas(summary)
    if advice:
        lines += ["", "## Advice in force", *(f"\n{fenced(point, TEXT_LIMIT)}" for point in advice)]
    return lines


def _islands(summary: RunSummary) -> list[str]:
    """A table of the islands where there are several."""
    if len(summary.islands) < 2:
        return []
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *island_rows(summary.islands)]
    return ["", *(f"| {' | '.join(in_table(entry) for entry in row)} |" for row in rows)]


def _ideas(summary: RunSummary) -> list[str]:
    """A table of the ideas and what came of each; nothing where there were none."""
    if not summary.ideas:
        return []
    rows = [
        f"| {idea.asked_at} | {in_table(idea.title, LONGEST_TITLE)} | "
        f"{', '.join(map(str, idea.generations)) or 'none'} | {'none' if idea.gain is None else f'{idea.gain:+.6g}'} |"
        for idea in summary.ideas[-MOST_IDEAS:]
    ]
    head = ["| after programs | idea | tried by generations | gain |", "| --- | --- | --- | --- |"]
    return ["", "## Ideas", "", *head, *rows]


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def key_of(kind: str, evolution: str) -> str:
    """Artifact keys hold lower-case letters, digits and dashes alone; names that lose by it stay apart."""
    key = re.sub(r"[^a-z0-9]+", "-", evolution.lower()).strip("-")[:LONGEST_KEY]
    digest = "" if key == evolution else f"-{hashlib.sha256(evolution.encode()).hexdigest()[:8]}"
    return f"{kind}-{key}{digest}".replace("--", "-")
