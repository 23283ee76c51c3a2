"""What models see of a program of several files."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from shinka_core.program import Program, Sampling
from shinka_core.prompts import novelty_prompt
from shinka_core.prompts.bounding import GAP
from shinka_core.prompts.programs import CONTEXT, LISTED, shown
from shinka_core.source import DATA, Source, SourceFile
from tests.support.folders import CURVE, MAIN, RULES, package
from tests.support.prompting import proposal_prompt

SECRET = "the_bytes_of_the_data"


def sampling(source: Source, operator: str = "diff", *others: Source, diff: str = "") -> Sampling:
    parent = Program("p", 1, source, 0, 1.5, True, diff=diff)
    inspirations = tuple(Program(f"i{n}", 2 + n, other, 0, 1.0, True) for n, other in enumerate(others))
    return Sampling(parent, inspirations, 0, operator, "m", 0, 0)


def test_files_that_may_change_are_shown_whole_and_others_as_far_as_they_help() -> None:
    data = SourceFile("large.bin", base64.b64encode(SECRET.encode() * 9).decode(), DATA)
    long = SourceFile("long.py", "x = 1  # long\n" * CONTEXT, "python")
    text = shown(Source.folder([*package().files, data, long]))
    for file, code in (("curve.py", CURVE), ("inner/rules.py", RULES)):
        assert f"### FILE {file}\n```python\n{code.rstrip()}\n```" in text
        assert f"- {file} ({len(code)} characters, may change)" in text
    assert f"### FILE main.py (stays as it is)\n```python\n{MAIN.rstrip()}\n```" in text
    assert f"- large.bin ({len(SECRET) * 9} bytes of data)" in text
    assert data.text[:40] not in text
    assert f"- long.py ({len(long.text)} characters)" in text
    assert "# long" not in text


def test_the_file_changed_last_comes_first() -> None:
    diff = "--- a/inner/rules.py\n+++ b/inner/rules.py\n@@ -1 +1 @@\n-x\n+y"
    user = proposal_prompt(sampling(package(), diff=diff)).user
    assert user.index("### FILE inner/rules.py") < user.index("### FILE curve.py")


def test_a_long_list_of_files_is_cut() -> None:
    many = [SourceFile(f"data/{number:03}", "", DATA) for number in range(LISTED + 7)]
    text = shown(Source.folder([*package().files, *many]))
    assert "- and 9 more" in text  # main.py and table.bin are listed too
    assert f"data/{LISTED + 6:03}" not in text


@pytest.mark.parametrize(
    ("operator", "words"), [("diff", "Before every block write the line"), ("full", "Write anew those that you change")]
)
def test_the_answer_is_to_name_its_files(operator: str, words: str) -> None:
    system = proposal_prompt(sampling(package(), operator)).system
    assert words in system
    assert "### FILE path/to/file" in system
    assert "several files" not in proposal_prompt(sampling(Source.of(CURVE, "python"), operator)).system


def test_a_fence_is_longer_than_any_in_any_file() -> None:
    inner = package(rules=RULES.replace("limit = 5.0", 'limit = """\n````\n"""'))
    assert "`````\nthe complete file" in proposal_prompt(sampling(inner, "full")).system


def test_where_there_is_little_room_files_that_stay_go_first() -> None:
    source = package(main="# kept\n" * 500 + MAIN, curve=CURVE + "# around\n" * 500)
    long = proposal_prompt(sampling(source, "diff", package(main="# other\n" * 300)))
    short = proposal_prompt(sampling(source, "diff", package(main="# other\n" * 300)), room=long.tokens // 2)
    assert short.fits
    assert short.tokens <= long.tokens // 2
    assert "scale = 2.0" in short.user
    assert "limit = 5.0" in short.user
    assert GAP in short.user


def test_a_judge_sees_both_programs_file_by_file() -> None:
    other = package(curve=CURVE.replace("2.0", "3.0"))
    _, user = novelty_prompt(package(), other)
    assert "scale = 2.0" in user
    assert "scale = 3.0" in user


def test_novelty_compares_what_may_change_file_by_file() -> None:
    from shinka_core.novelty import evolvable, same

    one = package()
    assert same(one, package(curve=CURVE.replace("scale = 2.0", "scale  =  2.0  # twice"), main="other\n"))
    assert not same(one, package(curve=CURVE.replace("2.0", "3.0")))
    swapped = package(curve=RULES, rules=CURVE)
    assert not same(one, swapped), "the same texts in other files are another program"
    assert evolvable(one).startswith("### curve.py\ndef curve")
    single = Source.of(CURVE, "python")
    assert evolvable(single).startswith("def curve")
    assert same(single, replace(single))
