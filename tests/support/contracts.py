"""The contract of launchers where an evaluation takes seconds: what every engine has in common is not shown on each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shinka.testing import LauncherContract

# What hangs on receipts and folders here and on the evaluation there, and not on what is between them.
APART = {
    "test_arguments_reach_the_evaluator",
    "test_results_of_an_earlier_evaluation_in_that_folder_do_not_count",
    "test_a_job_that_nobody_knows_is_gone",
    "test_what_the_program_wrote_itself_is_no_result_of_an_earlier_process",
    "test_closing_ends_what_runs",
}


class SlowLauncherContract(LauncherContract):
    """All of it with `SHINKA_TEST_CONTRACTS=1`."""

    @pytest.fixture(autouse=True)
    def _once_is_enough(self, request: pytest.FixtureRequest) -> None:
        if request.node.originalname in APART and not os.environ.get("SHINKA_TEST_CONTRACTS"):
            pytest.skip("the same for every engine, and each evaluation takes seconds: SHINKA_TEST_CONTRACTS=1")

    # What becomes of a program is for the evaluation there, which is a local one; once is enough here.
    @pytest.mark.parametrize("code", ["1 / 0"])
    def test_a_program_that_fails_is_an_evaluation_and_no_error(self, tmp_path: Path, code: str) -> None:
        super().test_a_program_that_fails_is_an_evaluation_and_no_error(tmp_path, code)

    @pytest.mark.parametrize("code", ["score = 4.0"])
    def test_a_result_is_found_by_the_process_that_resumes_the_run(self, tmp_path: Path, code: str) -> None:
        super().test_a_result_is_found_by_the_process_that_resumes_the_run(tmp_path, code)
