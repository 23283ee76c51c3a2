"""What an evaluator tells of the current program in pieces: the instances that say most, artifacts, images.

All of it comes out of evaluated code: bounded and fenced, as data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from shinka_core.bounds import MARK, within
from shinka_core.feedback import NOTHING
from shinka_core.program import Program
from shinka_core.prompts.programs import quoted

# Instances that are shown, and how many of them at most because another program does better there.
INSTANCES = 5
BEHIND = 3
# Characters of an instance's text, of an artifact, and of all artifacts.
INSTANCE_TEXT = 400
ARTIFACT_TEXT = 1_500
ARTIFACTS = 4_000
STDERR = "stderr"
# What no name of a file needs: it comes from evaluated code and stands in no fence.
_ODD = re.compile(r"[^\w./-]")


def show_pieces(
    program: Program, others: Sequence[Program], shown: Collection[str], images: Sequence[str] = ()
) -> list[str]:
    """Paragraphs for a prompt; none where there is nothing to show.

    Args:
        others: Programs shown beside it, whose scores tell where it can be better.
        shown: Kinds: `instances`, `artifacts`, `stderr`.
        images: Names of those that go along.
    """
    parts: list[str] = []
    if "instances" in shown and (program.instance_scores or program.feedback.instances):
        parts.append(_instances(program, others))
    parts += _artifacts(program, shown)
    if images:
        named = ", ".join(_ODD.sub("_", name) for name in images)
        parts.append(f"Images of what the program does are attached, in this order: {named}.")
    return parts


def with_fewer_pieces(program: Program, limit: int) -> Program:
    """The program with texts of at most that length in its pieces; 0: without pieces and without instances."""
    if not limit:
        return replace(program, feedback=NOTHING, instance_scores={})
    told = program.feedback
    instances, artifacts = (
        {name: within(text, max(limit, MARK)) for name, text in texts.items()}
        for texts in (told.instances, told.artifacts)
    )
    return replace(program, feedback=replace(told, instances=instances, artifacts=artifacts))


def telling_instances(program: Program, others: Sequence[Program]) -> list[str]:
    """The instances that say most of where the program can be better, at most `INSTANCES`.

    First those in which another program does better, by how much of the larger score; then those that have a text
    and no score; then those with the lowest scores. Equals keep the evaluator's order.
    """
    scores, texts = program.instance_scores, program.feedback.instances
    behind = {name: gap for name in scores if (gap := _gap(name, program, others)) > 0}
    first = sorted(behind, key=lambda name: -behind[name])[:BEHIND]
    unscored = [name for name in texts if name not in scores]
    lowest = sorted(scores, key=lambda name: scores[name])
    return list(dict.fromkeys([*first, *unscored, *lowest]))[:INSTANCES]


def _best_elsewhere(name: str, others: Sequence[Program]) -> float | None:
    return max((other.instance_scores[name] for other in others if name in other.instance_scores), default=None)


def _gap(name: str, program: Program, others: Sequence[Program]) -> float:
    best, own = _best_elsewhere(name, others), program.instance_scores[name]
    if best is None or best <= own:
        return 0.0
    return best / max(abs(best), abs(own)) - own / max(abs(best), abs(own))


def _instances(program: Program, others: Sequence[Program]) -> str:
    scores, texts = program.instance_scores, program.feedback.instances
    chosen = telling_instances(program, others)
    lines: list[str] = []
    for name in chosen:
        best = _best_elsewhere(name, others)
        told = f"{scores[name]:.6g}" if name in scores else "no score"
        elsewhere = (
            f" ({best:.6g} in another version)" if best is not None and name in scores and best > scores[name] else ""
        )
        lines.append(f"{within(name, 100)}: {told}{elsewhere}")
        if texts.get(name, "").strip():
            lines.append(f"    {within(texts[name].strip(), INSTANCE_TEXT)}")
    count = len(dict.fromkeys([*scores, *texts]))
    about = f"{count} instances" + (f", mean score {_mean(scores.values()):.6g}" if scores else "")
    which = "" if len(chosen) == count else f"; the {len(chosen)} that say most"
    return quoted(f"By instance, higher is better: {about}{which}", "\n".join(lines))


def _mean(numbers: Collection[float]) -> float:
    return math.fsum(number / len(numbers) for number in numbers)  # however large they are


def _artifacts(program: Program, shown: Collection[str]) -> list[str]:
    parts: list[str] = []
    room = ARTIFACTS
    for name, text in program.feedback.artifacts.items():
        if (STDERR if name == STDERR else "artifacts") not in shown or not text.strip() or room <= 0:
            continue
        said = within(text.strip(), min(ARTIFACT_TEXT, max(room, 200)))
        room -= len(said)
        parts.append(quoted(f"Artifact {within(name, 100)!r}", said))
    return parts
