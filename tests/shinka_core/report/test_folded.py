"""What the report says of arms holds for any scores that evaluators give."""

from __future__ import annotations

import json
import sys

from shinka_core.bandit import Arm
from shinka_core.bandit.protocol import Outcome
from shinka_core.report.folded import arms_over_time


def test_gains_beyond_all_numbers_are_the_largest_one_and_no_error() -> None:
    arm = Arm("diff", "m")
    told = arms_over_time([Outcome(arm, sys.float_info.max, 0.0, 1.0), Outcome(arm, sys.float_info.max, 0.0, 1.0)])
    assert told["gains"] == [sys.float_info.max]
    json.dumps(told, allow_nan=False)
