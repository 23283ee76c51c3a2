"""What a reviewer is: somebody or something that looks at a novel candidate before it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from shinka_core.program import Candidate, Review, Sampling, Verdict
from shinka_core.registry import Registry


class Reviewer(Protocol):
    """Decides whether a candidate is evaluated. It may take hours: no slot is held meanwhile."""

    async def review(self, sampling: Sampling, candidate: Candidate, verdict: Verdict, folder: Path) -> Review:
        """Looks at a candidate; a decision is stored before it is used, and never asked for again.

        A run that is stopped or killed asks about the same candidate again when it is resumed, so whatever is
        done here can be done twice. Any exception is a failure of what the run stands on: the generation stays open.

        Args:
            folder: Of the generation, which may not be there yet; it may be written to.
        """
        ...


REVIEWERS: Registry[Reviewer] = Registry("reviewer", "shinka.reviewers", ("review",))
# It needs Prefect, which nothing else here does.
REVIEWERS.lies_in("prefect", "flows.orchestrator.review_pause:Person")
