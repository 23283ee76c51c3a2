"""What reviewers, advisers and periodic steps of one's own are made with, and where they are made known."""

from shinka_core.meta import ADVISERS, Advice, Adviser, Turn
from shinka_core.meta.asking import ADVICE, ask
from shinka_core.periodic import PERIODICS, OpenRun, Periodic
from shinka_core.program import Candidate, Decision, Review, Sampling, Verdict
from shinka_core.reviewers import REVIEWERS, Reviewer

__all__ = [
    "ADVICE",
    "ADVISERS",
    "PERIODICS",
    "REVIEWERS",
    "Advice",
    "Adviser",
    "Candidate",
    "Decision",
    "OpenRun",
    "Periodic",
    "Review",
    "Reviewer",
    "Sampling",
    "Turn",
    "Verdict",
    "ask",
]
