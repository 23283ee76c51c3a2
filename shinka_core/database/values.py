"""The values of a generation as JSON, for the journal, and back."""

from __future__ import annotations

import base64
import math
from dataclasses import asdict, fields, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shinka_core.errors import Blame
from shinka_core.feedback import NOTHING, Feedback
from shinka_core.program import (
    Candidate,
    Decision,
    Evaluation,
    Failure,
    Job,
    Program,
    Review,
    Sampling,
    Verdict,
)
from shinka_core.source import Source, SourceFile

Vector = NDArray[np.float32]
# Names what a sampling shows of earlier proposals from its parent.
TRIED = "tried"
# What a sampling may show that was written about the search.
GUIDANCE = ("advice_id", "idea_id", "system_prompt_id")
# What it may have beside, stored where it says anything.
OPTIONAL = (*GUIDANCE, "trials", "after", "direction", "progress", "usual_gain")
# How many generations had ended when it was decided: the moment of a sampling and of a verdict.
ENDED = "ended"
# Which models could not be asked then.
RESTING = "resting"

CANDIDATE = ("name", "description", "diff")
# Path, text and language of each.
FILES = "files"


class ProgramSource(Protocol):
    """Where programs are read from by id."""

    async def get_many(self, ids: tuple[str, ...]) -> tuple[Program, ...]:
        """The programs, in the order of the ids."""
        ...


def dump_sampling(sampling: Sampling) -> dict[str, Any]:
    """A sampling, its programs by id."""
    return {
        "parent": sampling.parent.id,
        "inspirations": [program.id for program in sampling.inspirations],
        "island": sampling.island,
        "patch_type": sampling.patch_type,
        "model": sampling.model,
        "attempt": sampling.attempt,
        "seed": sampling.seed,
        ENDED: sampling.ended,
        **({RESTING: list(sampling.resting)} if sampling.resting else {}),
        **{name: told for name in OPTIONAL if (told := getattr(sampling, name)) is not None},
        **({TRIED: [tried.key for tried in sampling.tried]} if sampling.tried else {}),
    }


async def load_sampling(payload: dict[str, Any], programs: ProgramSource) -> Sampling:
    """A sampling with its programs read back, without what was tried before."""
    parent, *inspirations = await programs.get_many((payload["parent"], *payload["inspirations"]))
    return Sampling(
        parent=parent,
        inspirations=tuple(inspirations),
        island=payload["island"],
        patch_type=payload["patch_type"],
        model=payload["model"],
        attempt=payload["attempt"],
        seed=payload["seed"],
        ended=payload.get(ENDED),
        resting=tuple(payload.get(RESTING, ())),
        **{name: payload[name] for name in OPTIONAL if name in payload},
    )


def dump_candidate(outcome: Candidate | Failure) -> dict[str, Any]:
    """What became of an answer: a candidate, or why there is none."""
    if isinstance(outcome, Failure):
        return {"failure": asdict(outcome)}
    told = {name: getattr(outcome, name) for name in CANDIDATE}
    return {"candidate": told | {FILES: files_of(outcome.source)}}


def load_candidate(payload: dict[str, Any]) -> Candidate | Failure:
    """The reverse of `dump_candidate`."""
    if "failure" in payload:
        return Failure(**payload["failure"])
    told = payload["candidate"]
    return Candidate(source_of(told[FILES]), **{name: told[name] for name in CANDIDATE})


def files_of(source: Source) -> list[list[str]]:
    """Path, text and language of each file."""
    return [[file.path, file.text, file.language] for file in source.files]


def source_of(files: list[list[str]]) -> Source:
    """The source of the files of a dumped candidate."""
    return Source(tuple(SourceFile(*file) for file in files))


def dump_verdict(outcome: tuple[Verdict, Vector | None]) -> dict[str, Any]:
    """A verdict with the embedding it rests on, which may have cost a call."""
    verdict, embedding = outcome
    encoded = None if embedding is None else base64.b64encode(embedding.astype("<f4").tobytes()).decode()
    return asdict(verdict) | {"embedding": encoded}


def load_verdict(payload: dict[str, Any]) -> tuple[Verdict, Vector | None]:
    """The reverse of `dump_verdict`."""
    encoded = payload["embedding"]
    embedding = None if encoded is None else np.frombuffer(base64.b64decode(encoded), dtype="<f4").astype(np.float32)
    return Verdict(**_known(Verdict, payload)), embedding


def dump_review(review: Review) -> dict[str, Any]:
    """A reviewer's decision."""
    edited = {} if review.edited is None else {FILES: files_of(review.edited)}
    return {"decision": review.decision.value, "text": review.text} | edited


def load_review(payload: dict[str, Any]) -> Review:
    """The reverse of `dump_review`."""
    edited = source_of(payload[FILES]) if FILES in payload else None
    return Review(Decision(payload["decision"]), payload["text"], edited)


def dump_job(job: Job) -> dict[str, Any]:
    """A submitted evaluation."""
    return asdict(job)


def load_job(payload: dict[str, Any]) -> Job:
    """The reverse of `dump_job`."""
    return Job(**_known(Job, payload))


def dump_evaluation(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation; numbers that JSON has no word for become None."""
    finite: dict[str, Any] = finite_only(asdict(replace(evaluation, feedback=NOTHING)))
    del finite["feedback"]
    told = evaluation.feedback.dump()
    return finite if told is None else finite | {"feedback": told}


def load_evaluation(payload: dict[str, Any]) -> Evaluation:
    """The reverse of `dump_evaluation`."""
    known = _known(Evaluation, payload)
    known["feedback"] = Feedback.load(payload.get("feedback"))
    return Evaluation(**known)


def finite_only(value: Any) -> Any:
    """The value with every NaN and infinity replaced by None, and every key a string."""
    if isinstance(value, dict):
        return {str(key): finite_only(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [finite_only(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _known(kind: Any, payload: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {key: value for key, value in payload.items() if key in names}


def load_blame(stored: str) -> Blame | None:
    """Whose fault a generation's end was, as its row has it; None: nobody's, or not known."""
    return Blame(stored) if stored else None
