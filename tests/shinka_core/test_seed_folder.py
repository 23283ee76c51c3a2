"""Seed programs of several files: what is read, and what is refused with which words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig, InProcessJobConfig
from shinka_core.errors import ConfigError
from shinka_core.fingerprint import digest_of
from shinka_core.seed_program import find_seed_program, read_seed_program
from shinka_core.source import Source
from shinka_core.source_folder import contents_of, holds, write_program
from tests.support.folders import BYTES, CURVE, lay_out, package


def read(folder: Path, **evolve: Any) -> Source:
    return read_seed_program(EvolutionConfig(init_program_path=str(folder), **evolve)).source


def test_every_file_is_a_part_of_the_program(tmp_path: Path) -> None:
    lay_out(package(), tmp_path)
    for left in (".git/config", "__pycache__/curve.cpython-311.pyc", "curve.py.bak", "inner/.hidden", "curve.py~"):
        (tmp_path / left).parent.mkdir(exist_ok=True)
        (tmp_path / left).write_bytes(b"\xff")
    assert read(tmp_path) == package()


def test_a_file_in_no_known_language_is_text_when_it_has_blocks(tmp_path: Path) -> None:
    lay_out(package(), tmp_path)
    (tmp_path / "Makefile").write_text("# EVOLVE-BLOCK-START\nFLAGS = -O1\n# EVOLVE-BLOCK-END\n")
    (tmp_path / "notes").write_text("no blocks")
    made = {file.path: file.language for file in read(tmp_path).files}
    assert (made["Makefile"], made["notes"]) == ("text", "data")


def link(folder: Path) -> None:
    (folder / "link.py").symlink_to(folder / "curve.py")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def put(name: str, content: bytes | str) -> Callable[[Path], object]:
    data = content if isinstance(content, bytes) else content.encode()
    return lambda folder: (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (link, r"'link\.py', a symbolic link; put what it leads to"),
        (pipe, r"'pipe', which is no regular file"),
        (put("CURVE.py", CURVE), r"'CURVE\.py' and 'curve\.py', which are one file elsewhere"),
        (put("umlaut.py", b"x = '\xe4'\n"), r"'umlaut\.py' of the seed program .*line 1 holds the byte 0xe4"),
        (put("nul.py", "x = '\0'\n"), r"'nul\.py' .*NUL character"),
        (put("odd\nname.py", "x"), r"a name that not every system takes"),
        (put("half.py", "# EVOLVE-BLOCK-START\nx = 1\n"), r"half\.py: .*line 1 has no EVOLVE-BLOCK-END"),
        (put("said.py", '"""EVOLVE-BLOCK-START: no marker"""\n'), r"said\.py: .*has no marker"),
        (put("large.bin", b"x" * 800), r"more bytes than max_data_size=1000 allows \(with '(large|table)\.bin'"),
        (put("large.py", "x" * 50_000), r"'large\.py' .*max_program_size=10000 allows no such text"),
    ],
    ids=["link", "pipe", "clash", "encoding", "nul", "name", "broken", "mention", "data", "text"],
)
def test_each_mistake_is_named_with_its_remedy(tmp_path: Path, spoil: Callable[[Path], object], words: str) -> None:
    lay_out(package(), tmp_path)
    spoil(tmp_path)
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, max_data_size=1_000, max_program_size=10_000)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    lay_out(package(), tmp_path)
    (tmp_path / "table.bin").chmod(0)
    with pytest.raises(ConfigError, match=r"'table.bin' .*cannot be read: .*make it readable"):
        read(tmp_path)


def test_a_folder_without_a_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file but hidden ones"):
        read(tmp_path)
    (tmp_path / "data.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"none of its files is in a programming language; put comments"):
        read(tmp_path)


def test_a_language_is_for_one_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"language='python' is for a seed program of one file"):
        read(lay_out(package(), tmp_path), language="python")


def test_it_is_found_in_the_task_and_never_guessed(tmp_path: Path) -> None:
    lay_out(package(), tmp_path / "initial")
    assert find_seed_program(tmp_path) == tmp_path / "initial"
    (tmp_path / "initial.py").write_text(CURVE)
    with pytest.raises(ConfigError, match=r"several seed programs \(initial\.py, initial\).*--initial"):
        find_seed_program(tmp_path)


def test_one_interpreter_for_all_programs_is_refused(tmp_path: Path) -> None:
    from shinka_core.checks import checked_seed_program
    from shinka_core.config import DatabaseConfig
    from shinka_core.settings import RunSettings

    evolve = EvolutionConfig(init_program_path=str(lay_out(package(), tmp_path)))
    settings = RunSettings("r", tmp_path, evolve, InProcessJobConfig(), DatabaseConfig())
    with pytest.raises(ConfigError, match=r"processes of their own \(kind: local"):
        checked_seed_program(settings)


def test_what_is_written_is_what_is_there(tmp_path: Path) -> None:
    place, contents = tmp_path / "program", contents_of(package())
    assert not holds(place, contents)
    write_program(place, contents)
    assert holds(place, contents)
    assert (place / "table.bin").read_bytes() == BYTES
    (place / "__pycache__").mkdir()
    assert holds(place, contents), "what an interpreter leaves behind is no part of it"
    (place / "more.py").write_text("")
    assert not holds(place, contents)
    write_program(place, contents)
    assert holds(place, contents)
    assert not (place / "more.py").exists()
    (place / "curve.py").write_text("")
    assert not holds(place, contents)


def test_the_digest_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    folder = lay_out(package(), tmp_path)
    before = digest_of(folder)
    (folder / ".hidden").write_text("x")
    assert digest_of(folder) == before
    (folder / "table.bin").write_bytes(b"")
    assert digest_of(folder) != before


async def test_a_run_is_continued_from_the_database_and_a_changed_seed_is_told(tmp_path: Path) -> None:
    from shinka_core.config import DatabaseConfig, LocalJobConfig
    from shinka_core.generation import embed_seed, open_generation, record, seed_candidate
    from shinka_core.program import Evaluation
    from shinka_core.run import open_run
    from shinka_core.settings import RunSettings

    task = tmp_path / "task"
    lay_out(package(), task / "initial")
    (task / "evaluate.py").write_text("")
    evolve = EvolutionConfig(init_program_path=str(task / "initial"))
    job = LocalJobConfig(eval_program_path=str(task / "evaluate.py"), isolation="none")
    settings = RunSettings("r", tmp_path / "r", evolve, job, DatabaseConfig())
    async with open_run(settings) as run:
        opened = await open_generation(run, 0)
        await embed_seed(opened)
        await record(opened, None, seed_candidate(run), Evaluation(1.0, True))
    (task / "initial" / "table.bin").write_bytes(b"other")
    with pytest.raises(ConfigError, match=r"the seed program .*initial' is not the one that this run began with"):
        async with open_run(settings, resume=True):
            pass
    (task / "initial" / "table.bin").write_bytes(BYTES)
    async with open_run(settings, resume=True) as run:
        assert run.seed_program.source == package()
    for path in sorted((task / "initial").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (task / "initial").rmdir()
    async with open_run(settings, resume=True) as run:
        assert run.seed_program.source == package(), "the database has it all"
    (task / "initial").write_text(CURVE)
    with pytest.raises(ConfigError, match=r"initial' is a file, and the programs of this run are folders"):
        async with open_run(settings, resume=True):
            pass
