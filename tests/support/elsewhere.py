"""A package of somebody else that offers parts by entry points."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def installed(folder: Path, group: str, name: str, source: str) -> Generator[None]:
    """Has this process find a package with one part.

    Args:
        group: Of entry points.
        name: Of the part.
        source: Of the package's module, with the part as `Part`.
    """
    module = f"elsewhere_{group.replace('.', '_')}"
    (folder / f"{module}.py").write_text(source)
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:Part\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield
    sys.modules.pop(module, None)
