"""Folders as archives: the evaluator's on its way there, and results on their way back.

An archive of results was made where a model's program ran, so nothing in it is trusted: regular files alone, of
names inside the folder, so many and so large.
"""

from __future__ import annotations

import base64
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from shinka_core.errors import ConfigError, LaunchError
from shinka_core.source_folder import is_left_over

MOST_FILES = 2_000
# Of an evaluator's folder: it is in every errand.
MOST_SENT = 8_000_000


def pack_folder(folder: Path, omit: tuple[Path, ...] = ()) -> str:
    """The evaluator's folder, without hidden files, caches and what is omitted.

    Raises:
        ConfigError: It is too large to be sent with every evaluation.
    """
    data = io.BytesIO()
    total = 0
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=6) as archive:
        for path in _files(folder, {each.resolve() for each in omit}):
            total += path.stat().st_size
            if total > 8 * MOST_SENT:
                break
            archive.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False, filter=_plain)
    if total > 8 * MOST_SENT or data.tell() > MOST_SENT:
        raise ConfigError(
            f"{str(folder)!r} is larger than {MOST_SENT // 1_000_000} MB, packed, and would be sent with every evaluation; "
            "leave what it needs and no more in it, or share it with the machines and say files: shared (section 'job')"
        )
    return base64.b64encode(data.getvalue()).decode()


def pack_results(folder: Path, most: int) -> str:
    """What an evaluation left, the smallest files first as far as they fit; whatever is no regular file is left out."""
    data = io.BytesIO()
    found = sorted((path.stat().st_size, str(path), path) for path in _files(folder, set(), everything=True))
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=6) as archive:
        for size, _, path in found[:MOST_FILES]:
            most -= size
            if most < 0:
                break
            archive.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False, filter=_plain)
    return base64.b64encode(data.getvalue()).decode()


def unpack(archive: str, folder: Path, most: int) -> None:
    """Writes an archive's files into a folder.

    Args:
        most: Bytes of all files together.

    Raises:
        LaunchError: It is no archive, or holds what none of ours holds.
    """
    try:
        data = io.BytesIO(base64.b64decode(archive, validate=True))
        with tarfile.open(fileobj=data, mode="r:gz") as opened:
            for number, member in enumerate(opened):
                most -= member.size
                if not member.isreg() or most < 0 or number >= MOST_FILES:
                    raise LaunchError(f"an archive of an evaluation holds {member.name[:200]!r}, which is not taken")
                opened.extract(member, folder, filter="data")
    except (ValueError, EOFError, OSError, tarfile.TarError) as error:
        raise LaunchError(f"an archive of an evaluation cannot be unpacked: {type(error).__name__}: {error}") from error


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without an owner and a time, so that the same folder gives the same archive."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member


def _files(folder: Path, omit: set[Path], *, everything: bool = False) -> Iterator[Path]:
    """The regular files inside, never through a link that leads to a folder."""
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(
            name for name in folders if everything or not (is_left_over(name) or (here / name).resolve() in omit)
        )
        for name in sorted(names):
            path = here / name
            if (
                path.is_file()
                and (everything is False or not path.is_symlink())
                and (everything or not is_left_over(name))
            ):
                yield path
