"""One evaluation as it is carried to another machine, and its outcome as it is carried back: JSON, both of them.

With shared folders an errand names them. Otherwise it holds the program and the evaluator's folder, and the outcome
holds what was left in the results folder.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shinka_core.errors import LaunchError
from shinka_core.program import Evaluation


@dataclass(frozen=True, slots=True)
class Errand:
    """One run of the evaluator, for whoever does it.

    Attributes:
        name: Of the job, unique.
        settings: Fields of `LocalJobConfig`, as which it is done there.
        program_path: The candidate; sent, it is relative to the folder that is made for it.
        results_dir: Where the evaluator writes; "" where it is sent back.
        evaluator_digest: SHA-256 of the evaluator as it was when the run began.
        arguments: `--key value` for the evaluator.
        environment: Variables of this evaluation alone.
        time_limit: Seconds, or None.
        limited_by: The setting that says so.
        hidden: Shared folders that an evaluation has no business with.
        program: Files of the candidate as base64 by path, where they are sent.
        folder: The evaluator's folder as an archive, base64; "" where it is shared.
        most_back: Bytes of results that are sent back.
    """

    name: str
    settings: Mapping[str, Any]
    program_path: str
    results_dir: str
    evaluator_digest: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    time_limit: float | None = None
    limited_by: str = "job.time"
    hidden: tuple[str, ...] = ()
    program: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: str = ""
    most_back: int = 0

    @property
    def sent(self) -> bool:
        """Whether nothing of it is in shared folders."""
        return bool(self.program)

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def load(cls, said: Mapping[str, Any]) -> Errand:
        """What `dump` gave."""
        told: dict[str, Any] = {**said, "hidden": tuple(said["hidden"])}
        return cls(**told)


@dataclass(frozen=True, slots=True)
class Ticket:
    """By what an errand is found again.

    Attributes:
        name: Of the errand.
        key: Signs an outcome that is left in a shared folder.
        results_dir: Where its results are to be, on this machine.
    """

    name: str
    key: str
    results_dir: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an errand.

    Attributes:
        evaluation: None when there was none.
        problem: Why: the machine, the engine or the settings, never the program.
        results: What was left in the results folder as an archive, base64.
    """

    evaluation: Evaluation | None
    problem: str = ""
    results: str = ""

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        told = None if self.evaluation is None else asdict(self.evaluation)
        return {"evaluation": told, "problem": self.problem, "results": self.results}

    @classmethod
    def load(cls, said: Mapping[str, Any]) -> Outcome:
        """What `dump` gave.

        Raises:
            LaunchError: It is none.
        """
        try:
            told = said["evaluation"]
            evaluation = None if told is None else Evaluation(**told)
            return cls(evaluation, str(said["problem"]), str(said["results"]))
        except (KeyError, TypeError, ValueError) as error:
            raise LaunchError(
                f"what came back of an evaluation is no outcome: {type(error).__name__}: {error}"
            ) from error


def leave(path: Path, outcome: Outcome, key: str) -> None:
    """Leaves an outcome in a shared folder, in one piece and signed: an evaluated program may write there too."""
    text = json.dumps(outcome.dump())
    temporary = path.with_name(f".{path.name}.{key[:8]}")
    temporary.unlink(missing_ok=True)
    temporary.write_text(f"{_signature(text, key)}\n{text}\n", encoding="utf-8")
    temporary.replace(path)


def left(path: Path, key: str) -> Outcome | None:
    """The outcome that was left there under that key, or None."""
    try:
        if path.is_symlink():
            return None
        signature, _, text = path.read_text(encoding="utf-8").partition("\n")
        text = text.rstrip("\n")
        if hmac.compare_digest(signature, _signature(text, key)):
            return Outcome.load(json.loads(text))
    except (OSError, ValueError, LaunchError):
        pass
    return None


def _signature(text: str, key: str) -> str:
    return hashlib.blake2b(text.encode(), key=key.encode(), digest_size=32).hexdigest()
