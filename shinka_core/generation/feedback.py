"""What an evaluator told in pieces, kept: images as files that stay, and the end of what it printed.

Images lie in `images/` of the results folder, named by their digests: the folder of an evaluation may be moved or
written anew, and equal images of many programs are one file.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shinka_core.feedback import Feedback, Image
from shinka_core.launch.local import STDERR
from shinka_core.launch.telling import LARGEST_IMAGE, place_of, read_file
from shinka_core.llm.question import Picture
from shinka_core.program import Evaluation, Job
from shinka_core.run import Run
from shinka_core.storable import storable

IMAGES = "images"
# Characters of what an evaluation printed that are kept, from the end.
LAST_WORDS = 2_000
# The longest output of an evaluation that is looked at.
LARGEST_OUTPUT = 100_000_000

logger = logging.getLogger("shinka.feedback")


async def keep_feedback(run: Run, job: Job, evaluation: Evaluation) -> Evaluation:
    """The evaluation with its images stored, and with what it printed if that is to be shown."""
    shown, told = run.settings.evolve.shown_feedback, evaluation.feedback
    if told.left_out:
        logger.log(_level(run), "the evaluator's feedback is taken in part: %s", "; ".join(told.left_out))
    printed = "stderr" in shown and evaluation.correct
    if not printed and not told.images:
        return evaluation
    kept = await asyncio.to_thread(_keep, Path(job.results_dir), run.settings.results_dir / IMAGES, told, printed)
    return replace(evaluation, feedback=kept)


def pictures_of(folder: Path, images: Sequence[Image]) -> tuple[Picture, ...]:
    """The images as models are sent them; those whose files are gone are left out."""
    found: list[Picture] = []
    for image in images:
        try:
            data = read_file(folder / image.file, LARGEST_IMAGE)
        except (OSError, ValueError) as error:
            logger.warning("the image %s of %s is not shown: %s", image.file, folder, error)
            continue
        found.append(Picture(image.name, image.digest, image.media, data))
    return tuple(found)


def _level(run: Run) -> int:
    """A warning the first time: an evaluator makes the same mistake with every program."""
    if run.feedback_warned:
        return logging.DEBUG
    run.feedback_warned = True
    return logging.WARNING


def _keep(results_dir: Path, folder: Path, told: Feedback, printed: bool) -> Feedback:
    left_out, images = list(told.left_out), list[Image]()
    for image in told.images:
        try:
            data = read_file(place_of(image.name, results_dir), LARGEST_IMAGE)
            if hashlib.sha256(data).hexdigest() != image.digest:
                raise ValueError("it was changed since")
            _write(folder / image.file, data)
            images.append(image)
        except (OSError, ValueError) as error:
            left_out.append(f"images: {image.name!r}: {error}")
    artifacts = dict(told.artifacts)
    if printed and (words := _last_words(results_dir / STDERR)):
        artifacts.setdefault("stderr", words)
    return replace(told, images=tuple(images), left_out=tuple(left_out), artifacts=artifacts)


def _write(path: Path, data: bytes) -> None:
    if path.is_file() and path.stat().st_size == len(data):
        return
    path.parent.mkdir(exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(path)


def _last_words(path: Path) -> str:
    try:
        text = storable(read_file(path, LARGEST_OUTPUT, cut=True).decode("utf-8", "replace")).strip()
    except (OSError, ValueError):
        return ""
    return text if len(text) <= LAST_WORDS else f"[...]\n{text[-LAST_WORDS:]}"
