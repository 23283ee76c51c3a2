"""What a notebook shows of an evolution and of a program: everything that came out of either is shown as text."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from shinka_core.bounds import within
from shinka_core.costs import known_and_unknown
from shinka_core.database.records import ProgramRecord
from shinka_core.database.summary import RunSummary
from shinka_core.source import Source

LONGEST = 20_000
LONGEST_LINE = 300


def text(value: object, longest: int = LONGEST_LINE) -> str:
    """Any value as HTML that is text alone: no markup, and no characters that turn or hide what stands around them."""
    shown = within(str(value), longest)
    return html.escape(
        "".join(letter if letter.isprintable() or letter in "\n\t" else _escaped(letter) for letter in shown)
    )


def evolution_page(summary: RunSummary, best: Sequence[ProgramRecord]) -> str:
    """How far an evolution has come, and its best programs."""
    facts = [
        ("best score", _score(summary.best_score, summary.best_generation)),
        ("seed score", _score(summary.seed_score)),
        ("programs", f"{summary.programs} ({summary.correct} correct)"),
        ("failures", ", ".join(f"{reason} × {count}" for reason, count in sorted(summary.failures.items())) or "none"),
        ("cost", known_and_unknown(summary.cost, sum(summary.unpriced.values()))),
    ]
    rows = [(one.generation, one.score, one.island, one.patch_type or "", one.model, one.name) for one in best]
    return (
        f"<h4>Evolution {text(summary.evolution)}</h4>{_table((), facts)}"
        f"{_table(('generation', 'score', 'island', 'operator', 'model', 'name'), rows)}"
    )


def program_page(record: ProgramRecord, diff: str, source: Source) -> str:
    """A program: where it comes from, what it came to, the change from its parent and its text."""
    facts = [
        ("score", _score(record.score) if record.correct else f"not correct: {record.texts['error']}"),
        ("generation", record.generation),
        ("island", record.island),
        ("operator", record.patch_type or "given"),
        ("model", record.model or "none"),
        ("description", record.texts["description"] or ""),
        ("feedback", record.texts["text_feedback"] or ""),
    ]
    files = "".join(_folded(file.path or "program", file.text) for file in source.files if not file.is_data)
    change = _folded("change from its parent", diff, opened=True) if diff else ""
    return f"<h4>{text(record.name or record.id)}</h4>{_table((), facts)}{change}{files}"


def _score(score: float | None, generation: int | None = None) -> str:
    of = "" if generation is None else f" (generation {generation})"
    return "none" if score is None else f"{score:.8g}{of}"


def _folded(title: str, body: str, *, opened: bool = False) -> str:
    how = " open" if opened else ""
    return f"<details{how}><summary>{text(title)}</summary><pre>{text(body, LONGEST)}</pre></details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    titles = f"<thead><tr>{''.join(f'<th>{text(one)}</th>' for one in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td><bdi>{text(one)}</bdi></td>' for one in row)}</tr>" for row in rows)
    return f"<table>{titles}<tbody>{body}</tbody></table>"


def _escaped(letter: str) -> str:
    return f"\\u{ord(letter):04x}"
