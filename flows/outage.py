"""When to stop instead of using generations up: the same party fails again and again."""

from __future__ import annotations

from collections import Counter

from shinka_core.errors import Blame
from shinka_core.outcome import Failed, Outcome, Recorded, Rejected

# So many failures in a row mean an outage: stopping keeps the other generations for a resume.
IN_A_ROW = 10

WORDS = {
    Blame.MODEL: "the models gave no answer",
    Blame.EVALUATOR: "evaluations could not be run",
    Blame.INFRASTRUCTURE: "what the run stands on failed",
    Blame.US: "something failed that nothing provides for",
}


class Outages:
    """Counts failures in a row by who is to blame."""

    def __init__(self, proposal_jobs: int) -> None:
        """With many proposals at once as many fail before the first one could have told."""
        self._limit = max(IN_A_ROW, proposal_jobs)
        self._failed: Counter[Blame] = Counter()

    def saw(self, outcome: Outcome) -> str:
        """Takes note of an outcome; returns why the run should stop, or ""."""
        match outcome:
            case Recorded():
                self._failed.clear()
            case Rejected():
                del self._failed[Blame.MODEL]  # it answered, whatever it said
            case Failed(failure, blame) if blame in WORDS:
                self._failed[blame] += 1
                if self._failed[blame] >= self._limit:
                    last = f"{failure.step}: {failure.reason}: {failure.detail}"
                    return f"{WORDS[blame]} {self._failed[blame]} times in a row; last: {last}"
            case _:
                pass
        return ""
