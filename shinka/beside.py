"""What reviewers and periodic steps of one's own are made with."""

from shinka_core.periodic import Periodic
from shinka_core.program import Candidate, Decision, Review, Sampling, Verdict
from shinka_core.reviewers import Reviewer

__all__ = ["Candidate", "Decision", "Periodic", "Review", "Reviewer", "Sampling", "Verdict"]
