"""Both advisers hold to the contract, and ask what they are to ask."""

from __future__ import annotations

from typing import Any

import pytest

from shinka.testing import AdviserContract
from shinka_core.errors import UnusableAnswerError
from shinka_core.llm.question import Question
from shinka_core.meta import ADVISERS, Adviser


class TestLessons(AdviserContract):
    def adviser(self) -> Adviser:
        return ADVISERS.create("advice")


class TestRecommendations(AdviserContract):
    def adviser(self) -> Adviser:
        return ADVISERS.create({"name": "recommendations", "most": 2, "words": 10})


class TestAnAnswerInAnotherForm(AdviserContract):
    def adviser(self) -> Adviser:
        return ADVISERS.create("recommendations")

    def answer(self, question: Question) -> str:
        return f'<think>So.</think>```json\n["Larger steps pay: {question.key.attempt}."]\n```'


class OneThatSaysNothing(AdviserContract):
    def adviser(self) -> Adviser:
        return ADVISERS.create("recommendations")

    def answer(self, question: Question) -> str:
        return "" if question.key.turn < 2 else "---"


def test_one_that_says_nothing_is_told(tmp_path: Any) -> None:
    with pytest.raises(UnusableAnswerError):
        OneThatSaysNothing().test_it_writes_something_and_the_same_without_a_question_more(tmp_path)
