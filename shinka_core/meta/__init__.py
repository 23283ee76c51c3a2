"""What is asked about the search itself, one step per file."""

from shinka_core.meta.advice import Lessons
from shinka_core.meta.advising import ADVISERS, Advice, Adviser, Turn
from shinka_core.meta.guide import Guide, RecordedGuide, guide_of
from shinka_core.meta.recommendations import Recommendations

__all__ = ["ADVISERS", "Advice", "Adviser", "Guide", "Lessons", "Recommendations", "RecordedGuide", "Turn", "guide_of"]
