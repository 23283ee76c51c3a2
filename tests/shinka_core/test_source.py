"""What a program consists of, and what names it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.source import DATA, Source, SourceFile
from tests.support.folders import BYTES, package

NAMES = st.sampled_from(["a.py", "b.py", "inner/a.py", "x.bin", "inner/x.bin", "readme.md"])
CONTENTS = st.sampled_from([b"", b"x = 1\n", b"x = 1\r\n", b"eCA9IDEK", b"\xff\x00\xfe", "ü\n".encode(), b"data"])
FILES = st.dictionaries(NAMES, CONTENTS, min_size=1)


def source(files: dict[str, bytes]) -> Source:
    """As a folder with these files is read."""
    made: list[SourceFile] = []
    for path, content in files.items():
        if path.endswith(".bin") or b"\x00" in content:
            made.append(SourceFile(path, base64.b64encode(content).decode(), DATA))
        else:
            made.append(SourceFile(path, content.decode("utf-8"), "python"))
    return Source.folder(made)


@given(FILES, FILES)
def test_two_programs_have_one_digest_if_and_only_if_they_have_the_same_files(
    one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    assert (source(one).digest == source(other).digest) == (one == other)


@given(FILES)
def test_the_bytes_of_the_files_are_kept(files: dict[str, bytes]) -> None:
    assert {file.path: file.content for file in source(files).files} == files
    assert {file.path: file.size for file in source(files).files if file.is_data} == {
        path: len(content) for path, content in files.items() if path.endswith(".bin") or b"\x00" in content
    }


def test_a_file_alone_is_another_program_than_a_folder_with_it() -> None:
    alone = Source.of("x = 1\n", "python")
    folder = Source.folder([SourceFile("main.py", "x = 1\n", "python")])
    assert alone.digest != folder.digest
    assert (alone.single, folder.single) == (True, False)


def test_text_that_looks_like_data_is_not_that_data() -> None:
    text = base64.b64encode(b"x").decode()
    one, other = (Source.folder([SourceFile("a", text, language)]) for language in ("text", DATA))
    assert one.digest != other.digest


def test_no_file_of_a_folder_stands_for_the_others() -> None:
    with pytest.raises(ValueError, match="4 files and no text of its own"):
        _ = package().text
    assert package().language == "python"
    assert package().data_size == len(BYTES)


def test_duplicates_differ_in_line_ends_alone_in_any_of_the_files() -> None:
    one = package()
    other = one.with_texts(lambda file: file.text.replace("\n", "\r\n"))
    assert (one.key == other.key, one.digest == other.digest) == (True, False)
    data = one.find("table.bin")
    assert data is not None
    changed = Source.folder([*(file for file in one.files if file != data), replace(data, text=data.text + "AAAA")])
    assert changed.key != one.key


@pytest.mark.parametrize("paths", [[], ["a", "a"], [""]])
def test_a_folder_has_files_with_paths_of_their_own(paths: list[str]) -> None:
    with pytest.raises(ValueError, match="a path of its own"):
        Source.folder([SourceFile(path, "x", "text") for path in paths])
