"""Reviewers of candidates, one per file."""

from shinka_core.reviewers.accept_all import AcceptAll
from shinka_core.reviewers.file import FileReviewer
from shinka_core.reviewers.protocol import REVIEWERS, Reviewer
from shinka_core.reviewers.question import Interviewer, Question
from shinka_core.reviewers.settings import reviewer_of

__all__ = ["REVIEWERS", "AcceptAll", "FileReviewer", "Interviewer", "Question", "Reviewer", "reviewer_of"]
