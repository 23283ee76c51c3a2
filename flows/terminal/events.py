"""What a run tells a program that reads its standard output: one JSON object an event, with names that stay.

docs/terminal.md has every field of every event.
"""

from __future__ import annotations

from flows.terminal.event_stream import EventStream, Fields
from shinka_core.bounds import within
from shinka_core.control import Change
from shinka_core.highlights import Improvement
from shinka_core.model_address import shown_model, without_secrets
from shinka_core.program import Purpose
from shinka_core.record import Called, Ended, Event, Pull, Recorded
from shinka_core.run import Run

LONGEST_WORDS = 2_000
# Questions about the search itself; those of generations are told with them.
ABOUT_THE_SEARCH = frozenset(
    {Purpose.IDEA, Purpose.ADVICE, Purpose.SYSTEM_PROMPT, Purpose.BOOTSTRAP, Purpose.DIRECTIONS}
)


class Listener:
    """A fold that tells a stream of a run, from its opening on."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream

    def opened(self, run: Run) -> None:
        """Tells what the run begins with, and of all that happens from now on."""
        self._run = run
        self._stream.tell("started", _started(run))
        run.control.listen(self._changed)
        run.database.folds.add(self)

    def apply(self, event: Event) -> None:
        """Takes an event up; the run's own folds know of it already."""
        match event:
            case Recorded():
                self._stream.tell("program", _program(event))
                improvements = self._run.progress.highlights.improvements
                if improvements and improvements[-1].program_id == event.program_id:
                    self._stream.tell("best", _best(improvements[-1]))
                outcome = "correct" if event.correct else "not_correct"
                self._stream.tell("generation", _generation(event.generation, outcome, self._run))
            case Ended():
                self._stream.tell("failure", _failure(event))
                self._stream.tell("generation", _generation(event.generation, "failed", self._run))
            case Called():
                if (asked := _asked(event)) is not None:
                    self._stream.tell("asked", asked)
            case _:
                pass

    def _changed(self, change: Change, why: str) -> None:
        match change:
            case "paused":
                self._stream.tell("paused", {"by": why})
            case "resumed":
                self._stream.tell("resumed", {"by": why, "still_paused_by": list(self._run.control.pauses)})
            case "closing" | "stopping":
                self._stream.tell("stopping", {"reason": why, "cut_short": change == "stopping"})


def _started(run: Run) -> Fields:
    """Where the run is, with which settings that matter, and how far it is already."""
    settings, evolve, progress = run.settings, run.settings.evolve, run.progress
    endpoint = evolve.llm_base_url
    return {
        "evolution": run.evolution,
        "results_dir": str(settings.results_dir),
        "resumed": progress.highlights.ended > 0,
        "task": {
            "program": str(evolve.init_program_path),
            "evaluator": settings.job.eval_program_path,
            "language": run.seed_program.language,
        },
        "settings": {
            "generations": evolve.num_generations,
            "max_proposal_jobs": settings.proposal_jobs,
            "max_evaluation_jobs": settings.evaluation_jobs,
            "seed": evolve.seed,
            "models": [shown_model(model) for model in evolve.llm_models],
            "base_url": None if endpoint is None else without_secrets(endpoint),
            "operators": list(evolve.patch_types),
            "islands": settings.database.num_islands,
            "budget": evolve.max_api_costs,
            "target_score": evolve.target_score,
            "patience": evolve.patience,
            "max_time": evolve.max_time,
            "max_evaluations": evolve.max_evaluations,
        },
        "ended": progress.finished,
        "best_score": progress.best_score,
        "best_generation": progress.best_generation,
        "cost": progress.cost,
    }


def _program(event: Recorded) -> Fields:
    """A program that was recorded, correct or not."""
    return {
        "generation": event.generation,
        "id": event.program_id,
        "score": event.score,
        "correct": event.correct,
        "error": within(event.error, LONGEST_WORDS),
        "parent_id": event.parent_id,
        "island": event.island,
        "islands": list(event.islands),
        "cost": event.cost,
        "evaluation_seconds": event.seconds,
    } | _made_by(event.pulls[-1] if event.pulls else None)


def _best(improvement: Improvement) -> Fields:
    """A program that is better than all before it."""
    return {
        "generation": improvement.generation,
        "id": improvement.program_id,
        "score": improvement.score,
        "gain": improvement.gain,
    } | _made_by(improvement.pull)


def _failure(event: Ended) -> Fields:
    """A generation that ended without a program."""
    return {
        "generation": event.generation,
        "step": event.failure.step,
        "reason": event.failure.reason,
        "detail": within(event.failure.detail, LONGEST_WORDS),
        "blame": None if event.blame is None else event.blame.value,
    } | _made_by(event.pulls[-1] if event.pulls else None)


def _asked(event: Called) -> Fields | None:
    """A question about the search itself; None for one that belongs to a generation."""
    if event.purpose not in ABOUT_THE_SEARCH:
        return None
    return {"purpose": str(event.purpose), "model": event.model, "cost": event.cost}


def _generation(number: int, outcome: str, run: Run) -> Fields:
    """A generation that has ended in either way, and how far the run is with it."""
    progress = run.progress
    return {
        "generation": number,
        "outcome": outcome,
        "ended": progress.finished,
        "of": progress.total,
        "best_score": progress.best_score,
        "cost": progress.cost,
    }


def _made_by(pull: Pull | None) -> Fields:
    """How it was proposed; nothing but nulls for a program that was given."""
    if pull is None:
        return {"operator": None, "model": None, "idea_id": None, "trials": 0}
    return {"operator": pull.operator, "model": pull.model, "idea_id": pull.idea_id, "trials": pull.trials}
