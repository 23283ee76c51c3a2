"""Lays out what the site is built from, builds it, and looks at what came of it: `python -m tests.docs.site`.

The pages are the repository's own, at their own places. Sources that they link to become pages too, so that the site
needs neither a code forge nor a network.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from tests.docs.pages import DOCS, LINK, PAGES
from tests.test_architecture import ROOT

BUILD = ROOT / "build" / "site"
UNSEARCHED = "---\nsearch:\n  exclude: true\n---\n\n"
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".sh": "sh"}


def lay_out(folder: Path) -> None:
    """Writes everything that the site is built from, with its settings, into an empty folder."""
    pages = folder / "pages"
    for image in sorted([*(DOCS / "images").glob("*"), *(ROOT / "examples").glob("*/picture.svg")]):
        _write(pages / image.relative_to(ROOT), image.read_bytes())
    sources: set[Path] = set()
    for page in PAGES:
        text = _with_sources(page, page.read_text(encoding="utf-8"), sources)
        _write(pages / page.relative_to(ROOT), text.encode())
    for source in sorted(sources):
        _write(pages / _page_of(source).relative_to(ROOT), (UNSEARCHED + _shown(source)).encode())
    _write(folder / "mkdocs.yml", (DOCS / "mkdocs.yml").read_bytes())


def _with_sources(page: Path, text: str, sources: set[Path]) -> str:
    """The text of a page in which links to sources lead to the pages that are made of them."""

    def led(link: re.Match[str]) -> str:
        name = link[1].partition("#")[0]
        target = Path(os.path.normpath(page.parent / name))
        if re.match(r"[a-z]+:", name) or not name or target.suffix in {".md", ".png", ".svg"} or not target.exists():
            return link[0]
        if _page_of(target) not in PAGES:
            sources.add(target)
        return link[0].replace(f"]({link[1]})", f"]({os.path.relpath(_page_of(target), page.parent)})")

    return LINK.sub(led, text)


def _page_of(source: Path) -> Path:
    if not source.is_dir():
        return source.with_name(f"{source.name}.md")
    readme = source / "README.md"
    return readme if readme in PAGES else source / "index.md"


def _shown(source: Path) -> str:
    """A file as a block of code; a folder as a table of what its modules say that they are."""
    title = f"# `{source.relative_to(ROOT)}`\n\n"
    if source.is_dir():
        listed = sorted(path for path in source.iterdir() if path.is_file() and not path.name.startswith("."))
        rows = [f"| `{path.name}` | {_first_sentence(path)} |" for path in listed]
        return title + "\n".join(["| file | |", "|---|---|", *rows, ""])
    text = source.read_text(encoding="utf-8")
    marks = max([3, *(len(found) + 1 for found in re.findall(r"`{3,}", text))]) * "`"
    return f"{title}{marks}{LANGUAGES.get(source.suffix, 'text')}\n{text.rstrip()}\n{marks}\n"


def _first_sentence(path: Path) -> str:
    if path.suffix != ".py":
        return ""
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(said.split("\n\n")[0].split()).replace("|", "\\|").replace("<", "&lt;")


class _Fetched(HTMLParser):
    """What a browser fetches for a page by itself: scripts, styles, images, frames, and diagrams drawn by a script."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects what leads elsewhere."""
        said = {name: value or "" for name, value in attrs}
        address = said.get("src", "") if tag != "link" else said.get("href", "")
        if re.match(r"(https?:)?//", address) and said.get("rel") != "canonical":
            self.found.append(address)
        if "mermaid" in said.get("class", "").split():
            self.found.append("mermaid, which is drawn by a script from elsewhere")


def fetched_from_elsewhere(page: Path) -> list[str]:
    """What a page of the built site would ask other hosts for."""
    parser = _Fetched()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


def main() -> int:
    """Builds the site strictly; returns an exit code."""
    shutil.rmtree(BUILD, ignore_errors=True)
    lay_out(BUILD)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    if (built := subprocess.run(command, cwd=BUILD)).returncode:
        return built.returncode
    pages = sorted((BUILD / "site").rglob("*.html"))
    elsewhere = {page: found for page in pages if (found := fetched_from_elsewhere(page))}
    for page, found in elsewhere.items():
        sys.stderr.write(f"{page.relative_to(BUILD)} needs a network: {', '.join(sorted(set(found)))}\n")
    sys.stdout.write(f"{len(pages)} pages: {BUILD / 'site' / 'index.html'}\n")
    return 1 if elsewhere or not pages else 0


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
