"""What can become of a SQLite file: removed or replaced under a run, read-only, on a share, not a database."""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from shinka_core.database import engine
from shinka_core.database.network_share import shared_by_machines
from shinka_core.errors import DatabaseError, DatabaseGoneError
from tests.shinka_core.database.test_programs import opened, program, unit
from tests.support.prefect import ROOT


@pytest.mark.parametrize("what", ["file", "file-and-log", "folder"])
async def test_a_file_that_is_removed_under_a_run_is_put_back_with_everything_in_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    folder = tmp_path / "results"
    async with opened(folder) as db:
        await db.begin("run", seed=7, settings={})
        for number in range(20):
            await db.journal.claim(number)
            await db.add(program(number), unit(number))
        if what == "folder":
            shutil.rmtree(folder)
        else:
            for file in folder.iterdir():
                if file.name == "e.sqlite" or what == "file-and-log":
                    file.unlink()
        await db.add(program(20, 5.0), unit(20))
        assert "was removed while the run was writing it; it was put back" in caplog.text
        assert sorted(file.name for file in folder.glob("e.sqlite*") if "-" not in file.name) == ["e.sqlite"]
        assert (await db.summary()).programs == 21
        (folder / "e.sqlite").unlink()
        await db.add(program(21, 6.0), unit(21))
        assert os.stat(folder / "e.sqlite").st_mode & 0o777 == 0o600
        with sqlite3.connect(folder / "e.sqlite") as other:
            assert other.execute("SELECT count(*) FROM programs").fetchone() == (22,)
            assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    async with opened(folder) as db:
        await db.resume("run")
        assert len(db) == 22


async def test_a_file_in_its_place_is_left_alone_and_the_run_stops_with_a_copy(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
        await db.add(program(0), unit(0))
        os.replace(_a_file(tmp_path / "new", b"a restored copy, say"), tmp_path / "e.sqlite")
        with pytest.raises(DatabaseGoneError, match="replaced by another file") as caught:
            await db.add(program(1), unit(1))
        assert isinstance(db.lost, DatabaseGoneError)
        with pytest.raises(DatabaseGoneError):
            await db.journal.claim(2)
    assert (tmp_path / "e.sqlite").read_bytes() == b"a restored copy, say"
    [copy] = [file for file in tmp_path.glob("e.sqlite.*") if "-" not in file.name]
    assert copy.name in str(caught.value)
    with sqlite3.connect(copy) as other:
        assert other.execute("SELECT generation FROM programs").fetchall() == [(0,)]


async def test_a_file_that_cannot_be_put_back_stops_the_run_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    async with opened(folder) as db:
        await db.begin("run", seed=7, settings={})
        shutil.rmtree(folder)
        folder.write_text("a file where the folder was")
        with pytest.raises(DatabaseGoneError, match="cannot be put back"):
            await db.add(program(0), unit(0))


def _a_file(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


AS_A_USER = """
import asyncio, os, sys, tempfile
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.errors import DatabaseError
async def use(folder):
    async with AsyncProgramDatabase(DatabaseConfig(db_path="e.sqlite"), folder) as db:
        await db.begin("run", seed=1, settings={})
with tempfile.TemporaryDirectory() as folder:
    asyncio.run(use(folder))  # all that is loaded is loaded while the interpreter's own files can be read
user, *folders = sys.argv[1:]
os.setgid(int(user)), os.setuid(int(user))
for folder in folders:
    try:
        asyncio.run(use(folder))
    except DatabaseError as error:
        print(error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="as another user one has to be root")
async def test_what_cannot_be_written_is_told_in_one_line_with_the_remedy(tmp_path: Path) -> None:
    user = pwd.getpwnam("nobody").pw_uid
    for folder in [tmp_path, *tmp_path.parents][:3]:
        folder.chmod(0o755)
    places = [tmp_path / what for what in ("file", "folder", "folder-of-a-file", "directory")]
    for place in places:
        place.mkdir()
        file = place / "e.sqlite"
        if place.name == "directory":
            file.mkdir()
        elif place.name != "folder":
            async with opened(place):
                pass
            os.chown(file, user if place.name == "folder-of-a-file" else 0, 0)
        if place.name == "file":
            os.chown(place, user, 0)
    told = subprocess.run(
        [sys.executable, "-c", AS_A_USER, str(user), *map(str, places)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd="/",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert len(lines) == len(places), told.stdout
    for place, line in zip(places, lines, strict=True):
        assert str(place / "e.sqlite") in line
        assert "another db_path" in line


async def test_without_shared_memory_for_the_log_it_is_done_without_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kind of lock files that SQLite uses where there is nothing better; it has no shared memory."""
    monkeypatch.setattr(engine, "OPEN", engine.OPEN | {"vfs": "unix-dotfile"})
    with caplog.at_level(logging.WARNING):
        async with opened(tmp_path) as db:
            await db.begin("run", seed=7, settings={})
            await db.add(program(0), unit(0))
            assert (await db.summary()).programs == 1
            async with db._engine.connect() as connection:
                modes = [
                    (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar()
                    for pragma in ("journal_mode", "synchronous")
                ]
    assert modes == ["delete", 2]
    assert caplog.text.count("without a write-ahead log") == 1
    async with opened(tmp_path) as db:
        await db.resume("run")
        assert len(db) == 1


async def test_on_a_share_of_several_machines_there_is_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})  # with a log, before it was moved there
    monkeypatch.setattr(engine, "shared_by_machines", lambda _file: "nfs4")
    async with opened(tmp_path) as db:
        await db.resume("run")
        await db.add(program(0), unit(0))
    assert "network share (nfs4)" in caplog.text
    assert [file.name for file in tmp_path.iterdir()] == ["e.sqlite"]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("/home/me/results/e.sqlite", "nfs4"),
        ("/home/me/local disk/e.sqlite", ""),
        ("/home/you/e.sqlite", ""),
        ("/home/mean/e.sqlite", ""),
        ("/mnt/win/e.sqlite", "cifs"),
        ("/e.sqlite", ""),
    ],
)
def test_which_files_are_on_a_share(monkeypatch: pytest.MonkeyPatch, file: str, kind: str) -> None:
    def mounts(**_: object) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(mountpoint="/", fstype="ext4"),
            SimpleNamespace(mountpoint="/home/me", fstype="nfs4"),
            SimpleNamespace(mountpoint="/home/me/local disk", fstype="xfs"),
            SimpleNamespace(mountpoint="/mnt/win", fstype="ext4"),
            SimpleNamespace(mountpoint="/mnt/win", fstype="cifs"),
        ]

    def nothing(**_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(psutil, "disk_partitions", mounts)
    assert shared_by_machines(Path(file)) == kind
    monkeypatch.setattr(psutil, "disk_partitions", nothing)
    assert shared_by_machines(Path(file)) == ""


def test_the_mounts_of_this_machine_can_be_read(tmp_path: Path) -> None:
    assert any(mount.mountpoint == "/" for mount in psutil.disk_partitions(all=True))
    assert isinstance(shared_by_machines(tmp_path / "e.sqlite"), str)


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"short", b"\x00" * 5000])
async def test_what_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = _a_file(tmp_path / "e.sqlite", content)
    with pytest.raises(DatabaseError, match="no SQLite database"):
        async with opened(tmp_path):
            pass
    assert file.read_bytes() == content
