"""Feedback in pieces: what is taken, how much of it, and what of a hostile program is not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.database.values import dump_evaluation, load_evaluation
from shinka_core.feedback import NOTHING, Feedback
from shinka_core.launch.telling import (
    LARGEST_IMAGE,
    LONGEST_TEXT,
    MOST_CHARACTERS,
    MOST_IMAGES,
    MOST_NOTES,
    MOST_TEXTS,
    read_feedback,
)
from shinka_core.program import Evaluation

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
JPEG = b"\xff\xd8\xff\xe0" + b"photograph"


def test_texts_artifacts_and_images_are_taken(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "a.png").write_bytes(PNG)
    (tmp_path / "b.jpg").write_bytes(JPEG)
    (tmp_path / "trace.txt").write_text("step 1\x00\nstep 2")
    told = read_feedback(
        {"instance_texts": {"n=5": "too slow", "n=9": {"gap": 2}}, "artifacts": ["trace.txt"],
         "images": ["plots/a.png", "b.jpg"]}, tmp_path,
    )  # fmt: skip
    assert told.instances == {"n=5": "too slow", "n=9": '{"gap": 2}'}
    assert told.artifacts == {"trace.txt": "step 1\nstep 2"}
    assert [(image.name, image.media, image.digest, image.size) for image in told.images] == [
        ("plots/a.png", "image/png", hashlib.sha256(PNG).hexdigest(), len(PNG)),
        ("b.jpg", "image/jpeg", hashlib.sha256(JPEG).hexdigest(), len(JPEG)),
    ]
    assert told.left_out == ()
    evaluation = Evaluation(1.0, True, feedback=told)
    assert load_evaluation(dump_evaluation(evaluation)) == evaluation
    assert read_feedback({"artifacts": {"log": "text"}}, tmp_path).artifacts == {"log": "text"}


def test_an_evaluation_of_before_has_none() -> None:
    stored = dump_evaluation(Evaluation(1.0, True))
    assert "feedback" not in stored
    assert load_evaluation(stored).feedback == NOTHING


@pytest.mark.parametrize("odd", [7, "text", True, [[1], None, 3.5, {"a": 1}], {"x": [None]}, []])
@pytest.mark.parametrize("key", ["instance_texts", "artifacts", "images"])
def test_what_evaluators_of_before_meant_otherwise_harms_nobody(key: str, odd: Any, tmp_path: Path) -> None:
    told = read_feedback({key: odd}, tmp_path)
    assert not told.images
    if not isinstance(odd, dict) and odd:
        assert all(note.startswith(f"{key}: ") for note in told.left_out)
        assert told.left_out


def test_nothing_is_read_from_outside_nor_through_links(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    (folder / "link.png").symlink_to(secret)
    (folder / "inner").symlink_to(tmp_path)
    (folder / "round.png").symlink_to(folder / "round.png")
    (folder / "same.png").write_bytes(PNG)
    (folder / "also.png").symlink_to(folder / "same.png")
    os.mkfifo(folder / "pipe.png")
    names = [
        "../secret.png",
        str(secret),
        "link.png",
        "inner/secret.png",
        "round.png",
        "also.png",
        "pipe.png",
        ".",
        "no.png",
    ]
    for name in names:
        for key in ("images", "artifacts"):
            told = read_feedback({key: [name]}, folder)
            assert (told.images, told.artifacts) == ((), {}), name
            assert len(told.left_out) == 1
            assert told.left_out[0].startswith(f"{key}: {name!r}: ")


def test_images_are_few_small_and_images(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(PNG + b"x" * LARGEST_IMAGE)
    (tmp_path / "page.png").write_bytes(b"<svg></svg>")
    for number in range(MOST_IMAGES + 2):
        (tmp_path / f"{number}.png").write_bytes(PNG)
    told = read_feedback({"images": ["large.png", "page.png"]}, tmp_path)
    assert told.images == ()
    assert [note.partition(": ")[2] for note in told.left_out] == [
        f"'large.png': it has more than {LARGEST_IMAGE} bytes", "'page.png': it is neither PNG nor JPEG",
    ]  # fmt: skip
    many = read_feedback({"images": [f"{number}.png" for number in range(MOST_IMAGES + 2)]}, tmp_path)
    assert len(many.images) == MOST_IMAGES
    assert many.left_out == (f"images: 2 of {MOST_IMAGES + 2}, since {MOST_IMAGES} are taken at most",)


LENGTHS = st.lists(st.integers(0, 3 * LONGEST_TEXT), max_size=60)


@given(LENGTHS, st.booleans())
def test_texts_are_bounded_whatever_they_are(lengths: list[int], as_instances: bool) -> None:
    texts = {f"name {number}": "x" * length for number, length in enumerate(lengths)}
    key = "instance_texts" if as_instances else "artifacts"
    told = read_feedback({key: texts}, Path("/nowhere"))
    kept = told.instances if as_instances else told.artifacts
    assert list(kept) == list(texts)[: len(kept)], "the first ones"
    assert all(len(text) <= LONGEST_TEXT for text in kept.values())
    assert sum(map(len, kept.values())) <= MOST_CHARACTERS + LONGEST_TEXT
    assert (len(kept) == len(texts)) == (not told.left_out)
    assert Feedback.load(told.dump()) == told


def test_so_many_and_no_more(tmp_path: Path) -> None:
    told = read_feedback({"instance_texts": {str(number): "" for number in range(MOST_TEXTS + 9)}}, tmp_path)
    assert len(told.instances) == MOST_TEXTS
    assert told.left_out == (f"instance_texts: 9 of {MOST_TEXTS + 9}, since there is room for no more",)
    many = read_feedback({"artifacts": [f"{number}.txt" for number in range(99)]}, tmp_path)
    assert len(many.left_out) == MOST_NOTES
