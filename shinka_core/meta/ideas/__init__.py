"""The idea step: when the best score stands still, one question for directions, each followed a few times.

stagnation → question → answer → ideas (rows) → handed out with samplings → outcomes → the next question
"""

from shinka_core.meta.ideas.book import Idea, IdeaBook
from shinka_core.meta.ideas.handing import Ideas, RecordedIdea
from shinka_core.meta.ideas.step import IdeaStep

__all__ = ["Idea", "IdeaBook", "IdeaStep", "Ideas", "RecordedIdea"]
