"""The launcher's word on how an evaluation ended, for whoever resumes the run.

Result files alone prove nothing: the evaluated program can write them. So a result that no driver has
stored yet counts only together with a receipt that the launcher wrote after it had looked at everything
(exit code, seal, limits). The receipt lies beside the results folder, and carries a signature whose key
is in the program database and nowhere else, because without a sandbox a program can write there too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from shinka_core.evaluation.seal import contents, digest
from shinka_core.feedback import Feedback
from shinka_core.program import Evaluation, Job

LARGEST = 40_000_000


def new_key() -> str:
    """A key for one job; part of its id, which is stored in the database."""
    return secrets.token_hex(16)


def key_of(job: Job) -> str:
    """The key in a job's id, or "" for a job that has none."""
    return job.id.split(":")[2] if job.id.count(":") >= 2 else ""


def path_of(results_dir: Path) -> Path:
    """Where the receipt of an evaluation lies: not in the folder that the evaluation may write to."""
    return results_dir.with_name(f"{results_dir.name}.receipt.json")


def write(job: Job, code: int, evaluation: Evaluation) -> None:
    """Leaves a receipt, in one piece.

    Args:
        code: Exit code, negative for a signal.
    """
    results_dir = Path(job.results_dir)
    said = {"exit_code": code, "seal": _seal(results_dir), "evaluation": asdict(evaluation)}
    text = json.dumps(said)
    path = path_of(results_dir)
    temporary = path.with_name(f".{path.name}")
    remove(results_dir)
    temporary.unlink(missing_ok=True)
    temporary.write_text(f"{_signature(job, text)}\n{text}\n", encoding="utf-8")
    temporary.replace(path)


def read(job: Job) -> Evaluation | None:
    """What the launcher had found, or None without a receipt for this very job and these very files."""
    results_dir = Path(job.results_dir)
    path = path_of(results_dir)
    try:
        if not key_of(job) or path.is_symlink() or path.stat().st_size > LARGEST:
            return None
        signature, _, text = path.read_text(encoding="utf-8").partition("\n")
        text = text.rstrip("\n")
        if not hmac.compare_digest(signature, _signature(job, text)):
            return None
        said = json.loads(text)
        if said["seal"] != _seal(results_dir):
            return None
        return _evaluation(said["evaluation"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove(results_dir: Path) -> None:
    """Takes away the receipt of an earlier evaluation in that folder."""
    path_of(results_dir).unlink(missing_ok=True)


def _signature(job: Job, text: str) -> str:
    return hashlib.blake2b(f"{job.id}\n{text}".encode(), key=key_of(job).encode(), digest_size=32).hexdigest()


def _seal(results_dir: Path) -> str:
    return digest(contents(results_dir)).decode().strip()


def _evaluation(said: dict[str, Any]) -> Evaluation:
    names = {field.name for field in fields(Evaluation)}
    known = {name: value for name, value in said.items() if name in names}
    known["feedback"] = Feedback.load(said.get("feedback"))
    return Evaluation(**known)
