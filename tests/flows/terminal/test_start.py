"""What happens between the command and the first word on the screen."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_mistake_is_told_before_the_orchestrator_and_the_database_are_loaded(tmp_path: Path) -> None:
    """They take seconds, in which the server could start as well."""
    missing = tmp_path / "missing"
    command = [sys.executable, "-X", "importtime", "flows/evolve.py", str(missing)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert told.returncode == 2
    assert f"task folder '{missing}' does not exist" in told.stderr
    loaded = set(re.findall(r"\| +(\w+)$", told.stderr, re.MULTILINE))
    assert "pydantic" in loaded, "the imports are in what was read"
    assert not {"prefect", "sqlalchemy", "openai", "numpy", "httpx"} & loaded
