"""Whether a file lies on a share that other machines write too."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

# SQLite's write-ahead log lives in memory that its users share, which a share between machines is not.
SHARED = frozenset({
    "afpfs", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "smb3", "smbfs", "webdav",
})  # fmt: skip


def shared_by_machines(file: Path) -> str:
    """The kind of network file system that the file is on, or ""; "" too where that cannot be told."""
    try:
        mounts = psutil.disk_partitions(all=True)
    except (OSError, psutil.Error):
        return ""
    folder, kind, longest = os.path.realpath(file.parent), "", -1
    for mount in mounts:
        point = mount.mountpoint
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:  # the later of two on one point hides the earlier
            kind, longest = mount.fstype, len(point)
    return kind if kind in SHARED else ""
