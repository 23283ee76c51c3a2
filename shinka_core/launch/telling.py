"""Reading the feedback that an evaluator gives in pieces: texts by instance, artifacts, images.

None of it is needed to judge a program, and evaluators of before may use these words for something else: what has
another shape than is said here is left out, with a word about it, and the program is judged all the same.

    instance_texts  an object of texts by instance
    artifacts       an object of texts by name, or a list of text files in the results folder
    images          a list of PNG or JPEG files in the results folder
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shinka_core.bounds import KEY, within
from shinka_core.feedback import Feedback, Image
from shinka_core.storable import storable

INSTANCES, ARTIFACTS, IMAGES = "instance_texts", "artifacts", "images"
# Texts of each kind, characters of one, and of all of a kind.
MOST_TEXTS = 1_000
LONGEST_TEXT = 4_000
MOST_CHARACTERS = 40_000
MOST_IMAGES = 4
LARGEST_IMAGE = 2_000_000
MOST_NOTES = 10

_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def read_feedback(metrics: dict[str, Any], results_dir: Path) -> Feedback:
    """What `metrics.json` tells in pieces.

    Args:
        metrics: Its content, with texts that can be stored.
    """
    left_out: list[str] = []
    artifacts: Any = metrics.get(ARTIFACTS)
    if isinstance(artifacts, list):
        artifacts = dict(_files(artifacts, results_dir, left_out))  # pyright: ignore[reportUnknownArgumentType]
    return Feedback(
        _texts(metrics.get(INSTANCES), INSTANCES, left_out),
        _texts(artifacts, ARTIFACTS, left_out),
        tuple(_images(metrics.get(IMAGES), results_dir, left_out)),
        tuple(left_out[:MOST_NOTES]),
    )


def read_file(path: Path, most: int, *, cut: bool = False) -> bytes:
    """The content of a regular file, never through a link.

    Args:
        most: Bytes that it may have.
        cut: Of a larger one take the beginning.

    Raises:
        OSError: It cannot be read.
        ValueError: It is larger, or no regular file.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it is no file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(most + 1)
    finally:
        os.close(handle)
    if len(data) > most and not cut:
        raise ValueError(f"it has more than {most} bytes")
    return data[:most]


def media_type(data: bytes) -> str | None:
    """What kind of image it is by its first bytes; None: neither PNG nor JPEG."""
    return next((media for signature, media in _SIGNATURES.items() if data.startswith(signature)), None)


def place_of(name: object, results_dir: Path) -> Path:
    """The file of that name.

    Raises:
        ValueError: It would not be inside the results folder.
    """
    if not isinstance(name, str) or not name:
        raise ValueError("it is no path")
    path = results_dir / name
    try:
        inside = path.resolve().is_relative_to(results_dir.resolve())
    except RuntimeError:  # links in a circle
        inside = False
    if not inside:
        raise ValueError("it is not inside the results folder")
    return path


def _texts(value: Any, key: str, left_out: list[str]) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        left_out.append(f"{key}: it is a {type(value).__name__}; give an object of texts by name")
        return {}
    named: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    room, told = MOST_CHARACTERS, dict[str, str]()
    for name, text in named.items():
        if room <= 0 or len(told) == MOST_TEXTS:
            left_out.append(f"{key}: {len(named) - len(told)} of {len(named)}, since there is room for no more")
            break
        said = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
        told[within(name, KEY)] = said = within(said, LONGEST_TEXT)
        room -= len(said) + len(name)
    return told


def _files(names: list[Any], results_dir: Path, left_out: list[str]) -> Iterator[tuple[str, str]]:
    for name in names[:MOST_TEXTS]:
        try:
            data = read_file(place_of(name, results_dir), MOST_CHARACTERS, cut=True)
            yield name, storable(data.decode("utf-8", "replace"))
        except (OSError, ValueError) as error:
            left_out.append(_about(ARTIFACTS, name, error))


def _images(names: Any, results_dir: Path, left_out: list[str]) -> Iterator[Image]:
    if names is None:
        return
    if not isinstance(names, list):
        left_out.append(f"{IMAGES}: it is a {type(names).__name__}; give a list of files")
        return
    listed: list[Any] = names  # pyright: ignore[reportUnknownVariableType]
    if len(listed) > MOST_IMAGES:
        left_out.append(
            f"{IMAGES}: {len(listed) - MOST_IMAGES} of {len(listed)}, since {MOST_IMAGES} are taken at most"
        )
    for name in listed[:MOST_IMAGES]:
        try:
            data = read_file(place_of(name, results_dir), LARGEST_IMAGE)
            media = media_type(data)
            if media is None:
                raise ValueError("it is neither PNG nor JPEG")
            yield Image(within(name, KEY), hashlib.sha256(data).hexdigest(), media, len(data))
        except (OSError, ValueError) as error:
            left_out.append(_about(IMAGES, name, error))


def _about(key: str, name: Any, error: Exception) -> str:
    why = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
    return f"{key}: {within(repr(name), KEY)}: {why}"
