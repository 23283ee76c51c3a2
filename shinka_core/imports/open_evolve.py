"""Runs of OpenEvolve: a checkpoint, as its releases up to 0.4.1 write it.

A checkpoint is a folder with `programs/<id>.json` and, written last, `metadata.json`. It holds the programs that were kept,
so of most a parent is gone. Its score is `combined_score` where the evaluator gives one; the mean of all metrics, which it
takes otherwise, may be one of numbers that are better small: then a person says which of them is the score.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shinka_core.imports.foreign import (
    NOT_TOLD,
    ForeignCall,
    ForeignProgram,
    ForeignRun,
    broken,
    count_of,
    list_of,
    mapping_of,
    number_of,
    scored_by,
    vector_of,
    words,
)
from shinka_core.program import Purpose, Usage

SYSTEM = "OpenEvolve"
PROGRAMS, METADATA = "programs", "metadata.json"
SCORE = "combined_score"
_CHECKPOINT = re.compile(r"checkpoint_(\d+)")


def find(place: Path) -> Path | None:
    """A checkpoint, or the last of those that a folder (`checkpoints`, or the one that it is in) holds."""
    if not place.is_dir():
        return None
    if (place / METADATA).is_file() and (place / PROGRAMS).is_dir():
        return place
    if _CHECKPOINT.fullmatch(place.name) and (place / PROGRAMS).is_dir():
        return place
    for folder in (place, place / "checkpoints", place / "openevolve_output" / "checkpoints"):
        found = {
            int(named[1]): path for path in folder.glob("checkpoint_*") if (named := _CHECKPOINT.fullmatch(path.name))
        }
        if found:
            return found[max(found)]
    return None


def read(folder: Path, score: str | None = None) -> ForeignRun:
    """Reads a checkpoint; nothing is changed.

    Args:
        score: Name of the metric that is the score.

    Raises:
        ConfigError: It is broken, was not written to its end, or no program has such a metric.
    """
    if not (folder / METADATA).is_file():
        others = [path.name for path in folder.parent.glob("checkpoint_*") if (path / METADATA).is_file()]
        hint = f" (whole ones beside it: {', '.join(sorted(others))})" if others else ""
        raise broken(SYSTEM, folder, f"it has no {METADATA}, which is written last{hint}")
    metadata = mapping_of(_json(folder / METADATA))
    homes = {
        str(program): island
        for island, programs in enumerate(list_of(metadata.get("islands")))
        for program in list_of(programs)
    }
    found = [mapping_of(_json(file)) for file in sorted((folder / PROGRAMS).glob("*.json"))]
    try:
        programs = [_program(told, homes, score or SCORE) for told in found]
    except (KeyError, ValueError, TypeError) as error:
        raise broken(SYSTEM, folder, f"a program lacks {error}") from error
    if not programs:
        raise broken(SYSTEM, folder, "it holds no program")
    if all(program.score is None for program in programs):
        metrics = {name: value for program in programs for name, value in program.public_metrics.items()}
        raise scored_by(SYSTEM, folder, score or SCORE, metrics)
    return ForeignRun(SYSTEM, folder, _name_of(folder.absolute()), tuple(programs))


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise broken(SYSTEM, file, error) from error


def _program(told: Mapping[str, Any], homes: Mapping[str, int], score: str) -> ForeignProgram:
    metadata, metrics = mapping_of(told.get("metadata")), mapping_of(told.get("metrics"))
    scored, key = number_of(metrics.get(score)), str(told["id"])
    # Where an evaluation breaks off it says so among the metrics.
    failed = bool({"error", "timeout"} & metrics.keys())
    parent = told.get("parent_id")
    model = words(metadata.get("llm_model") or mapping_of(metadata.get("token_usage")).get("model"))
    return ForeignProgram(
        id=key,
        number=int(told.get("iteration_found") or 0),
        code=str(told["code"]),
        language=str(told.get("language") or "python"),
        island=homes.get(key, int(number_of(metadata.get("island")) or 0)),
        score=scored,
        correct=scored is not None and not failed,
        moment=float(told.get("timestamp") or 0.0),
        parent_id=parent,
        copy_of=str(parent) if metadata.get("migrant") and parent else None,
        patch_type=words(metadata.get("evolution_mode")) or None,
        model=model,
        cost=None if parent else 0.0,
        description=words(told.get("changes_description") or metadata.get("changes")),
        error="the evaluation ended with an error" if failed else "",
        text_feedback=_artifacts(told.get("artifacts_json")),
        public_metrics={name: value for name, value in metrics.items() if name != score},
        calls=_calls(mapping_of(told.get("prompts")), mapping_of(metadata.get("token_usage")), model),
        embedding=vector_of(told.get("embedding")),
    )


def _calls(prompts: Mapping[str, Any], tokens: Mapping[str, Any], model: str) -> tuple[ForeignCall, ...]:
    """The questions that it logs with a program; it does not know what they cost."""
    calls: list[ForeignCall] = []
    for prompt in map(mapping_of, prompts.values()):
        counted = mapping_of(prompt.get("token_usage")) or (tokens if len(prompts) == 1 else {})
        usage = Usage(count_of(counted.get("prompt_tokens")), count_of(counted.get("completion_tokens")))
        asked, answer = (words(prompt.get("system")), words(prompt.get("user"))), words(prompt.get("responses"))
        calls.append(ForeignCall(Purpose.PROPOSAL, model or NOT_TOLD, None, *asked, answer, usage))
    return tuple(calls)


def _artifacts(text: object) -> str:
    """What the evaluator told beside the metrics, under the name of each."""
    if not isinstance(text, str) or not text:
        return ""
    try:
        told = mapping_of(json.loads(text))
    except ValueError:
        return ""
    return "\n".join(f"{name}: {value}" for name, value in told.items() if isinstance(value, str))


def _name_of(folder: Path) -> str:
    above = folder.parent.parent if folder.parent.name == "checkpoints" else folder.parent
    return f"{above.name}-{folder.name}".strip("-")
