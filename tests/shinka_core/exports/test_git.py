"""The history of the best as a git repository: what its commits hold, how it goes on, and whom it listens to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from shinka_core.database import AsyncProgramDatabase, EvolutionReader
from shinka_core.errors import ConfigError
from shinka_core.exports.forms import FORMS
from shinka_core.exports.order import Order
from shinka_core.exports.repository import safe_path
from shinka_core.exports.shown import one_line, prose
from shinka_core.source import Source, SourceFile
from tests.support.folders import BYTES, package
from tests.support.hostile import HOSTILE, add, begun, fill


def git(folder: Path, *arguments: str) -> str:
    """What git says of a repository, by nobody's settings."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@asynccontextmanager
async def filled(folder: Path) -> AsyncIterator[tuple[AsyncProgramDatabase, EvolutionReader]]:
    db, name = await begun(folder)
    try:
        await fill(db)
        async with EvolutionReader.open(folder / "e.sqlite", name) as reader:
            yield db, reader
    finally:
        await db.__aexit__()


async def test_each_improvement_is_a_commit(tmp_path: Path) -> None:
    async with filled(tmp_path) as (_, reader):
        written = await FORMS["git"](reader, Order(tmp_path / "best"))
        better = [record async for record in reader.programs() if record.generation in (0, 1, 6)]
        sources = [await reader.source(record.id) for record in better]
    assert written.counts == {"commits": 3}
    hashes = git(tmp_path / "best", "log", "--reverse", "--format=%H").split()
    for record, source, commit in zip(better, sources, hashes, strict=True):
        shown = git(tmp_path / "best", "log", "-1", "--format=%an %at%n%B", commit)
        assert shown.splitlines()[0] == f"shinka {int(record.created_at.replace(tzinfo=None).timestamp()) - offset()}"
        assert f"Score: {record.score!r}\n" in shown
        assert f"Generation: {record.generation}\n" in shown
        assert shown.rstrip().endswith(f"Shinka-Program: {record.sequence} {record.id}")
        assert not {"\x1b", "\x9b", "\u202e", "\u2028"} & set(shown)
        command = ["git", "-C", str(tmp_path / "best"), "show", f"{commit}:main.py"]
        assert subprocess.run(command, capture_output=True, check=True).stdout == source.files[0].content
    assert (tmp_path / "best" / "main.py").read_bytes() == sources[-1].files[0].content
    assert git(tmp_path / "best", "status", "--porcelain") == ""
    assert not list(tmp_path.glob(".best*"))


def offset() -> int:
    """Seconds by which local times are before UTC, for times that are stored without their zone."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    return round((now.replace(tzinfo=None).timestamp()) - now.timestamp())


async def test_a_later_export_adds_what_is_new_and_only_that(tmp_path: Path) -> None:
    out = tmp_path / "best"
    async with filled(tmp_path) as (db, reader):
        await FORMS["git"](reader, Order(out))
        before = git(out, "rev-parse", "HEAD").strip()
        assert (await FORMS["git"](reader, Order(out))).counts == {"new commits": 0}
        assert git(out, "rev-parse", "HEAD").strip() == before
        await add(db, 7, 6.5)
        await add(db, 8, 8.0)
        await add(db, 9, 9.0)
        assert (await FORMS["git"](reader, Order(out))).counts == {"new commits": 2}
        assert git(out, "rev-parse", "HEAD~2").strip() == before
        assert "x = 9" in (out / "main.py").read_text()
        # What it comes to does not depend on how often one exports.
        await FORMS["git"](reader, Order(tmp_path / "at once"))
        assert git(tmp_path / "at once", "rev-parse", "HEAD") == git(out, "rev-parse", "HEAD")
        (out / "main.py").write_text("mine")
        with pytest.raises(ConfigError, match="changes that are in no commit"):
            await FORMS["git"](reader, Order(out))
        git(out, "-c", "user.name=me", "-c", "user.email=me@here", "commit", "-qam", "mine")
        with pytest.raises(ConfigError, match="ends with no commit of an export"):
            await FORMS["git"](reader, Order(out))
        assert (out / "main.py").read_text() == "mine"


async def test_other_repositories_and_folders_are_left_alone(tmp_path: Path) -> None:
    async with filled(tmp_path / "a") as (_, reader), filled(tmp_path / "b") as (_, other):
        await FORMS["git"](reader, Order(tmp_path / "best"))
        with pytest.raises(ConfigError, match="history of another evolution"):
            await FORMS["git"](other, Order(tmp_path / "best", overwrite=True))
        git(tmp_path / "best", "switch", "-q", "-c", "side")
        with pytest.raises(ConfigError, match="another branch checked out"):
            await FORMS["git"](reader, Order(tmp_path / "best"))
        with pytest.raises(ConfigError, match="not empty and no repository"):
            await FORMS["git"](reader, Order(tmp_path / "a"))
        (tmp_path / "mine").mkdir()
        git(tmp_path / "mine", "init", "-q")
        with pytest.raises(ConfigError, match="ends with no commit of an export"):
            await FORMS["git"](reader, Order(tmp_path / "mine"))


async def test_nothing_is_made_where_nothing_is_correct_or_git_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, name = await begun(tmp_path)
    await add(db, 0, None)
    await db.__aexit__()
    async with EvolutionReader.open(tmp_path / "e.sqlite", name) as reader:
        with pytest.raises(ConfigError, match="no correct program yet"):
            await FORMS["git"](reader, Order(tmp_path / "best"))
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ConfigError, match="needs the command git"):
            await FORMS["git"](reader, Order(tmp_path / "best"))
    assert not list(tmp_path.glob("*best*"))


async def test_nobodys_settings_and_hooks_interfere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-merge", "reference-transaction", "post-index-change", "pre-commit"):
        (hooks / hook).write_text(f"#!/bin/sh\necho ran >> '{tmp_path}/ran'\nexit 1\n")
        (hooks / hook).chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f"[core]\nhooksPath = {hooks}\nautocrlf = true\nattributesFile = {tmp_path}/attributes\n"
        f"[init]\ntemplateDir = {hooks.parent}/template\ndefaultBranch = other\n"
        "[commit]\ngpgSign = true\n[gpg]\nprogram = false\n[user]\nuseConfigOnly = true\n"
    )
    (tmp_path / "template" / "hooks").mkdir(parents=True)
    for hook in hooks.iterdir():
        (tmp_path / "template" / "hooks" / hook.name).symlink_to(hook)
    (tmp_path / "attributes").write_text("* text eol=crlf\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    out = tmp_path / "best"
    async with filled(tmp_path / "run") as (db, reader):
        await FORMS["git"](reader, Order(out))
        git(out, "config", "core.hooksPath", str(hooks))
        await add(db, 7, 10.0)
        assert (await FORMS["git"](reader, Order(out))).counts == {"new commits": 1}
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "elsewhere").exists()
    assert b"\r\n" not in (out / "main.py").read_bytes().replace(HOSTILE.encode(), b"")
    assert set(git(out, "log", "--format=%an").split()) == {"shinka"}


async def test_a_folder_program_is_files_and_leads_nowhere(tmp_path: Path) -> None:
    db, name = await begun(tmp_path)
    await add(db, 0, 1.0, source=package())
    nasty = [
        "../out.py",
        ".git/hooks/pre-commit",
        "a/.GIT/config",
        ".gitattributes",
        "/etc/passwd",
        'q"uote.py',
        "k\u202e.py",
    ]
    await add(db, 1, 2.0, source=Source.folder(SourceFile(path, path, "python") for path in nasty))
    await db.__aexit__()
    async with EvolutionReader.open(tmp_path / "e.sqlite", name) as reader:
        await FORMS["git"](reader, Order(tmp_path / "best"))
    first = git(tmp_path / "best", "ls-tree", "-r", "--name-only", "HEAD~1").split()
    assert first == ["curve.py", "inner/rules.py", "main.py", "table.bin"]
    command = ["git", "-C", str(tmp_path / "best"), "show", "HEAD~1:table.bin"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == BYTES
    here = sorted(
        path.relative_to(tmp_path / "best").as_posix() for path in (tmp_path / "best").rglob("*") if path.is_file()
    )
    files = [path for path in here if not path.startswith(".git/")]
    assert files == sorted(map(safe_path, nasty))
    assert "q%22uote.py" in files
    assert not (tmp_path / "out.py").exists()
    assert not (tmp_path / "best" / ".git" / "hooks").exists()


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("src/main.py", "src/main.py"),
        ("grüße/ü.py", "grüße/ü.py"),
        ("..", "%2E%2E"),
        ("a/../../b", "a/%2E%2E/%2E%2E/b"),
        ("GIT~1/x", "GIT%7E1/x"),
        ("a\\b", "a%5Cb"),
        ("x\n\x1b", "x%0A%1B"),
        ("", "%"),
        ("half\ud800", "half%ED%A0%80"),
    ],
)
def test_paths_are_made_safe(path: str, safe: str) -> None:
    assert safe_path(path) == safe


def test_what_moves_a_terminal_is_shown() -> None:
    text: Any = "a\u202eb\x1b[31mc\x9bd\r\ne\x00\ud800"
    assert prose(text) == "a\\u202eb\\x1b[31mc\\x9bd\ne\\x00\\ud800"
    assert one_line("much  \n too long", 8) == "much ..."
