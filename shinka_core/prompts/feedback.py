"""What a model is told about an answer that did not work."""

from __future__ import annotations

from shinka_core.program import Failure, Verdict

LIMIT = 2_000


def retry_message(problem: Failure | Verdict) -> str:
    """The message after a rejected answer: what was wrong, and what to do."""
    if isinstance(problem, Verdict):
        return (
            "Your program is too close to one that was tried before "
            f"({problem.explanation[:LIMIT]}). Propose a change that makes a real difference, in the same answer format."
        )
    return (
        f"Your answer could not be used: {problem.detail[:LIMIT]}\nAnswer again, complete and in the required format."
    )
