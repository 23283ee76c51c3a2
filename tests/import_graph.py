"""Who imports whom, read from the sources: `python -m tests.import_graph` prints it, `--write` puts it into the document.

A part is a module or a folder directly below `shinka_core`, one of the folders of `flows`, or a package as a whole.
Imports inside functions count; those for type checkers alone do as well.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from tests.docs.made import Made
from tests.test_architecture import GROUND, LAYERS, ROOT, SOURCES, imports

WIDTH = 118
FOLDERS = {"flows.orchestrator.server", "flows.orchestrator", "flows.terminal", "flows.live"}


def part_of(module: str) -> str:
    """The part that a module belongs to; "" when it is nobody's of us."""
    words = module.split(".")
    if words[0] not in LAYERS:
        return ""
    if words[0] == "shinka_core":
        return ".".join(words[:2])
    return next((folder for folder in FOLDERS_FIRST if module == folder or module.startswith(f"{folder}.")), words[0])


FOLDERS_FIRST = sorted(FOLDERS, key=len, reverse=True)


def graph() -> dict[str, set[str]]:
    """Each part with those that it imports."""
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        own = part_of(module_of(path))
        used = {part_of(module) for module in imports(path)} - {"", "shinka_core", own}
        found.setdefault(own, set()).update(used)
    found.pop("shinka_core", None)  # its __init__ is a docstring
    # `from shinka_core.config import X` yields names below a part, never a part that does not exist.
    return {part: {each for each in used if each in found} for part, used in found.items()}


def module_of(path: Path) -> str:
    """The dotted name of a source file."""
    words = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


def text() -> str:
    """The graph in words, from the face down to the ground; parts on one level do not import each other."""
    found = graph()
    ground = {f"shinka_core.{part}" for part in GROUND} & found.keys()
    lines: list[str] = []
    for part in (part for part in found if not part.startswith("shinka_core")):
        outside = sorted(used for used in found[part] if not used.startswith("shinka_core"))
        core = sorted(short(used) for used in found[part] - ground if used.startswith("shinka_core"))
        lines += entry(part, [*outside, *([f"shinka_core.{{{', '.join(core)}}}"] if core else [])])
    for number, level in enumerate(reversed(list(levels(found, ground))), 1):
        lines += ["", f"shinka_core, level {number}"]
        for part in sorted(level):
            lines += entry("  " + short(part), sorted(short(used) for used in found[part] - ground))
    lines += ["", "shinka_core, the ground (everybody may import it)"]
    for part in sorted(ground):
        lines += entry("  " + short(part), sorted(short(used) for used in found[part]))
    return "\n".join(lines)


def levels(found: dict[str, set[str]], ground: set[str]) -> Iterator[set[str]]:
    """Parts of the core above the ground, those first that import no other; what is a ring comes together."""
    left = {part: set(used) - ground - {part} for part, used in found.items() if part.startswith("shinka_core")}
    left = {part: used for part, used in left.items() if part not in ground}
    while left:
        level = {part for part, used in left.items() if not used & left.keys()} or set(left)
        yield level
        left = {part: used for part, used in left.items() if part not in level}


def short(part: str) -> str:
    """The name inside the core."""
    return part.removeprefix("shinka_core.")


def entry(part: str, used: list[str]) -> list[str]:
    """One part, with lines that are continued below each other."""
    first = f"{part:<28}"
    if not used:
        return [first.rstrip()]
    return textwrap.wrap(
        ", ".join(used), WIDTH, initial_indent=f"{first}→ ", subsequent_indent=" " * 30, break_long_words=False
    )


def fenced() -> str:
    """The graph as it stands in the document."""
    return f"```text\n{text()}\n```"


DOCUMENT = Made(ROOT / "docs" / "architecture.md", fenced)

if __name__ == "__main__":
    DOCUMENT.main()
