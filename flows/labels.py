"""How a generation's flow run is told from thousands of others in the Prefect UI: its name, tags and last message.

Tags are for filtering, so there are few different ones: islands, models and operators of the run, and how
generations end. What is of one generation alone is in the name.
"""

from __future__ import annotations

from flows.orchestrator.ui_text import line
from shinka_core.generation import OpenGeneration
from shinka_core.generation.sampling import pulls_of
from shinka_core.outcome import Failed, Open, Outcome, Recorded, Rejected, SetAside
from shinka_core.program import Failure, Program
from shinka_core.shown import as_shown

LONGEST_NAME = 100
LONGEST_TAG = 80
LONGEST_MESSAGE = 1_000


def name_of(generation: OpenGeneration, outcome: Outcome) -> str:
    """The generation and what came of it, in one line."""
    match outcome:
        case Recorded(program) if not program.correct:
            end = f"not correct: {program.error[:LONGEST_NAME]}"
        case Recorded(program):
            best = "best " if _is_best(generation) else ""
            end = f"{best}{_score(program)} {program.name[:LONGEST_NAME]}"
        case Rejected(failure) | Failed(failure):
            end = f"failed: {_reason(failure)}"
        case SetAside(failure):
            end = f"left open: {_reason(failure)}"
        case Open(reason):
            end = f"left open: {reason[:LONGEST_NAME]}"
    return line(f"{generation} {end}", LONGEST_NAME)


def tags_of(generation: OpenGeneration, outcome: Outcome) -> list[str]:
    """Island, model and operator as far as they are known, and the outcome."""
    run, found = generation.run, dict[str, object]()
    if isinstance(outcome, Recorded):
        program = outcome.program
        if generation.context.number >= len(run.seeds):
            found["island"] = program.island
        found |= {"model": program.model, "operator": program.patch_type}
    elif pulls := pulls_of(generation):
        found |= {"island": pulls[-1].island, "model": pulls[-1].model, "operator": pulls[-1].operator}
    found["outcome"] = _outcome(generation, outcome)
    return [line(f"{kind}:{value}", LONGEST_TAG) for kind, value in found.items() if value not in (None, "")]


def message(text: str) -> str:
    """What a state says: as text, and of a length that a server takes."""
    return as_shown(text, lines=True, longest=LONGEST_MESSAGE)


def _outcome(generation: OpenGeneration, outcome: Outcome) -> str:
    match outcome:
        case Recorded(program):
            return "incorrect" if not program.correct else "best" if _is_best(generation) else "correct"
        case Rejected():
            return "rejected"
        case Failed():
            return "failed"
        case SetAside() | Open():
            return "left-open"


def _reason(failure: Failure) -> str:
    return f"{failure.step}: {failure.reason}: {failure.detail[:LONGEST_NAME]}"


def _is_best(generation: OpenGeneration) -> bool:
    """Whether its program is better than all before it."""
    return generation.run.progress.best_generation == generation.context.number


def _score(program: Program) -> str:
    return "no score" if program.score is None else f"{program.score:.6g}"
