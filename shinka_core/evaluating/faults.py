"""What kind of failure an evaluation tells of: one that did not run can be mended by whoever reads the error."""

from __future__ import annotations

import re
from typing import Literal

from shinka_core.program import Evaluation

Fault = Literal["crash", "timeout", "incorrect"]

# The evaluator left no result.
_CRASHED = frozenset({"crashed", "killed", "no_result", "bad_result"})
# An evaluator that catches what the program raises tells it in its own result.
_TRACEBACK = re.compile(r'^Traceback \(most recent call last\):|^\s+File "[^"\n]+", line \d+', re.MULTILINE)


def fault_of(evaluation: Evaluation) -> Fault | None:
    """How a candidate failed; None for a correct one, and for what says nothing about its code.

    That is one that was forged, passed a limit of memory or processes, or did not come above a threshold.
    """
    if evaluation.correct:
        return None
    if evaluation.reason in _CRASHED:
        return "crash"
    if evaluation.reason == "timeout":
        return "timeout"
    if evaluation.reason in ("not_correct", "bad_score"):
        return "crash" if _TRACEBACK.search(evaluation.error) else "incorrect"
    return None
