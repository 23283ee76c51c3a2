"""Writing answers in the patch format, for operators that make programs and not prose."""

from __future__ import annotations

from shinka_core.edit.blocks import block_texts, has_markers
from shinka_core.edit.fences import fence_for
from shinka_core.edit.places import Lines


def compose_full(child: str, name: str, description: str, language: str = "", path: str = "") -> str:
    """An answer that replaces the whole program, or one of its files.

    Args:
        child: The changed program, with line feeds alone.
        path: Of the file; "" for a program that is one.
    """
    body = child if child.endswith("\n") else child + "\n"
    fence = fence_for(child)
    return f"{_heading(name, description, path)}\n{fence}{language}\n{body}{fence}\n"


def compose_diff(parent: str, child: str, name: str, description: str, language: str = "", path: str = "") -> str:
    """An answer that replaces the changed lines, falling back to the whole program.

    Each edit replaces one changed run of lines with enough lines around it to be unique.
    """
    lines = Lines(parent.split("\n"))
    if has_markers(parent):
        old_blocks, new_blocks = block_texts(parent), block_texts(child)
    else:
        old_blocks, new_blocks = [parent], [child]
    edits: list[str] = []
    for old, new in zip(old_blocks, new_blocks, strict=True):
        if old != new:
            edit = _edit(lines, old, new)
            if edit is None:
                return compose_full(child, name, description, language, path)
            edits.append(edit)
    named = f"### FILE {path}\n" if path else ""
    return _heading(name, description) + "\n" + "\n".join(named + edit for edit in edits)


def _edit(parent: Lines, old: str, new: str) -> str | None:
    """One edit that spans from the first changed line to the last, made unique by its context."""
    before, after = old.split("\n"), new.split("\n")
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    wider = 1
    while True:
        search = before[first : len(before) - last]
        text = "\n".join(search)
        if text.strip() and len(parent.exactly(search)) == 1:
            break
        if first == 0 and last == 0:
            return None
        first, last = max(first - wider, 0), max(last - wider, 0)
        wider *= 2
    replace = after[first : len(after) - last]
    if any(mark in line for line in search + replace for mark in ("<<<", "===", ">>>")):
        return None
    body = "\n".join(replace) + "\n" if replace else ""
    return f"<<<<<<< SEARCH\n{text}\n=======\n{body}>>>>>>> REPLACE\n"


def _heading(name: str, description: str, path: str = "") -> str:
    named = f"\n### FILE {path}" if path else ""
    return f"<NAME>{name}</NAME>\n<DESCRIPTION>{description}</DESCRIPTION>{named}"
