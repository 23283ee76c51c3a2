"""One HTML file of evolutions that needs no server, no network and nothing beside it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import html
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shinka_core.database.reader import EvolutionReader
from shinka_core.report.collect import collect
from shinka_core.report.details import ABOUT, about, asked, files
from shinka_core.report.page import LIBRARIES, asset, library, script
from shinka_core.report.texts import Lines

REPORT = "report.html"
# Says that a command reads the place from standard input.
STDIN = "@stdin"
# Characters of different lines from which on only the way to the best program keeps its prompts: some 10 MB of page.
PROMPTS = 40_000_000
# Sources that are read at once.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where an evolution is: as `EvolutionReader.open` takes it."""

    where: str
    name: str | None = None


async def build(places: Sequence[Place], *, prompts: int | None = PROMPTS) -> str:
    """The page of one evolution, or of several side by side.

    Args:
        prompts: Characters of different lines up to which prompts and answers are put in; None: all of them.

    Raises:
        DatabaseError: One cannot be read.
    """
    lines, runs, texts = Lines(), list[dict[str, Any]](), list[dict[str, Any]]()
    async with AsyncExitStack() as stack:
        for place in places:
            reader = await stack.enter_async_context(EvolutionReader.open(place.where, place.name))
            runs.append(await collect(reader))
            texts.append(await _texts(reader, runs[-1], lines, prompts))
    return await asyncio.to_thread(_page, runs, {"lines": lines.table(), "runs": texts})


async def _texts(reader: EvolutionReader, run: dict[str, Any], lines: Lines, prompts: int | None) -> dict[str, Any]:
    """Every text of an evolution, as runs in the table of lines."""
    found: dict[str, dict[str, list[int]]] = {}
    said: dict[int, dict[str, list[int]]] = {}
    programs = [program async for program in reader.programs(columns=ABOUT)]
    for first in range(0, len(programs), AT_ONCE):
        some = programs[first : first + AT_ONCE]
        sources = await reader.sources(some)
        for program in some:
            said[program.generation] = {name: lines.add(text) for name, text in about(program).items()}
            if program.source not in found:
                kept = files(sources[program.id])
                found[program.source] = {path: lines.add(text) for path, text in kept.items()}
        await asyncio.sleep(0)
    way = _way(run["programs"])
    calls: dict[int, dict[str, Any]] = {}
    left_out: set[int] = set()
    index = 0
    async for call in reader.calls(texts=True):
        if prompts is None or lines.size < prompts or call.generation in way:
            calls[index] = _packed(asked(call), lines)
        else:
            left_out.add(call.generation)
        index += 1
    return {"files": found, "about": said, "calls": calls, "left_out": sorted(left_out)}


def _packed(said: dict[str, Any], lines: Lines) -> dict[str, Any]:
    packed: dict[str, Any] = {"messages": [[role, lines.add(content)] for role, content in said["messages"]]}
    packed |= {name: lines.add(said[name]) for name in ("answer", "error") if name in said}
    return packed | {name: said[name] for name in ("options",) if name in said}


def _way(programs: dict[str, Any]) -> set[int]:
    """Generations of every program that was the best one for a time, and of their ancestors."""
    kept: set[int] = set()
    best: float | None = None
    for index, (score, correct) in enumerate(zip(programs["score"], programs["correct"], strict=True)):
        if correct and score is not None and (best is None or score > best):
            best = score
            while index >= 0 and programs["generation"][index] not in kept:
                kept.add(programs["generation"][index])
                index = programs["parent"][index]
    return kept


def _page(runs: list[dict[str, Any]], texts: dict[str, Any]) -> str:
    scripts = [*(library(name) for name in LIBRARIES), script("report")]
    allowed = " ".join(f"'sha256-{_digest(text)}'" for text in scripts)
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:"
    data = "".join(
        f'<script type="application/octet-stream" id="{name}">{packed(value)}</script>\n'
        for name, value in (("runs", runs), ("texts", texts))
    )
    return page(
        title=", ".join(run["name"] for run in runs),
        policy=f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        data=data,
        scripts="".join(f"<script>{text}</script>\n" for text in scripts),
    )


def page(*, title: str, policy: str, data: str, scripts: str) -> str:
    """The frame of the page with what belongs into it."""
    text = asset("page.html")
    for name, value in (
        ("title", html.escape(title.encode("utf-8", "replace").decode()[:200])),
        ("style", asset("style.css")),
        ("policy", policy),
        ("data", data),
        ("scripts", scripts),
    ):
        before, after = text.split(f"<!--{name}-->")
        text = before + value + after
    return text


def packed(value: Any) -> str:
    """JSON, compressed, in letters that mean nothing to HTML."""
    data = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def write(path: Path, text: str) -> None:
    """Writes the page as a whole or not at all: somebody may be looking at the one before."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
