"""Markers and seed programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from shinka_core.edit import check_seed_program, language_of
from shinka_core.edit.blocks import MarkerError, find_blocks
from shinka_core.errors import ConfigError


def test_blocks_are_found_in_any_comment_style() -> None:
    code = "// EVOLVE-BLOCK-START\nint a;\n// EVOLVE-BLOCK-END\n-- EVOLVE-BLOCK-START\nx\n-- EVOLVE-BLOCK-END\n"
    assert [code[block.start : block.end] for block in find_blocks(code)] == ["int a;\n", "x\n"]


@pytest.mark.parametrize(
    "code",
    [
        "# EVOLVE-BLOCK-START\nx = 1\n",
        "x = 1\n# EVOLVE-BLOCK-END\n",
        "# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n",
    ],
)
def test_markers_that_do_not_pair_up_are_refused_with_the_remedy(code: str) -> None:
    with pytest.raises(MarkerError):
        find_blocks(code)
    with pytest.raises(ConfigError, match="EVOLVE-BLOCK-START above"):
        check_seed_program(code, "python")


@pytest.mark.parametrize("code", ["", "  \n", "# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n"])
def test_a_seed_program_with_nothing_to_evolve_is_refused(code: str) -> None:
    with pytest.raises(ConfigError):
        check_seed_program(code, "python")


def test_the_language_comes_from_the_extension_or_the_user() -> None:
    assert language_of(Path("a/initial.cu")) == "cuda"
    assert language_of(Path("program.unknown"), "rust") == "rust"
    with pytest.raises(ConfigError, match="set language"):
        language_of(Path("program.unknown"))
    with pytest.raises(ConfigError, match="'cobol' is unknown"):
        language_of(Path("a.py"), "cobol")


@pytest.mark.parametrize(
    "line",
    [
        "# EVOLVE-BLOCK-START", "    # EVOLVE-BLOCK-START: the kernel", "// ---- EVOLVE-BLOCK-START ----",
        "/* EVOLVE-BLOCK-START */", "<!-- EVOLVE-BLOCK-START -->", "EVOLVE-BLOCK-START", "REM EVOLVE-BLOCK-START",
        "(* EVOLVE-BLOCK-START *)", "{- EVOLVE-BLOCK-START -}", "%% EVOLVE-BLOCK-START", "C EVOLVE-BLOCK-START",
    ],
)  # fmt: skip
def test_a_comment_of_its_own_line_is_a_marker(line: str) -> None:
    code = f"a\n{line}\nb\n{line.replace('START', 'END')}\nc\n"
    assert [code[block.start : block.end] for block in find_blocks(code)] == ["b\n"]


@pytest.mark.parametrize(
    "line",
    [
        '"""Only code between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change."""',
        "EVOLVE-BLOCK-START marks where it begins",
        '    if "EVOLVE-BLOCK-START" in line:',
        'MARK = "# EVOLVE-BLOCK-START"',
        "`# EVOLVE-BLOCK-START`",
        "# between EVOLVE-BLOCK-START and here",
    ],
)
def test_a_line_that_speaks_of_markers_is_none(line: str) -> None:
    code = f"{line}\n# EVOLVE-BLOCK-START\nb\n# EVOLVE-BLOCK-END\n{line}\n"
    assert [code[block.start : block.end] for block in find_blocks(code)] == ["b\n"]


def test_carriage_returns_and_form_feeds_move_no_block() -> None:
    code = "a\x0c\r\n# EVOLVE-BLOCK-START\r\nb\x0cc\r\n# EVOLVE-BLOCK-END\r\n"
    assert [code[block.start : block.end] for block in find_blocks(code)] == ["b\x0cc\r\n"]


def test_an_open_block_is_named_with_its_line() -> None:
    with pytest.raises(MarkerError, match=r"line 3.*\(since line 1\)"):
        find_blocks("# EVOLVE-BLOCK-START\na\n# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n")
