"""What a model thinks aloud is never applied, and a program that holds the same words is left alone."""

from __future__ import annotations

import pytest

from shinka_core.thinking import without_thinking
from tests.shinka_core.edit.dressing import AREA, BETTER, HEADING, NEW, OLD, applied, block, fence, refused

DRAFT = "Perhaps a larger constant:\n\n" + block(OLD, "    factor = 3.1") + "Hmm, no: pi itself is right.\n"
REAL = HEADING + block(OLD, NEW)
LONG_DRAFT = AREA.replace(
    "    factor = 3.0\n", "    factor = 0.0\n    for k in range(5):\n        factor += 1 / (k + 1)\n"
)

DRESSES = {
    "think": f"<think>\n{DRAFT}</think>\n\n{REAL}",
    "capitals": f"<THINK>\n{DRAFT}</THINK>\n{REAL}",
    "thinking": f"<thinking>\n{DRAFT}</thinking>\n{REAL}",
    "reasoning": f"<reasoning>\n{DRAFT}</reasoning>\n{REAL}",
    "with an attribute": f'<thinking type="long">\n{DRAFT}</thinking>\n{REAL}',
    "the closing tag alone": f"{DRAFT}</think>\n{REAL}",
    "the closing tag at the end of a line": f"{DRAFT.rstrip()}</think>{REAL}",
    "an unfinished draft": f"<think>\n<<<<<<< SEARCH\n{OLD}\nno, wait\n</think>\n{REAL}",
    "an unfinished draft, the closing tag alone": f"<<<<<<< SEARCH\n{OLD}\nno, wait\n</think>\n{REAL}",
    "an unfinished fence": f"```python\ndef area(r):\n</think>\n{REAL}",
    "nested": f"<think>\n<think>\n{DRAFT}</think>\nStill thinking. {DRAFT}</think>\n{REAL}",
    "a tag that is spoken of": f"<think>\nI must close <think> before I answer.\n{DRAFT}</think>\n{REAL}",
    "twice": f"<think>\n{DRAFT}</think>\n<think>\n{DRAFT}</think>\n{REAL}",
    "after a greeting": f"Sure! <think>\n{DRAFT}</think>\n{REAL}",
    "inside one fence": f"```\n<think>\n{DRAFT}</think>\n{REAL}```\n",
    "brackets": f"[THINK]{DRAFT}[/THINK]{REAL}",
    "triangles": f"\u25c1think\u25b7{DRAFT}\u25c1/think\u25b7\n{REAL}",
    "tokens": f"<|begin_of_thought|>{DRAFT}<|end_of_thought|>\n{REAL}",
    "other tokens": f"<|START_THINKING|>{DRAFT}<|END_THINKING|>{REAL}<|END_RESPONSE|>",
    "unused tokens": f"<unused94>thought\n{DRAFT}<unused95>{REAL}",
    "sentences": f"Here is my thought process:\n{DRAFT}\nHere is my response:\n{REAL}",
    "details": f'<details type="reasoning" done="true">\n<summary>Thought for 3 seconds</summary>\n{DRAFT}</details>\n{REAL}',
    "channels": f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{REAL}<|return|>",
    "names of channels": f"analysisWe try. {DRAFT}assistantfinal{REAL}",
    "headings": f"**Thinking:**\n{DRAFT}\n**Final answer:**\n{REAL}",
    "markdown headings": f"## Reasoning\n{DRAFT}\n## Answer\n{REAL}",
    "a token at the end": f"{REAL}<|im_end|>",
    "carriage returns": f"<think>\n{DRAFT}</think>\n{REAL}".replace("\n", "\r\n"),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_a_draft_edit_is_not_applied(dress: str) -> None:
    assert applied(DRESSES[dress]) == BETTER


@pytest.mark.parametrize(
    "answer",
    [
        f"<think>\n{fence(LONG_DRAFT)}</think>\n{HEADING}{fence(BETTER)}",
        f"{fence(LONG_DRAFT)}Too inexact.\n</think>\n{HEADING}{fence(BETTER)}",
        f"<|channel|>analysis<|message|>{fence(LONG_DRAFT)}<|end|><|start|>assistant<|channel|>final<|message|>{fence(BETTER)}",
    ],
)
def test_a_draft_program_is_not_taken(answer: str) -> None:
    assert applied(answer, patch_type="full") == BETTER


@pytest.mark.parametrize(
    "answer",
    [
        f"<think>\n{DRAFT}{REAL}",
        f"{REAL}\n<think>\nIs that right? {DRAFT}",
        f"<|channel|>analysis<|message|>{DRAFT}{REAL}",
        f"analysisWe try. {DRAFT}",
        "<think>",
    ],
)
def test_reasoning_without_an_end_is_refused(answer: str) -> None:
    error = refused(answer)
    assert error.reason == "truncated_answer"
    assert "reasoning" in str(error)


def test_an_answer_that_is_all_reasoning_holds_none() -> None:
    assert refused(f"<think>\n{REAL}</think>\n").reason == "no_block_found"


def test_two_parts_of_an_answer_with_thought_between_them_are_both_taken() -> None:
    parent = AREA.replace("    factor = 3.0\n", "    factor = 3.0\n    power = 1.0\n")
    answer = block(OLD, NEW) + "<think>\nnow the power\n</think>\n" + block("    power = 1.0", "    power = 2.0")
    assert applied(answer, parent) == parent.replace("3.0", "math.pi").replace("power = 1.0", "power = 2.0")


ABOUT_TAGS = '''\
# EVOLVE-BLOCK-START
def strip(text):
    return text.split("</think>")[-1]

def ask(task):
    return f"""
<think>
{task}
</think>
"""
# EVOLVE-BLOCK-END
'''


@pytest.mark.parametrize(
    ("search", "replace"),
    [
        ('    return text.split("</think>")[-1]', '    return text.rpartition("</think>")[2].strip()'),
        ("</think>", "</think>\nAnswer now."),
        ("<think>\n{task}\n</think>", "<thinking>\n{task}\n</thinking>"),
        ("{task}", "{task}\n<think>"),
    ],
)
def test_tags_inside_of_a_program_are_text_like_any_other(search: str, replace: str) -> None:
    child = ABOUT_TAGS.replace(f"\n{search}\n", f"\n{replace}\n")
    for dress in (REAL[: len(HEADING)], "<think>\nSplit at </think>.\n</think>\n", "</think>\n"):
        assert applied(dress + block(search, replace), ABOUT_TAGS) == child
        assert applied(dress + fence(child), ABOUT_TAGS, "full") == child


def test_two_ends_of_reasoning_inside_of_an_edit_are_never_the_beginning_of_the_answer() -> None:
    both = block("b = 2", "</think>\n</think>") + block("    c = 3", "")
    refusal = refused(both, "b = 2\na = 1\n    c = 3\n", language="text")
    assert refusal.reason == "truncated_answer"


def test_a_description_may_speak_of_tags() -> None:
    answer = block(OLD, NEW) + "\nThis drops the </think> tag, and all `<think>` before it.\n"
    assert applied(answer) == BETTER


@pytest.mark.slow
def test_it_takes_linear_time() -> None:
    text = "<think>" * 100_000 + "\n" + "</think>\n" * 100_000 + "x"
    assert without_thinking(text).text == "x"
