"""Seed programs of any language and encoding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError
from shinka_core.seed_program import find_seed_program, read_seed_program

CODE = "# EVOLVE-BLOCK-START\r\nx = 1\r\n# EVOLVE-BLOCK-END\r\n"


def folder(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).write_text("x = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["initial.py"], "initial.py"),
        (["initial.r"], "initial.r"),
        (["initial.R", "data.csv"], "initial.R"),
        (["initial.F90"], "initial.F90"),
        (["initial.cpp", "initial.h"], "initial.cpp"),
        (["initial.h"], "initial.h"),
        (["initial.py", "initial.py.bak", "initial.pyc", "initial.swp"], "initial.py"),
        (["initial.strange"], "initial.strange"),
        (["initial.lean", "initial.olean"], "initial.lean"),
    ],
)
def test_the_seed_program_is_found(tmp_path: Path, names: list[str], found: str) -> None:
    assert find_seed_program(folder(tmp_path, *names)).name == found


def test_a_folder_of_that_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "initial.py").mkdir()
    with pytest.raises(ConfigError, match=r"no initial.<ext>"):
        find_seed_program(tmp_path)


def test_several_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"initial.cpp, initial.py.*--initial"):
        find_seed_program(folder(tmp_path, "initial.cpp", "initial.py", "initial.hpp"))


def read(tmp_path: Path, data: bytes, name: str = "initial.py", **config: str):
    (tmp_path / name).write_bytes(data)
    return read_seed_program(EvolutionConfig(init_program_path=str(tmp_path / name), **config))


def test_the_text_is_kept_as_it_is(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + CODE.encode()).code == "\ufeff" + CODE
    assert read(tmp_path, b"# coding: latin-1\nname = '\xc4'\n").code == "# coding: latin-1\nname = 'Ä'\n"


def test_the_language_may_be_unknown_by_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"x <- 1\n", "initial.R").language == "r"
    assert read(tmp_path, b"x", "initial.strange", language="text").extension == ".strange"
    with pytest.raises(ConfigError, match=r"initial.strange.*set language.*text will do"):
        read(tmp_path, b"x", "initial.strange")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"name = '\xc4'\n", "cannot be read as text: line 1 holds the byte 0xc4"),
        (b"x = 1\0\n", "NUL"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"# EVOLVE-BLOCK-START\n\n \n# EVOLVE-BLOCK-END\n", "every EVOLVE-BLOCK of the seed program is empty"),
        (b'"""EVOLVE-BLOCK-START begins it."""\nx = 1\n', "speaks of EVOLVE-BLOCK-START in line 1 but has no marker"),
    ],
)
def test_what_cannot_be_evolved_is_told_at_once(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, data)


def test_a_pipe_or_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "initial.py")
    (tmp_path / "other.py").mkdir()
    for name, words in (("initial.py", "is no file and no folder; name the seed"), ("other.py", "holds no file")):
        with pytest.raises(ConfigError, match=f"{name}' {words}"):
            read_seed_program(EvolutionConfig(init_program_path=str(tmp_path / name)))
