"""The syntax check saves evaluations and refuses nothing that may be right."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shinka_core.edit import Rules, apply_patch
from shinka_core.edit.syntax import new_syntax_error, syntax_error
from shinka_core.errors import PatchError
from shinka_core.source import Source
from tests.shinka_core.edit.dressing import AREA, BETTER, NEW, OLD, applied, block

NEWER = 'def label(d):\n    factor = 3.0\n    return f"{d["name"]}: {factor}"\n    match match match\n'


def test_a_program_whose_parent_does_not_pass_is_not_checked() -> None:
    assert "4.0" in applied(block("    factor = 3.0", "    factor = 4.0"), NEWER)
    jsonc = '// settings\n{\n  "a": 1,\n}\n'
    assert '"a": 2' in applied(block('  "a": 1,', '  "a": 2,'), jsonc, language="json")


def test_a_byte_order_mark_and_carriage_returns_are_no_error() -> None:
    parent = "\ufeff" + AREA.replace("\n", "\r\n")
    assert applied(block(OLD, NEW), parent) == "\ufeff" + BETTER.replace("\n", "\r\n")
    assert syntax_error('\ufeff{"a": 1}', "json") is None


def test_what_is_broken_is_refused_with_its_line() -> None:
    assert syntax_error("x = (\n", "python") is not None
    assert "line 2" in (syntax_error("x = 1\ny = = 2\n", "python") or "")
    assert "line 2" in (syntax_error('{\n"a" 1}', "json") or "")
    assert syntax_error("x = (", "rust") is None


def test_a_long_program_is_checked_in_a_process_of_its_own() -> None:
    code = "".join(f"x{n} = {n}  # \u00e9\n" for n in range(3_000))
    assert syntax_error(code, "python") is None
    problem = syntax_error(code + "y = = 1\n", "python")
    assert problem is not None
    assert "line 3001" in problem
    assert "y = = 1" in problem


def interpreter(tmp_path: Path, verdict: int) -> str:
    """Something that says what a Python of another version might."""
    path = tmp_path / "python"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nwrong = b'= =' in sys.stdin.buffer.read()\nprint('line 1: not here')\n"
        f"sys.exit({verdict} if wrong else 0)\n"
    )
    path.chmod(0o755)
    return str(path)


def test_the_interpreter_of_the_evaluations_has_the_last_word(tmp_path: Path) -> None:
    broken = "x = = 1\n"
    assert new_syntax_error(broken, "x = 1\n", "python") is not None
    assert new_syntax_error(broken, "x = 1\n", "python", interpreter(tmp_path, 0)) is None
    assert new_syntax_error(broken, "x = 1\n", "python", interpreter(tmp_path, 9)) == "line 1: not here"
    assert new_syntax_error(broken, "x = 1\n", "python", str(tmp_path / "missing")) is None
    assert "line 1" in (new_syntax_error(broken, "x = 1\n", "python", sys.executable) or "")


def test_a_patch_asks_the_interpreter_of_the_evaluations(tmp_path: Path) -> None:
    answer = block(OLD, "    factor = = 4")
    with pytest.raises(PatchError, match="invalid syntax"):
        apply_patch("diff", answer, Source.of(AREA, "python"))
    assert apply_patch("diff", answer, Source.of(AREA, "python"), rules=Rules(python=interpreter(tmp_path, 0))).code


def test_a_character_that_the_encoding_of_the_program_lacks_is_refused() -> None:
    parent = "# -*- coding: latin-1 -*-\n" + AREA
    assert "ä" in applied(block(OLD, "    factor = 3.1  # ä"), parent)
    with pytest.raises(PatchError, match="iso8859-1"):
        apply_patch("diff", block(OLD, "    factor = 3.1  # Ω"), Source.of(parent, "python"))
