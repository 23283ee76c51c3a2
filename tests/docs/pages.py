"""The pages of the documentation, taken apart: blocks of code with what is said about them, headings and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.test_architecture import ROOT

DOCS = ROOT / "docs"
PAGES = [
    *sorted(DOCS.glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
    ROOT / "deployments" / "README.md",
]

# A comment before a block says what becomes of it; without one it is run, or looked at for what its language asks.
REMARK = re.compile(r"<!-- (not run|file|not settings|fails): (.+?) -->")
FENCE = re.compile(r"^( *)(`{3,})(\w*) *$")
LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        language: After the fence; "" where there is none.
        line: Of its fence, from 1.
        remark: `not run`, `file`, `not settings` or `fails`; "" where nothing is said.
        said: What the remark says: the reason, the file's name, the exit code.
    """

    page: Path
    line: int
    language: str
    text: str
    remark: str = ""
    said: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in their order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    number, remark = 0, ("", "")
    while number < len(lines):
        line = lines[number]
        if (fence := FENCE.match(line)) is None:
            found = REMARK.fullmatch(line.strip())
            remark = (found[1], found[2]) if found else remark if not line.strip() else ("", "")
            number += 1
            continue
        indent, marks, language = fence.groups()
        first = number + 1
        number = first
        while lines[number].strip() != marks:
            number += 1
        text = "".join(f"{inside.removeprefix(indent)}\n" for inside in lines[first:number])
        yield Block(page, first, language, text, *remark)
        number, remark = number + 1, ("", "")


def prose(page: Path) -> str:
    """The page with its blocks and its code left empty, so that no link or heading is read there."""
    kept, marks = [], ""
    for line in page.read_text(encoding="utf-8").splitlines():
        fence = FENCE.match(line)
        if not marks and fence:
            marks = fence[2]
        elif marks and line.strip() == marks:
            marks = ""
        elif not marks:
            kept.append(line)
            continue
        kept.append("")
    return "\n".join(kept)


def anchors(page: Path) -> set[str]:
    """The anchors of its headings, as code forges and the site make them; a second one of the same words is not told apart."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", title).lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> list[str]:
    """The targets of its links that stay inside the project."""
    without_code = re.sub(r"(`+)(?:(?!\1).)*\1", "", prose(page))
    return [target for target in LINK.findall(without_code) if not re.match(r"[a-z]+:", target)]
