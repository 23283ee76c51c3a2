"""What the site is built from is whole: every link in it leads to a page of it. `make docs` builds it."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.docs.pages import PAGES, anchors, links
from tests.docs.site import fetched_from_elsewhere, lay_out
from tests.test_architecture import ROOT


def test_what_is_laid_out_needs_nothing_else(tmp_path: Path) -> None:
    lay_out(tmp_path)
    pages = sorted((tmp_path / "pages").rglob("*.md"))
    assert len(pages) > len(PAGES) + 20
    missing = []
    for page in pages:
        for target in links(page):
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            if not path.is_file() or (anchor and anchor not in anchors(path)):
                missing.append(f"{page.relative_to(tmp_path)}: {target}")
    assert missing == []
    # Two pages of one address would hide one of them.
    assert [page for page in pages if page.name == "README.md" and page.with_name("index.md").exists()] == []
    settings = yaml.safe_load((tmp_path / "mkdocs.yml").read_text(encoding="utf-8"))
    assert (settings["docs_dir"], settings["site_dir"]) == ("pages", "site")


def test_a_source_that_is_linked_becomes_a_page_with_its_text(tmp_path: Path) -> None:
    lay_out(tmp_path)
    page = (tmp_path / "pages" / "shinka_core" / "novelty.py.md").read_text(encoding="utf-8")
    assert (ROOT / "shinka_core" / "novelty.py").read_text(encoding="utf-8").rstrip() in page
    folder = (tmp_path / "pages" / "shinka_core" / "llm" / "index.md").read_text(encoding="utf-8")
    assert "| `client.py` |" in folder


def test_what_a_browser_would_fetch_from_elsewhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<link rel="stylesheet" href="assets/a.css"><a href="https://example.com">a</a><script src="b.js">')
    assert fetched_from_elsewhere(page) == []
    page.write_text('<img src="//example.com/a.png"><script src="https://example.com/b.js"></script>')
    assert fetched_from_elsewhere(page) == ["//example.com/a.png", "https://example.com/b.js"]
    page.write_text('<link rel="stylesheet" href="https://example.com/font.css"><pre class="mermaid"></pre>')
    assert len(fetched_from_elsewhere(page)) == 2
