"""Places for evaluations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shinka_core.launch.place import Place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)
