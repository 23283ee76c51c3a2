"""Programs of several files for the tests."""

from __future__ import annotations

import base64
from pathlib import Path

from shinka_core.source import DATA, Source, SourceFile

CURVE = """\
import math

# EVOLVE-BLOCK-START
def curve(x):
    scale = 2.0
    return scale * x
# EVOLVE-BLOCK-END
"""
RULES = """\
# EVOLVE-BLOCK-START
def rule(x):
    limit = 5.0
    return min(x, limit)
# EVOLVE-BLOCK-END
"""
MAIN = """\
from curve import curve
from inner.rules import rule


def main(seed):
    return rule(curve(seed))
"""
BYTES = bytes(range(256))


def package(**texts: str) -> Source:
    """Two modules that may change, one that stays, and data.

    Args:
        texts: Instead of the usual ones: curve, rules, main.
    """
    return Source.folder(
        [
            SourceFile("curve.py", texts.get("curve", CURVE), "python"),
            SourceFile("inner/rules.py", texts.get("rules", RULES), "python"),
            SourceFile("main.py", texts.get("main", MAIN), "python"),
            SourceFile("table.bin", base64.b64encode(BYTES).decode(), DATA),
        ]
    )


def lay_out(source: Source, folder: Path) -> Path:
    """The program on disk."""
    for file in source.files:
        place = folder.joinpath(*file.path.split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    return folder
