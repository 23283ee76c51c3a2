"""Files that an answer adds to a program of several files: in which forms, which ones, and what is made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.config import EvolutionConfig
from shinka_core.edit import Rules, apply_patch
from shinka_core.edit.blocks import block_texts, immutable_parts
from shinka_core.edit.evolvable import evolvable_files
from shinka_core.edit.languages import EXTENSIONS
from shinka_core.edit.new_files import new_file
from shinka_core.errors import ConfigError, PatchError
from shinka_core.seed_program import read_seed_program
from shinka_core.source import Source, SourceFile
from tests.shinka_core.edit.dressing import block, fence
from tests.support.folders import package
from tests.support.generated import thorough

GROWING = Rules(new_files=True)
HELPER = "def gain(x):\n    return 2 * x\n"
STORED = f"# EVOLVE-BLOCK-START\n{HELPER}# EVOLVE-BLOCK-END\n"
USE = "### FILE curve.py\n" + block("    return scale * x", "    return gain(scale * x)")
DIFF = "```diff\n--- /dev/null\n+++ b/inner/gain.py\n@@ -0,0 +1,2 @@\n+def gain(x):\n+    return 2 * x\n```\n"


def grown(answer: str, form: str = "diff", parent: Source | None = None) -> Source:
    return apply_patch(form, answer, parent or package(), rules=GROWING).source


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        ("diff", "### FILE inner/gain.py\n" + block("", HELPER.rstrip("\n"))),
        ("diff", "### FILE inner/gain.py\n" + block("", "def gain(x):") + "\n" + "### FILE ./inner/gain.py\n" + block("", "    return 2 * x")),
        ("diff", "### FILE inner/gain.py\n" + fence(HELPER)),
        ("full", "### FILE inner/gain.py\n" + fence(HELPER)),
        ("full", "### FILE inner/gain.py\n" + fence(STORED)),
        ("full", "```python inner/gain.py\n" + HELPER + "```\n"),
        ("diff", DIFF),
        ("full", DIFF),
    ],
)  # fmt: skip
def test_a_new_file_comes_in_every_form_and_may_change_again(form: str, answer: str) -> None:
    child = grown(answer, form)
    added = child.find("inner/gain.py")
    assert added == SourceFile("inner/gain.py", STORED, "python")
    assert [file for file in child.files if file != added] == list(package().files)
    assert added in evolvable_files(child)
    again = apply_patch("diff", "### FILE inner/gain.py\n" + block("    return 2 * x", "    return 3 * x"), child)
    assert again.source.find("inner/gain.py") == SourceFile("inner/gain.py", STORED.replace("2", "3"), "python")


def test_an_answer_changes_files_and_adds_some() -> None:
    for new in ("### FILE gain.py\n" + block("", HELPER.rstrip("\n")), "### FILE gain.py\n" + fence(HELPER)):
        for answer in (f"{USE}\n{new}", f"{new}\n{USE}"):
            candidate = apply_patch("diff", answer, package(), rules=GROWING)
            texts = {file.path: file.text for file in candidate.source.files}
            assert texts["gain.py"] == STORED
            assert "gain(scale * x)" in texts["curve.py"]
            assert "--- /dev/null\n+++ b/gain.py\n" in candidate.diff


def test_a_diff_of_git_makes_files_and_changes_others() -> None:
    answer = (
        "```diff\ndiff --git a/inner/gain.py b/inner/gain.py\nnew file mode 100644\nindex 0000000..e69de29\n"
        "--- /dev/null\n+++ b/inner/gain.py\n@@ -0,0 +1,4 @@\n+def gain(x):\n\n+    # twice\n+    return 2 * x\n"
        "\\ No newline at end of file\ndiff --git a/curve.py b/curve.py\n--- a/curve.py\n+++ b/curve.py\n@@ -4,3 +4,3 @@\n"
        " def curve(x):\n-    scale = 2.0\n+    scale = 3.0\n     return scale * x\n```\n"
    )
    texts = {file.path: file.text for file in grown(answer).files}
    assert block_texts(texts["inner/gain.py"]) == ["def gain(x):\n\n    # twice\n    return 2 * x\n"]
    assert "scale = 3.0" in texts["curve.py"]
    told = refused(
        "```diff\n--- /dev/null\n+++ b/inner/rule.py\n@@ -1,2 +1,2 @@\n def rule(x):\n-    1\n+    2\n```\n", "diff"
    )
    assert told.startswith("unknown_file: the program has no file 'inner/rule.py'")


def test_without_blocks_a_new_file_is_as_it_was_written() -> None:
    plain = Source.folder([SourceFile("main.py", "print(1)\n", "python"), SourceFile("notes.md", "x\n", "markdown")])
    child = grown("### FILE lib/gain.py\n" + fence(HELPER), "full", plain)
    assert child.find("lib/gain.py") == SourceFile("lib/gain.py", HELPER, "python")
    assert child.find("lib/gain.py") in evolvable_files(child)


def refused(answer: str, form: str = "full", rules: Rules = GROWING) -> str:
    with pytest.raises(PatchError) as caught:
        apply_patch(form, answer, package(), rules=rules)
    return f"{caught.value.reason}: {caught.value}"


def test_without_the_setting_there_are_none() -> None:
    words = refused("### FILE lib/gain.py\n" + fence(HELPER), rules=Rules())
    assert words.startswith("unknown_file: the program has no file 'lib/gain.py'; did you mean")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../gain.py", "is outside of the program"),
        ("/etc/gain.py", "is outside of the program"),
        ("inner/.gain.py", "a name that not every system takes"),
        ("__pycache__/gain.py", "a name that not every system takes"),
        ("a" * 150 + ".py", "a name that not every system takes"),
        ("data/table.json", "would be json; only source files"),
        ("inner/page.php", "would be php; only source files"),
        ("File: data/table.dat", "has no extension of a programming language"),
        ("curve.py/gain.py", "cannot be there beside 'curve.py'"),
        ("Inner/Rules.py", "is the file 'inner/rules.py' on some systems"),
    ],
)
def test_what_no_program_can_have_is_refused_by_name(path: str, words: str) -> None:
    told = refused(f"### {path if path.startswith('File') else 'FILE ' + path}\n" + fence(HELPER))
    assert told.startswith("unknown_file: ")
    assert words in told


def test_new_files_stand_beside_each_other() -> None:
    assert "is the file 'Gain.py' on some systems" in refused(
        "### FILE Gain.py\n" + fence(HELPER) + "### FILE gain.py\n" + fence(HELPER)
    )
    assert "cannot be there beside 'gain.py'" in refused(
        "### FILE gain.py\n" + fence(HELPER) + "### FILE gain.py/more.py\n" + fence(HELPER)
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("def gain(x:\n", "syntax_error"),
        ("# ... rest of the code unchanged ...\n", "placeholder"),
        ("x = '\u202e'\n", "syntax_error"),
        ("", "no_block_found"),
        ("\n\n", "no_block_found"),
    ],
)
def test_a_new_file_keeps_the_rules_of_all_files(body: str, reason: str) -> None:
    assert refused("### FILE inner/gain.py\n" + fence(body)).startswith(reason)


def test_too_large_with_a_new_file_is_too_large() -> None:
    rules = Rules(package().length + len(HELPER), new_files=True)
    assert refused("### FILE inner/gain.py\n" + fence(HELPER), rules=rules).startswith("program_too_large")


def test_a_search_in_a_file_that_is_not_there_means_another() -> None:
    told = refused("### FILE inner/rule.py\n" + block("    limit = 5.0", "    limit = 6.0"), "diff")
    assert told.startswith("unknown_file: the program has no file 'inner/rule.py'; did you mean 'inner/rules.py'?")


def test_a_new_file_that_is_cut_off_is_no_file() -> None:
    assert refused("### FILE gain.py\n```python\ndef gain(x):\n").startswith("truncated_answer")
    assert refused(f"{USE}\n### FILE gain.py\n```python\ndef gain(x):\n", "diff").startswith("truncated_answer")


PATHS = st.lists(
    st.sampled_from(["gain", "Rules", "inner", "curve.py", "a b", "..", ".x", "", "é", "main.py"]), max_size=3
)


@thorough
@given(PATHS, st.sampled_from(sorted(extension for several in EXTENSIONS.values() for extension in several)))
def test_whatever_is_added_may_change_and_nothing_else_is_touched(folders: list[str], extension: str) -> None:
    path, parent = "/".join([*folders, f"new{extension}"]), package()
    try:
        empty = new_file(path, parent)
    except PatchError:
        return
    answer = f"### FILE {path}\n" + fence("aaa\nbbb\n")
    try:
        child = grown(answer, "full", parent)
    except PatchError as error:
        assert error.reason in ("syntax_error", "no_block_found"), error
        return
    added = child.find(path)
    assert added is not None
    assert added.language == empty.language
    assert block_texts(added.text) == ["aaa\nbbb\n"]
    assert len(immutable_parts(added.text)) == 2
    assert {file.path for file in child.files} - {file.path for file in parent.files} == {path}


def test_a_program_of_one_file_gets_none() -> None:

    with pytest.raises(ConfigError, match="allow_new_files=True is for a seed program that is a folder"):
        read_seed_program(EvolutionConfig(init_program_path="examples/circle_packing/initial.py", allow_new_files=True))
