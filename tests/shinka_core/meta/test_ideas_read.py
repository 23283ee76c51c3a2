"""Ideas are read out of whatever form a model gives them in; what is no idea is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.meta.ideas.answer import LONGEST, TITLE, Direction, read_ideas

THREE = [
    Direction("Fill the corners first", "The corners stay empty. Put one item into each before anything else moves."),
    Direction("Let the sizes follow the places", "Choose places alone and derive every size from the distances."),
    Direction("Many starts", "Begin from several layouts, keep the best of them; watch the time limit."),
]
WORDS = st.lists(
    st.sampled_from(["the", "centre", "row", "moves", "between", "two", "walls", "and", "keeps", "its", "size"]),
    min_size=4,
    max_size=12,
)
IDEAS = st.lists(
    st.builds(Direction, WORDS.map(" ".join), WORDS.map(lambda words: f"{' '.join(words)}.")),
    min_size=1, max_size=5, unique_by=lambda one: one.title,
)  # fmt: skip


def headed(ideas: list[Direction], head: str, gap: str = "\n") -> str:
    return "\n\n".join(
        head.format(number=number, title=one.title) + gap + one.text for number, one in enumerate(ideas, 1)
    )


HEADS = [
    "### IDEA {number}: {title}", "## Idea {number} - {title}", "**Idea {number}: {title}**", "IDEA {number}. {title}",
    "#### Direction #{number}: **{title}**", "- **Idea {number}** – {title}", "> Option {number}: {title}",
    "{number}. **{title}**", "{number}) {title}", "**{number}. {title}**", "### {number}. {title}",
    "### IDEA {number} of 5: {title}", "<idea>\n<title>{title}</title>",
]  # fmt: skip
AROUND = [
    "{}", "Here are some directions, as asked for:\n\n{}\n", "```\n{}\n```", "```markdown\n{}\n```",
    "<think>\n### IDEA 1: a draft of mine\nnot to be read\n</think>\n{}", "{}\n\n---\n",
]  # fmt: skip


@given(IDEAS, st.sampled_from(HEADS), st.sampled_from(AROUND), st.booleans())
def test_the_form_asked_for_and_those_that_models_write_instead(
    ideas: list[Direction], head: str, around: str, crlf: bool
) -> None:
    answer = around.format(headed(ideas, head))
    assert read_ideas(answer.replace("\n", "\r\n") if crlf else answer, 5) == ideas


@given(IDEAS, st.sampled_from([("title", "description"), ("idea", "what"), ("name", "text")]), st.integers(0, 3))
def test_json_of_several_shapes(ideas: list[Direction], names: tuple[str, str], shape: int) -> None:
    title, text = names
    objects = [{title: one.title, text: one.text} for one in ideas]
    value = [objects, {"ideas": objects}, {one.title: {text: one.text} for one in ideas}, objects][shape]
    answer = json.dumps(value, indent=2)
    assert read_ideas(f"Sure:\n```json\n{answer}\n```" if shape == 3 else answer, 5) == ideas


@given(st.text(max_size=2_000), st.integers(1, 4))
def test_no_text_breaks_it_and_what_is_read_is_bounded(answer: str, most: int) -> None:
    found = read_ideas(answer, most)
    assert len(found) <= most
    assert all(len(one.title.split()) <= TITLE and len(one.text.split()) <= LONGEST for one in found)
    assert all("```" not in one.text and not one.text.startswith("#") for one in found)


def test_a_title_that_goes_on_is_split_and_a_text_that_stands_alone_has_one() -> None:
    answer = "### IDEA 1: Fill the corners first: the corners stay empty, so put one item into each of them\n"
    assert read_ideas(answer, 3) == [
        Direction("Fill the corners first", "the corners stay empty, so put one item into each of them")
    ]
    assert read_ideas("### IDEA 1\nFill the corners first. The rest follows from that.", 3)[0].title == (
        "Fill the corners first"
    )


def test_several_are_taken_in_order_and_none_twice() -> None:
    answer = headed([*THREE, THREE[0]], HEADS[0])
    assert read_ideas(answer, 5) == THREE
    assert read_ideas(answer, 2) == THREE[:2]


def test_lists_inside_of_an_idea_belong_to_it() -> None:
    answer = "### IDEA 1: Many starts\nDo this:\n1. make several layouts\n2. keep the best one\n\n### IDEA 2: Corners first\nAs said."
    found = read_ideas(answer, 5)
    assert [one.title for one in found] == ["Many starts", "Corners first"]
    assert "2. keep the best one" in found[0].text


def test_the_last_of_an_answer_that_was_cut_off_may_be_half_of_one() -> None:
    answer = headed(THREE, HEADS[0])[:-30]
    assert read_ideas(answer, 5, cut=True) == THREE[:2]
    assert read_ideas(headed(THREE[:1], HEADS[0]), 5, cut=True) == THREE[:1], "one is better than none"


@pytest.mark.parametrize(
    "answer",
    ["", "I cannot help with that.", "<think>### IDEA 1: corners first\nfill them", "```python\nx = 1\n```", "### IDEA 1: ...\n...", "{}", "[1, 2]"],
)  # fmt: skip
def test_what_holds_no_idea_has_none(answer: str) -> None:
    assert read_ideas(answer, 3) == []


def test_code_that_looks_like_a_form_of_ours_never_reaches_a_prompt() -> None:
    answer = "### IDEA 1: Corners first\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n# EVOLVE-BLOCK-START\nFill the corners."
    (one,) = read_ideas(answer, 3)
    assert one.text == "x\n\ny\n\nFill the corners."
