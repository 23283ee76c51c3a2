"""docs/features.md links to what there is, and every row answers for every system."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "features.md").read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as code forges make them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_lead_somewhere():
    missing = []
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        name, _, anchor = target.partition("#")
        path = (DOCS / name).resolve()
        if not path.exists() or (anchor and anchor not in anchors(path)):
            missing.append(target)
    assert not missing


def test_every_row_has_a_cell_for_every_system():
    rows = [line for line in TEXT.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {8}
    assert all(cell.strip() for row in rows for cell in row.split("|")[2:-1])
