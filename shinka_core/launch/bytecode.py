"""Compiling what an evaluator imports from its own folder, once for all evaluations.

In a sandbox that folder is read-only, so Python would compile the modules anew in each evaluation: 10
to 20 ms of CPU per thousand lines.
"""

from __future__ import annotations

import compileall
import importlib.util
import sys
from pathlib import Path

# Of one folder; more than that are not the helpers of an evaluator.
MOST_FILES = 50


def compile_helpers(evaluator: Path) -> None:
    """Compiles the modules beside the evaluator, and our own that only evaluators import, where that is possible.

    Nothing is run, and a file that cannot be compiled or stored is left to the evaluation.
    """
    if sys.dont_write_bytecode:
        return
    files = sorted(path for path in evaluator.parent.glob("*.py") if path != evaluator)
    face = importlib.util.find_spec("shinka")
    own = [Path(folder) / "core.py" for folder in (face and face.submodule_search_locations) or ()]
    own += [Path(face.origin)] if face and face.origin else []
    for path in (*own, *files[:MOST_FILES]):
        compileall.compile_file(path, quiet=2)
