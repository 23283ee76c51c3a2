"""Reviewers that come with the project: one that accepts everything, and a person with a file."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from shinka.testing import ReviewerContract
from shinka_core.checks import check_values
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from shinka_core.program import Candidate, Program, Review, Sampling, Verdict
from shinka_core.reviewers import REVIEWERS, FileReviewer, Reviewer, file, reviewer_of
from shinka_core.settings import RunSettings
from shinka_core.source import Source


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LOOK_PERIOD", 0.02)


class TestAcceptAll(ReviewerContract):
    def reviewer(self) -> Reviewer:
        return REVIEWERS.create("accept_all")


class TestFile(ReviewerContract):
    def reviewer(self) -> Reviewer:
        return REVIEWERS.create("file")

    def answer(self, folder: Path) -> None:
        (folder / "review.answer").write_text("reject it is slow")


class TestFileWithoutAnybody(ReviewerContract):
    def reviewer(self) -> Reviewer:
        return REVIEWERS.create({"name": "file", "timeout": 0.3, "default": "hint use numpy"})


def given(code: str = "x = 2\n") -> tuple[Sampling, Candidate, Verdict]:
    parent = Program("p", 3, Source.of("x = 1\n", "python"), 0, score=1.5, correct=True)
    return (
        Sampling(parent, (), 0, "diff", "gpt", attempt=0, seed=1),
        Candidate(
            source=Source.of(code, "python"), name="double_x", description="Twice as much.", diff="-x = 1\n+x = 2\n```"
        ),
        Verdict(novel=True, similarity=0.5, nearest="p", explanation="far enough"),
    )


async def asked(reviewer: Any, folder: Path, code: str = "x = 2\n") -> asyncio.Task[Review]:
    task = asyncio.create_task(reviewer.review(*given(code), folder))
    async with asyncio.timeout(10):
        while not (folder / "review.md").exists():
            await asyncio.sleep(0.01)
    return task


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accept\n", Review.accept()),
        ("ACCEPT", Review.accept()),
        ("reject it reads the answer from the evaluator\n", Review.reject("it reads the answer from the evaluator")),
        ("Hint: use numpy\nand no loop\n", Review.hint("use numpy\nand no loop")),
        ("reject\nfor two\nreasons", Review.reject("for two\nreasons")),
        ("\ufeffaccept", Review.accept()),
    ],
)
async def test_the_question_says_what_there_is_to_know_and_the_answer_is_read(
    tmp_path: Path, text: str, expected: Review
) -> None:
    reviewing = await asked(FileReviewer(), tmp_path / "gen_4")
    question = (tmp_path / "gen_4" / "review.md").read_text()
    for words in (
        "double_x",
        "Twice as much.",
        "gpt",
        "score 1.5",
        "generation 3",
        "far enough",
        "+x = 2",
        "review.answer",
    ):
        assert words in question
    (tmp_path / "gen_4" / "review.answer").write_text(text)
    assert await reviewing == expected


async def test_an_answer_that_is_none_is_told_once_and_may_be_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reviewing = await asked(FileReviewer(), tmp_path / "g")
    for text, words in (("acept", "'acept' is no decision"), ("reject", "say why"), ("", "")):
        (tmp_path / "g" / "review.answer").write_text(text)
        await asyncio.sleep(0.2)
        assert not reviewing.done()
        assert words in caplog.text
    assert caplog.text.count("is no decision") == 1
    (tmp_path / "g" / "review.answer").write_text("accept")
    assert (await reviewing).accepted


async def test_an_answer_counts_for_the_candidate_it_was_given_for_alone(tmp_path: Path) -> None:
    folder = tmp_path / "g"
    first = await asked(FileReviewer(), folder)
    (folder / "review.answer").write_text("reject no")
    assert await first == Review.reject("no")
    second = asyncio.create_task(FileReviewer().review(*given("x = 3\n"), folder))
    await asyncio.sleep(0.2)
    assert not second.done()
    assert not (folder / "review.answer").exists()
    (folder / "review.answer").write_text("accept")
    assert (await second).accepted


async def test_an_answer_that_came_while_nothing_ran_is_read_and_the_time_limit_counts_from_the_question(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "g"
    killed = await asked(FileReviewer(), folder)
    killed.cancel()
    await asyncio.wait([killed])
    (folder / "review.answer").write_text("hint use numpy")
    assert await FileReviewer().review(*given(), folder) == Review.hint("use numpy")
    (folder / "review.answer").unlink()
    os.utime(folder / "review.md", (time.time() - 100, time.time() - 100))
    began = time.monotonic()
    assert await FileReviewer(timeout=60, default="reject nobody is there").review(*given(), folder) == Review.reject(
        "nobody is there"
    )
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("fil", "reviewer: there is no reviewer 'fil'; did you mean 'file'?"),
        ({"name": "file", "timeout": 0}, "timeout=0"),
        ({"name": "file", "default": "perhaps"}, "'perhaps' is no decision"),
        ({"name": "file", "wait": 3}, "has no parameter 'wait'; known: timeout, default"),
    ],
)
def test_a_reviewer_that_is_none_is_told(spec: Any, words: str) -> None:
    with pytest.raises(ConfigError) as told:
        reviewer_of(spec)
    assert words in str(told.value)


@pytest.mark.parametrize(
    "fields", [{"reviewer": {"name": "file", "token": "x1"}}, {"periodic": [{"name": "digest", "token": "x1"}]}]
)
def test_a_key_in_its_parameters_is_refused_because_settings_are_stored(tmp_path: Path, fields: dict[str, Any]) -> None:
    settings = RunSettings("e", tmp_path, EvolutionConfig(**fields), LocalJobConfig(), DatabaseConfig())
    with pytest.raises(ConfigError, match=r"(reviewer|periodic) holds 'token'"):
        check_values(settings)
