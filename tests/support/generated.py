"""How many cases are generated: two hundred while working on it, five hundred in CI (`HYPOTHESIS_PROFILE=ci`).

Two thousand in CI of what strangers write: answers of models, and settings. `SHINKA_TEST_CASES=10` makes it ten
times as many of each.
"""

from __future__ import annotations

import os

from hypothesis import settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
TIMES = int(os.environ.get("SHINKA_TEST_CASES", "1"))


def load_profile() -> None:
    settings.register_profile("default", max_examples=200 * TIMES, deadline=None)
    settings.register_profile("ci", max_examples=500 * TIMES, deadline=None)
    settings.load_profile(PROFILE)


def fewer(cases: int, in_ci: int) -> settings:
    """For a property whose cases are large: so many while working on it, and so many in CI."""
    return settings(max_examples=TIMES * (cases if PROFILE == "default" else in_ci), deadline=None)


# For a property of what strangers write.
thorough = fewer(200, in_ci=2_000)
