"""Programs and evaluators that a script gives as texts or functions: they become files of the run's results folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shinka_core.config import EvolutionConfig, InProcessJobConfig, JobConfig, LocalJobConfig
from shinka_core.edit.languages import EXTENSIONS
from shinka_core.errors import ConfigError
from shinka_core.launch.given import write_evaluator
from shinka_core.naming import default_name, default_results_dir, is_begun

# Inside of the results folder.
FOLDER = "task"


@dataclass(frozen=True, slots=True)
class Given:
    """What a script gives beside its settings.

    Attributes:
        program: Text of the seed program.
        evaluator: Text of the evaluator, or a function that scores a program.
    """

    program: str | None = None
    evaluator: str | Callable[..., Any] | None = None

    def __bool__(self) -> bool:
        return self.program is not None or self.evaluator is not None


def laid_out(
    given: Given, evolve: EvolutionConfig, job: JobConfig, name: str | None
) -> tuple[EvolutionConfig, JobConfig]:
    """The settings with files in the place of what is given; a run that has its own already is given no other seed program.

    Raises:
        ConfigError: The evaluator is no function of a program, or goes with no such job.
    """
    if not given:
        return evolve, job
    chosen = name or default_name(str(Path.cwd() / "initial.py"))
    results = Path(evolve.results_dir or default_results_dir(chosen)).expanduser().absolute()
    folder = results / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    changed: dict[str, Any] = {"results_dir": str(results)}
    if given.program is not None:
        extension = EXTENSIONS.get(evolve.language or "python", (".txt",))[0]
        program = folder / f"initial{extension}"
        if not (is_begun(results) and program.is_file()):
            program.write_text(given.program, encoding="utf-8")
        changed["init_program_path"] = str(program)
    if given.evaluator is not None:
        job = _evaluated(given.evaluator, folder / "evaluate.py", job)
    return evolve.model_copy(update=changed), job


def _evaluated(evaluator: str | Callable[..., Any], path: Path, job: JobConfig) -> JobConfig:
    if isinstance(evaluator, str):
        path.write_text(evaluator, encoding="utf-8")
        return job.model_copy(update={"eval_program_path": str(path)})
    if not isinstance(job, LocalJobConfig | InProcessJobConfig):
        raise ConfigError(
            f"an evaluator that is a function is called in this process (kind: in_process), and kind={job.kind!r} was "
            "asked for; give it as a file (eval_program_path)"
        )
    write_evaluator(evaluator, path)
    if isinstance(job, LocalJobConfig):
        kept: dict[str, Any] = {
            field: getattr(job, field)
            for field in job.model_fields_set & set(InProcessJobConfig.model_fields)
            if field != "kind"
        }
        job = InProcessJobConfig(**kept)
    return job.model_copy(update={"eval_program_path": str(path), "function": "evaluate"})
