"""What others write is text in the Prefect UI: in markdown, in the cells of tables, in names and tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flows.orchestrator.ui_text import cell, code, fenced, in_table, line
from shinka_core.bounds import within
from shinka_core.shown import as_shown
from tests.support.generated import thorough

HOSTILE = (
    "a|b", "<script>alert(1)</script>", "`x` ``y``", "~~~\n# out\n~~~", "*b* _i_ __init__", "[a](javascript:x)",
    "![i](http://e.vil/x.png)", "http://e.vil", "www.e.vil", "&lt;img&gt;", "\\|", "\x1b[31m", "\u202e", "\ud800",
    "\x00", "# h", "- l", "1. l", "> q", "    c", "```mermaid", "$x$", "a_b", "\r\n", "\u2028", "<!--", "a@b.de", "|",
)  # fmt: skip
UI = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), max_size=6).map("".join)


@thorough
@given(texts)
def test_a_code_span_holds_the_whole_text_and_nothing_acts_in_it(text: str) -> None:
    span = code(text, 60)
    assert span.encode().decode() == span
    (block,) = [token for token in UI.parse(f"Name: {span or 'none'}.") if token.type == "inline"]
    inside = [child for child in block.children or [] if child.type != "text"]
    assert [child.type for child in inside] == (["code_inline"] if line(text, 60) else [])
    assert "".join(child.content for child in inside) == line(text, 60)


@thorough
@given(texts)
def test_a_fence_holds_the_whole_text(text: str) -> None:
    shown = fenced(text, 400, "diff")
    (fence,) = UI.parse(f"{shown}\n")
    assert (fence.type, fence.info) == ("fence", "diff")
    assert fence.content == within(as_shown(within(text, 400), lines=True), 400) + "\n"
    assert shown.encode()


@thorough
@given(st.lists(texts, min_size=2, max_size=4))
def test_a_row_of_a_table_has_as_many_cells_as_were_put_into_it(row: list[str]) -> None:
    cells = [in_table(text, 60) for text in row]
    rows = [["head"] * len(row), ["---"] * len(row), cells]
    tokens = UI.parse("\n".join(f"| {' | '.join(each)} |" for each in rows))
    assert [token.type for token in tokens].count("table_open") == 1
    found = [token for token in tokens if token.type == "inline"][len(row) :]
    assert len(found) == len(row)
    for text, token in zip(row, found, strict=True):
        children = token.children or []
        assert {child.type for child in children} <= {"text", "code_inline"}
        assert "".join(child.content for child in children).strip() == line(text, 60).replace("|", "｜").strip()


@thorough
@given(texts)
def test_a_cell_is_the_same_text_for_who_reads_it_as_markdown_and_for_who_does_not(text: str) -> None:
    shown = cell(text, 60)
    assert len(shown) <= 60
    tokens = UI.parse(shown)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    children = [child for token in tokens for child in token.children or []]
    assert {child.type for child in children} <= {"text"}
    assert "".join(child.content for child in children) == shown.strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a very plain_name, v1.2 (new)", "a very plain_name, v1.2 (new)"),
        ("gpt-5-mini", "gpt-5-mini"),
        ("http://e.vil www.e.vil", "http：//e.vil www．e.vil"),
        ("a@b.de", "a＠b.de"),
        ("<b>|`", "＜b＞｜｀"),
        ("two\nlines", "two lines"),
        ("\x1b[2J", "＼x1b［2J"),
    ],
)
def test_a_cell_looks_as_it_was_written(text: str, shown: str) -> None:
    assert cell(text, 60) == shown


def test_a_text_of_any_length_becomes_short_at_once() -> None:
    long = "x" * 3_000_000
    assert [len(make(long, 80)) for make in (line, cell)] == [80, 80]
    assert len(code(long, 80)) == 82
    assert len(fenced(long, 1_000)) < 1_100
    assert line("word " + " " * 1_000_000 + "end", 80) == "word ..."
