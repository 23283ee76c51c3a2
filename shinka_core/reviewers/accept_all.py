"""A reviewer that has no objections: for tests, and for a row in the journal of every candidate that is run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shinka_core.program import Candidate, Review, Sampling, Verdict
from shinka_core.reviewers.protocol import REVIEWERS


@REVIEWERS.register("accept_all")
@dataclass(frozen=True, slots=True)
class AcceptAll:
    """Accepts every candidate."""

    async def review(self, sampling: Sampling, candidate: Candidate, verdict: Verdict, folder: Path) -> Review:  # noqa: ARG002
        """Accepts it."""
        return Review.accept()
