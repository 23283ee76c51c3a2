"""docs/architecture.md tells what is there."""

from __future__ import annotations

import re

from tests.import_graph import DOCUMENT, graph, levels
from tests.test_architecture import GROUND, ROOT


def test_the_document_has_the_graph_as_it_is() -> None:
    assert DOCUMENT.anew() == DOCUMENT.stands(), "run `make architecture`"


def test_every_file_that_the_document_names_is_there() -> None:
    named = re.findall(r"\b(?:shinka|flows|tasks|tests|shinka_core)(?:/\w+)+(?:\.py)?", DOCUMENT.stands())
    assert len(named) > 60
    missing = {path for path in named if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()}
    assert missing == set()


def test_parts_of_the_core_stand_above_all_that_they_import() -> None:
    found = graph()
    ground = {f"shinka_core.{part}" for part in GROUND} & found.keys()
    below = set(ground)
    for level in levels(found, ground):
        for part in level:
            assert found[part] <= below, (
                f"{part} imports {sorted(found[part] - below)}, which stands beside or above it"
            )
        below |= level
    assert below == {part for part in found if part.startswith("shinka_core")}
