"""Whether a file lies on a share that other machines write too."""

from __future__ import annotations

import os
from pathlib import Path

# SQLite's write-ahead log lives in memory that its users share, which a share between machines is not.
SHARED = frozenset({
    "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "smb3", "smbfs",
})  # fmt: skip
MOUNTS = Path("/proc/self/mountinfo")


def shared_by_machines(file: Path, mounts: Path = MOUNTS) -> str:
    """The kind of network file system that the file is on, or ""; "" too where that cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    folder, kind, longest = os.path.realpath(file.parent), "", -1
    for line in lines:
        place, dash, rest = line.partition(" - ")
        point = place.split(" ")[4].encode("latin-1", "backslashreplace").decode("unicode_escape") if dash else ""
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if dash and inside and len(point) >= longest:  # the later of two on one point hides the earlier
            kind, longest = rest.split(" ")[0], len(point)
    return kind if kind in SHARED else ""
