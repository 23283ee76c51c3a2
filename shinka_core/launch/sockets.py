"""Sockets with a name in the file system, which a read-only file system does not keep anybody from using."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_LISTED = Path("/proc/net/unix")
_NAME = 7


def named_sockets() -> set[Path]:
    """Those that somebody on this machine listens at; none where nothing tells."""
    found: set[Path] = set()
    with suppress(OSError):
        for line in _LISTED.read_bytes().splitlines()[1:]:
            fields = line.split(None, _NAME)
            if len(fields) > _NAME and fields[_NAME].startswith(b"/"):
                found.add(Path(fields[_NAME].decode("utf-8", errors="surrogateescape")))
    return {path for path in found if _is_there(path)}


def _is_there(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:
        return False  # nor can an evaluation get at it
