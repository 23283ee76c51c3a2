"""The changelog reads as one text: lines of several branches are put together there without anybody looking."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
VERSIONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]


def test_a_heading_stands_once_in_a_version_and_apart_from_what_is_above_it() -> None:
    for version in VERSIONS:
        headings = Counter(re.findall(r"^### .*", version, re.MULTILINE))
        assert [heading for heading, times in headings.items() if times > 1] == []
    assert re.findall(r"[^\n]\n#{2,3} .*", TEXT) == []


def test_nothing_is_said_twice() -> None:
    entries = Counter(re.findall(r"^- .*", TEXT, re.MULTILINE))
    assert [entry for entry, times in entries.items() if times > 1] == []
