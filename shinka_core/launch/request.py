"""What a launcher is asked for: one run of the evaluator on one program."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shinka_core.config.job import Kind
from shinka_core.evaluation.called import SCORE_VARIABLE
from shinka_core.launch.terms import AS_SET, Terms


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """One run of the evaluator.

    Attributes:
        program_path: The candidate on disk.
        results_dir: Where the evaluator writes `metrics.json` and `correct.json`; empty or not there.
        evaluator: Its script.
        python: Interpreter for it; None: the running one, for a Python script.
        arguments: More `--key value` for the evaluator, those of a stage and of a repeat among them.
        environment: Variables that are set for this evaluation.
        time_limit: Seconds, or None.
        limited_by: The setting that says so, for messages.
    """

    program_path: Path
    results_dir: Path
    evaluator: Path
    python: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    time_limit: float | None = None
    limited_by: str = "job.time"

    @classmethod
    def of(cls, job: Kind, program_path: Path, results_dir: Path, terms: Terms = AS_SET) -> EvaluationRequest:
        """The request that the settings make of a program.

        Args:
            terms: What is special about this evaluation.
        """
        return cls(
            program_path=program_path,
            results_dir=results_dir,
            evaluator=Path(job.eval_program_path),
            python=job.python,
            arguments={**job.extra_cmd_args, **terms.arguments},
            environment={**_of_the_score(job), **terms.environment},
            time_limit=job.time_limit if terms.time_limit is None else terms.time_limit,
            limited_by=terms.limited_by,
        )

    @property
    def stage(self) -> str:
        """Name of the stage, or "" where there is one alone."""
        return str(self.arguments.get("stage") or "")

    @property
    def argv(self) -> list[str]:
        """Arguments of the evaluator's command line."""
        arguments = ["--program_path", str(self.program_path), "--results_dir", str(self.results_dir)]
        for key, value in self.arguments.items():
            if value is True:
                arguments.append(f"--{key}")
            elif value is not None and value is not False:
                arguments += [f"--{key}", str(value)]
        return arguments

    @property
    def command(self) -> list[str]:
        """The whole command, for an evaluator in Python."""
        return [self.python or sys.executable, str(self.evaluator), *self.argv]


def _of_the_score(job: Kind) -> dict[str, str]:
    """Told to what calls an evaluator that is a function."""
    return {} if job.score is None else {SCORE_VARIABLE: job.score}
