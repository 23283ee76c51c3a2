"""SEARCH/REPLACE blocks in all the ways in which they are written."""

from __future__ import annotations

import pytest

from shinka_core.source import Source
from tests.shinka_core.edit.dressing import AREA, BETTER, HEADING, NEW, OLD, applied, block, refused


@pytest.mark.parametrize(
    "marks",
    [
        "<<<<<<< SEARCH|=======|>>>>>>> REPLACE",
        "<<<<<<<<< SEARCH|=====|>>>>> REPLACE",
        "<<< SEARCH|===|>>> REPLACE",
        "<<<< SEARCH|====|>>>> REPLACE",
        "<<<<<<<<<<<<<<<< SEARCH|================|>>>>>>>>>>>>>>>> REPLACE",
        "<<<<<<< Search|=======  |>>>>>>> Replace",
        "<<<<<<< SEARCH main.py|=======|>>>>>>> REPLACE main.py",
        "  <<<<<<< SEARCH|  =======|  >>>>>>> REPLACE",
        "------- SEARCH|=======|+++++++ REPLACE",
        "<<<<<<< HEAD|=======|>>>>>>> proposal",
        "<<<<<<< ORIGINAL|=======|>>>>>>> UPDATED",
        "<<<<<<<|=======|>>>>>>>",
        ">>>>>>> SEARCH|=======|>>>>>>> REPLACE",
        ">>>>> SEARCH|=====|>>>>> REPLACE",
    ],
)
def test_marks_of_any_length_and_of_other_tools(marks: str) -> None:
    assert applied(HEADING + block(OLD, NEW, marks)) == BETTER


@pytest.mark.parametrize(
    "around", ["```python\n{}```\n", "~~~\n{}~~~\n", "1. First:\n\n{}", "main.py\n```\n{}```", "{}\nDone."]
)
def test_what_stands_around_a_block_is_nothing(around: str) -> None:
    assert applied(around.format(block(OLD, NEW))) == BETTER


def test_fences_inside_of_a_block_are_taken_off() -> None:
    assert applied(block(f"```python\n{OLD}\n```", f"```python\n{NEW}\n```")) == BETTER
    assert applied(block(f"```python\n{OLD}\n```", NEW)) == BETTER


def test_a_block_that_is_repeated_means_the_same() -> None:
    grown = block(OLD, f"{OLD}\n    factor += 0.1")
    assert applied(f"{grown}\nOnce more, complete:\n\n{grown}") == AREA.replace(OLD, f"{OLD}\n    factor += 0.1")


def test_a_block_on_lines_that_another_has_changed_is_told_so() -> None:
    error = refused(block(OLD, NEW) + block(OLD, "    factor = 3.1"))
    assert error.reason == "search_not_found"
    assert "a block before it has changed" in str(error)


def test_several_blocks_whose_openings_point_the_wrong_way() -> None:
    marks = ">>>>>>> SEARCH|=======|>>>>>>> REPLACE"
    second = block("    return factor * r * r", "    return factor * r**2", marks)
    assert applied(block(OLD, NEW, marks) + second) == BETTER.replace("* r * r", "* r**2")


def test_a_search_mark_that_points_the_wrong_way_may_end_a_block_but_not_one_of_two() -> None:
    assert applied(block(OLD, NEW, "<<<<<<< SEARCH|=======|>>>>>>> SEARCH")) == BETTER
    answer = f"<<<<<<< SEARCH\n{OLD}\n=======\n{NEW}\n" + block(NEW, OLD, ">>>>>>> SEARCH|=======|>>>>>>> REPLACE")
    assert refused(answer).reason == "truncated_answer"


@pytest.mark.parametrize("end", [">>>>>>>", ">>>>>>> END", ""])
def test_a_block_that_opens_the_wrong_way_ends_with_the_word(end: str) -> None:
    assert refused(f">>>>>>> SEARCH\n{OLD}\n=======\n{NEW}\n{end}\n").reason == "truncated_answer"


def test_the_closest_line_is_one_of_the_parent() -> None:
    error = refused(block(OLD, NEW) + block("    factor = 3.01", "    factor = 3.1"))
    assert "line 5" in str(error)
    assert "3.0'" in str(error)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (block(OLD, NEW).replace("<", "&lt;").replace(">", "&gt;"), "&lt;"),
        (f"SEARCH\n{OLD}\nREPLACE\n{NEW}\n", "without their marks"),
        (f"**SEARCH:**\n```\n{OLD}\n```\n**REPLACE:**\n```\n{NEW}\n```\n".replace("```\n", ""), "without their marks"),
    ],
)
def test_other_marks_are_named(answer: str, words: str) -> None:
    error = refused(answer)
    assert error.reason == "wrong_markers"
    assert words in str(error)
    assert "<<<<<<< SEARCH" in str(error)


HEADED = "Role\n=======\nYou help with sums.\n\nStyle\n-------\nBe short.\n"


def test_a_line_of_equal_signs_in_the_text_is_told_from_the_divider_or_refused() -> None:
    search, replace = "Role\n=======\nYou help with sums.", "Role\n=======\nYou help with sums and check them."
    child = HEADED.replace("sums.", "sums and check them.")
    error = refused(block(search, replace), HEADED, language="markdown")
    assert error.reason == "divider_ambiguous"
    assert "<<<<<<<<< SEARCH" in str(error)
    longer = block(search, replace, "<<<<<<<<< SEARCH|=========|>>>>>>>>> REPLACE")
    assert applied(longer, HEADED, language="markdown") == child
    indented = block(search, replace, "  <<<<<<< SEARCH|  =======|  >>>>>>> REPLACE")
    assert applied(indented, HEADED, language="markdown") == child
    alone = block("You help with sums.", "You help with sums and check them.")
    assert applied(alone, HEADED, language="markdown") == child


def test_a_heading_in_the_replacement_alone_is_no_divider() -> None:
    answer = block("Be short.", "Be short.\n\nMore\n=======\nBe kind.")
    assert applied(answer, HEADED, language="markdown") == HEADED + "\nMore\n=======\nBe kind.\n"


ABOUT_MARKS = "Write\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\nand nothing else.\n"


def test_a_program_that_holds_marks_itself_wants_longer_ones() -> None:
    search, replace = "<<<<<<< SEARCH\nold", "<<<<<<< SEARCH\nthe old lines"
    marks = "<<<<<<<<< SEARCH|=========|>>>>>>>>> REPLACE"
    child = ABOUT_MARKS.replace("old", "the old lines")
    assert applied(block(search, replace, marks), ABOUT_MARKS, language="markdown") == child
    error = refused(block("and nothing else.", "and no more."), ABOUT_MARKS, language="markdown")
    assert error.reason == "wrong_markers"
    assert "9 characters" in str(error)


TWO = "# EVOLVE-BLOCK-START\na = 1\n# EVOLVE-BLOCK-END\nb = 2\n# EVOLVE-BLOCK-START\nc = 3\n# EVOLVE-BLOCK-END\n"


@pytest.mark.parametrize(
    ("search", "replace"),
    [
        (
            "# EVOLVE-BLOCK-START\ndef area(r):\n    factor = 3.0",
            "# EVOLVE-BLOCK-START\ndef area(r):\n    factor = math.pi",
        ),
        (f"def area(r):\n{OLD}", f"# EVOLVE-BLOCK-START\ndef area(r):\n{NEW}"),
        (f"{OLD}\n    return factor * r * r", f"{NEW}\n    return factor * r * r\n# EVOLVE-BLOCK-END"),
        (
            f"import math\n\n# EVOLVE-BLOCK-START\ndef area(r):\n{OLD}",
            f"import math\n\n# EVOLVE-BLOCK-START\ndef area(r):\n{NEW}",
        ),
        (AREA.rstrip("\n"), BETTER.rstrip("\n")),
    ],
)
def test_marker_lines_and_what_is_around_may_be_repeated(search: str, replace: str) -> None:
    assert applied(block(search, replace)) == BETTER


@pytest.mark.parametrize(
    ("search", "replace", "reason"),
    [
        (f"# EVOLVE-BLOCK-START\ndef area(r):\n{OLD}", f"def area(r):\n{NEW}", "markers_removed"),
        (OLD, f"# EVOLVE-BLOCK-START\n{NEW}", "markers_removed"),
        ("# EVOLVE-BLOCK-END\n", "", "markers_removed"),
        ("import math\n\n# EVOLVE-BLOCK-START", "import os\n\n# EVOLVE-BLOCK-START", "markers_removed"),
        ("import math", "import os", "immutable_region_touched"),
        ("    return area(1.0)", "    return 1e9", "immutable_region_touched"),
        ("def area(r):\n    factor = 3.0\n    return factor * r * r", "", "incomplete_program"),
    ],
)
def test_what_is_around_the_block_stays(search: str, replace: str, reason: str) -> None:
    assert refused(block(search, replace)).reason == reason


def test_an_empty_search_is_clear_in_one_block_only() -> None:
    assert refused(block("", "d = 4"), TWO).reason == "search_ambiguous"
    whole = "a = 1\nb = 2\nc = 3\nd = 4\n"
    assert applied(block("", "e = 5"), whole) == whole + "e = 5\n"
    assert refused(block("", whole.rstrip("\n").replace("4", "5")), whole).reason == "bad_block"


@pytest.mark.parametrize(
    "answer",
    [
        f"<<<<<<< SEARCH\n{OLD}\n=======\n{NEW}\n",
        f"<<<<<<< SEARCH\n{OLD}\n",
        block(OLD, NEW) + "<<<<<<< SEARCH\n    return factor\n=======\n    retu",
        f"<<<<<<< SEARCH\n{OLD}\n=======\n{NEW}\n" + block("    return factor * r * r", "    return factor"),
        f"<<<<<<< SEARCH\n{OLD}\n>>>>>>> REPLACE\n",
    ],
)
def test_a_block_without_its_end_is_refused_and_no_other_is_applied(answer: str) -> None:
    assert refused(answer).reason == "truncated_answer"


def test_a_sentence_of_a_paragraph_is_found_where_it_stands_once() -> None:
    prose = "Write one paragraph. " * 8 + "End with a question.\nNever guess.\n"
    answer = block("End with a question.", "End with an open question.")
    assert applied(answer, prose, language="markdown") == prose.replace("a question", "an open question")
    assert refused(answer, prose, language="rust").reason == "search_not_found"
    assert refused(block("Write one paragraph.", "x"), prose, language="markdown").reason == "search_not_found"
    assert refused(block("End with a quest", "x"), prose, language="markdown").reason == "search_not_found"


def test_blocks_in_answer_to_a_request_for_a_whole_program() -> None:
    assert applied(HEADING + block(OLD, NEW), patch_type="full") == BETTER


@pytest.mark.parametrize(
    ("heading", "name", "description"),
    [
        (HEADING, "use_pi", "Take pi for the factor."),
        ("\u0130\u0130\u0130 merhaba\n" + HEADING, "use_pi", "Take pi for the factor."),
        (HEADING.lower(), "use_pi", "take pi for the factor."),
        ("<NAME>use_pi\n<DESCRIPTION>Take pi.</DESCRIPTION>\n", "use_pi", "Take pi."),
        ("Take pi for the factor.\n", "take_pi_for_the_factor", "Take pi for the factor."),
        ("", "unnamed", ""),
    ],
)
def test_the_title_is_read_as_far_as_it_is_there(heading: str, name: str, description: str) -> None:
    from shinka_core.edit import apply_patch

    candidate = apply_patch("diff", heading + block(OLD, NEW), Source.of(AREA, "python"))
    assert (candidate.name, candidate.description) == (name, description)
    assert candidate.code == BETTER


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (f"<<<<<<< SEARCH\n{OLD}\n>>>>>>> REPLACE\n", "truncated_answer"),
        (f"Take pi:\n{NEW}\n", "no_block_found"),
        (f"```python\n{NEW}\n```\n", "no_block_found"),
    ],
)
def test_an_answer_that_has_lost_the_form_is_shown_it(answer: str, reason: str) -> None:
    error = refused(answer)
    assert error.reason == reason
    assert "\n<<<<<<< SEARCH\nold lines\n=======\nnew lines\n>>>>>>> REPLACE" in str(error)
