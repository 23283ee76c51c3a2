"""What stands on the pages is so: links lead somewhere, settings are taken, code compiles and finds what it imports."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from collections import Counter
from typing import Any

import pytest
import yaml

from shinka_core.config import DatabaseConfig, EvolutionConfig, job_of
from shinka_core.config.starting import spread_programs
from tests.docs.pages import DOCS, PAGES, Block, anchors, blocks, links, prose
from tests.test_architecture import ROOT

BLOCKS = [block for page in PAGES for block in blocks(page)]
# Pages whose commands are run, by tests/docs/test_commands.py, in this order.
RUN = [DOCS / name for name in ("tutorial.md", "recipes.md", "migration.md")]
# What pages import that is not installed: it is made by the page, or is anybody's.
MADE = {"evaluator", "my_search"}
LANGUAGES = {"sh", "python", "yaml", "text"}


def of(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


def test_links_lead_somewhere() -> None:
    missing = []
    for page in PAGES:
        for target in links(page):
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            if not path.exists() or (anchor and anchor not in anchors(path)):
                missing.append(f"{page.name}: {target}")
    assert missing == []


def test_headings_of_a_page_that_are_linked_have_an_anchor_of_their_own() -> None:
    for page in PAGES:
        titles = Counter(re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE))
        twice = {title.strip("`").lower() for title, count in titles.items() if count > 1}
        linked = {target.partition("#")[2] for other in PAGES for target in links(other) if page.name in target}
        assert not twice & linked, page.name


def test_every_extra_is_named_with_what_it_is_for() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rows = re.findall(r"^\| [^|]+ \| (`[^|]+`) \| [^|]+ \|$", (DOCS / "install.md").read_text(), re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`([^`]+)`", row) if name in extras) == sorted(extras)


def test_every_block_says_what_it_is() -> None:
    assert [str(block) for block in BLOCKS if block.language not in LANGUAGES] == []


def test_commands_are_run_or_say_why_not() -> None:
    left = [str(block) for block in of("sh") if block.remark not in ("not run",) and block.page not in RUN]
    assert left == [], "put `<!-- not run: REASON -->` before it, or have it run"
    reasons = {block.said for block in of("sh") if block.remark == "not run"}
    assert all(len(reason.split()) > 1 for reason in reasons)
    assert sum(block.remark == "" for block in of("sh")) >= 12


def test_no_command_hides_in_an_indented_block() -> None:
    command = re.compile(r"^(?: {4}|\t)(?:\.venv/|python |make |pip |prefect |[A-Z_]+=\S+ )", re.MULTILINE)
    assert [(page.name, found[0]) for page in PAGES for found in command.finditer(prose(page))] == []


def test_programs_and_evaluators_of_the_pages_are_those_of_their_language() -> None:
    for block in BLOCKS:
        if block.remark == "file" and block.language == "python":
            assert block.said.endswith(".py"), block


@pytest.mark.parametrize("block", of("python"), ids=str)
def test_python_compiles_and_finds_what_it_imports(block: Block) -> None:
    tree = ast.parse(block.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                assert _is_there(alias.name), alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            assert _is_there(node.module), node.module
            if node.module.split(".")[0] not in MADE:
                module = importlib.import_module(node.module)
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def _is_there(module: str) -> bool:
    first = module.split(".")[0]
    return first in MADE or importlib.util.find_spec(module) is not None


@pytest.mark.parametrize(
    "block",
    [block for block in of("yaml") if block.remark != "not settings" and not block.said.endswith("config.yaml")],
    ids=str,
)
def test_settings_are_taken(block: Block) -> None:
    sections: dict[str, Any] = yaml.safe_load(block.text)
    assert sections.keys() <= {"evolution", "job", "database", "max_proposal_jobs", "max_evaluation_jobs"}
    EvolutionConfig(**_fitting(spread_programs(sections.get("evolution") or {})))
    DatabaseConfig(**(sections.get("database") or {}))
    job_of(sections.get("job") or {})


def _fitting(evolution: dict[str, Any]) -> dict[str, Any]:
    """With the models and operators that a page, which shows a part of a file, says nothing about."""
    named = [*evolution.get("llm_model_kwargs", {}), *evolution.get("llm_vision_models", []), "builtin/mutate"]
    return {"llm_models": list(dict.fromkeys(named))} | evolution


def test_the_site_has_every_page_in_its_contents() -> None:
    contents = yaml.safe_load((DOCS / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = list(_leaves(contents))
    assert sorted(listed) == sorted(str(page.relative_to(ROOT)) for page in PAGES)


def _leaves(contents: Any) -> list[str]:
    if isinstance(contents, str):
        return [contents]
    inside = contents.values() if isinstance(contents, dict) else contents
    return [leaf for each in inside for leaf in _leaves(each)]


def test_the_readme_stays_under_two_screens() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_the_quick_start_of_the_readme_is_the_one_that_a_test_runs() -> None:
    (shown,) = [block.text for block in blocks(ROOT / "README.md") if block.language == "python"]
    run = (DOCS / "quick_start.py").read_text(encoding="utf-8")
    assert [line.rstrip() for line in shown.splitlines()] == [line.rstrip() for line in run.splitlines()]


# Words of the program that an entry begins with.
SAID = re.compile(r"^\*\*[^*]*?`([^`]+)`[^*]*\*\*", re.MULTILINE)


def test_what_troubleshooting_quotes_is_said_somewhere() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for part in ("flows", "shinka_core") for path in (ROOT / part).rglob("*.py")
    )
    elsewhere = {"database is locked", "aiofiles", "No module named", "error:", "timeout"}  # others' words
    quoted = [_own_words(said) for said in SAID.findall(prose(DOCS / "troubleshooting.md"))]
    assert len(quoted) > 12
    assert [said for said in quoted if said not in sources and said not in elsewhere] == []


def _own_words(said: str) -> str:
    """Without what is different each time."""
    said = re.sub(r" 10 times in a row$| \.\.\.$", "", said)
    return said.rpartition(": ")[2] if re.match(r"(query|novelty): ", said) else said


def test_the_chain_of_calls_is_as_it_is_told() -> None:
    (chain,) = [block for block in blocks(DOCS / "architecture.md") if "AsyncEvolutionRunner.run " in block.text]
    lines = [re.match(r"\s*(.+?)\s+(\S+/\S+\.py)", line) for line in chain.text.splitlines()]
    assert len(lines) > 15
    for line in lines:
        assert line is not None
        text = (ROOT / line[2]).read_text(encoding="utf-8")
        names = re.findall(r"\w+", line[1].replace("shinka.run", "run").replace(" or ", " "))
        assert [
            name for name in names if not re.search(rf"(?:def|class) {name}\b|^{name} = ", text, re.MULTILINE)
        ] == []
