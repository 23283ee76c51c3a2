"""What models write for other models is read however they dress it, and what is read breaks no prompt."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.meta.words import WORD, cleaned, in_words, listed, said
from tests.support.generated import load_profile

load_profile()

POINTS = ["Move the radii together.", "Try a hexagonal start, then relax it.", "Stop widening the search."]
NUMBERED = "\n".join(f"{number}. {point}" for number, point in enumerate(POINTS, 1))
TEXTS = st.text(alphabet=st.sampled_from('ab1.) -*#`~<>=\n\t{}[]",:EVOLVE-BLOCK-START<think>/'), max_size=200)

DRESSED = {
    "plain": NUMBERED,
    "with a greeting": f"Sure! Here are my recommendations:\n\n{NUMBERED}\n",
    "brackets": NUMBERED.replace(". ", ") ", 1).replace("2. ", "2) ").replace("3. ", "3) "),
    "bullets": "\n".join(f"- {point}" for point in POINTS),
    "round bullets": "\n\n".join(f"• {point}" for point in POINTS),
    "bold numbers": "\n".join(f"**{number}.** {point}" for number, point in enumerate(POINTS, 1)),
    "headings": "\n\n".join(f"### {number}. {point}" for number, point in enumerate(POINTS, 1)),
    "by name": "\n".join(f"Recommendation {number}: {point}" for number, point in enumerate(POINTS, 1)),
    "fenced": f"```text\n{NUMBERED}\n```",
    "thought about": f"<think>\n1. Nonsense.\n</think>\n{NUMBERED}",
    "JSON": json.dumps(POINTS),
    "JSON in a fence": f"```json\n{json.dumps({'recommendations': POINTS}, indent=1)}\n```",
    "JSON objects": json.dumps({"list": [{"text": point} for point in POINTS]}),
    "paragraphs": "\n\n".join(POINTS),
    "carriage returns": NUMBERED.replace("\n", "\r\n"),
    "lines broken": NUMBERED.replace(" together", "\n   together"),
}


@pytest.mark.parametrize("dress", DRESSED)
def test_a_list_is_read_in_whatever_form_it_comes(dress: str) -> None:
    assert listed(DRESSED[dress], 5, 60) == POINTS


def test_points_below_a_point_belong_to_it() -> None:
    text = "1. First\n   - with this\n   - and that\n2. Second"
    assert listed(text, 5, 60) == ["First - with this - and that", "Second"]


@pytest.mark.parametrize("answer", ["", "  \n", "<think>never ends", "```\n```", "1.\n2.", "[]", "---"])
def test_an_answer_without_a_point_has_none(answer: str) -> None:
    assert listed(answer, 5, 60) == []


def test_no_more_points_and_words_than_were_asked_for_and_none_twice() -> None:
    assert listed(f"{NUMBERED}\n4. {POINTS[0]}", 2, 60) == POINTS[:2]
    assert listed(f"{NUMBERED}\n4. {POINTS[0]}", 9, 60) == POINTS
    assert listed(NUMBERED, 3, 2) == ["Move the", "Try a", "Stop widening"]


def test_what_would_end_a_section_of_a_prompt_or_look_like_an_edit_is_left_out() -> None:
    answer = (
        "## Lessons\n```python\nx = 1\n```\n# EVOLVE-BLOCK-START\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
        "Larger steps fail.\n\n\n\n- Smaller ones pay."
    )
    assert said(answer) == "Lessons\n\nx = 1\n\na\n\nb\n\nLarger steps fail.\n\n- Smaller ones pay."


def test_a_text_ends_with_a_sentence_where_there_is_one_in_its_second_half() -> None:
    text = "One two three. Four five six. Seven eight nine."
    assert in_words(text, 8) == "One two three. Four five six."
    assert in_words(text, 5) == "One two three."
    assert in_words(text, 9) == text
    assert in_words("a b c d e f", 4) == "a b c d"
    assert in_words("x" * 1000, 10) == "x" * 10 * WORD


@given(TEXTS, st.integers(1, 30))
def test_whatever_is_answered_is_read_within_its_bounds(answer: str, most: int) -> None:
    text = in_words(said(answer), most)
    assert len(text.split()) <= most
    assert len(text) <= most * WORD
    assert in_words(text, most) == text
    for point in listed(answer, most, most):
        assert len(point.split()) <= most
        assert "\n" not in point


@given(TEXTS)
def test_what_is_cleaned_stays_as_it_is(text: str) -> None:
    once = cleaned(text)
    assert cleaned(once) == once
    assert not any(line.lstrip().startswith(("```", "~~~", "# ", "<<<<<")) for line in once.splitlines())


@given(
    st.lists(st.text(alphabet="abc xyz", min_size=1, max_size=40).map(lambda text: " ".join(text.split())), max_size=8)
)
def test_what_is_numbered_comes_back(points: list[str]) -> None:
    wanted = list(dict.fromkeys(point for point in points if point))
    assert listed("\n".join(f"{number}. {point}" for number, point in enumerate(wanted, 1)), 8, 60) == wanted
