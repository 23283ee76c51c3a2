"""How far the evaluation of one candidate has come: the plan of the settings, and what the journal knows."""

from __future__ import annotations

from shinka_core.evaluating.plan import plan_of
from shinka_core.generation.starts import results_of, starts
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import Evaluation, Sampling, Trial
from shinka_core.source import Source


class Course:
    """The evaluations of one candidate, one after the other.

    What a candidate is compared with is settled when its evaluation begins, and stored with every start: a resumed
    run stops where the one before would have.
    """

    def __init__(self, generation: OpenGeneration, sampling: Sampling | None, source: Source) -> None:
        """Begins where the journal ends.

        Args:
            sampling: None for the seed program, which is compared with nothing.
        """
        job = generation.run.settings.job
        self._plan = plan_of(job)
        self._seen = results_of(generation, source)
        last = self._plan.stages[-1].name
        known = [trial for _, trial, _ in starts(generation, source) if trial.stage == last]
        if known:
            self._bar = known[0].against
        elif job.early_stop == "none" or sampling is None:
            self._bar = None
        else:
            parent = sampling.parent
            self._bar = (
                (parent.score if parent.correct else None)
                if job.early_stop_against == "parent"
                else generation.run.progress.best_score
            )

    def next(self) -> Trial | Evaluation:
        """The evaluation to make next, or the judgement of the candidate."""
        return self._plan.next(self._seen, self._bar)

    def saw(self, trial: Trial, evaluation: Evaluation) -> None:
        """Takes note of what an evaluation came to."""
        self._seen[trial] = evaluation
