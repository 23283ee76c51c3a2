"""What reviewers and periodic steps of one's own are made with, and where they are made known."""

from shinka_core.periodic import PERIODICS, OpenRun, Periodic
from shinka_core.program import Candidate, Decision, Review, Sampling, Verdict
from shinka_core.reviewers import REVIEWERS, Reviewer

__all__ = [
    "PERIODICS",
    "REVIEWERS",
    "Candidate",
    "Decision",
    "OpenRun",
    "Periodic",
    "Review",
    "Reviewer",
    "Sampling",
    "Verdict",
]
