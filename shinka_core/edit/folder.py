"""From an answer to a program of several files: each file gets the part of the answer that is for it.

What is for a file is put together as an answer of its own and applied as one about a program of one file, so that
all rules for these hold file by file.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from shinka_core.edit.answer import Reading
from shinka_core.edit.diff import apply_edits
from shinka_core.edit.evolvable import evolvable_files
from shinka_core.edit.fences import Fenced, fence_for
from shinka_core.edit.names import defined_names
from shinka_core.edit.new_files import marked, new_file
from shinka_core.edit.paths import HOW, Paths
from shinka_core.edit.search_replace import Block
from shinka_core.errors import PatchError
from shinka_core.source import Source, SourceFile
from shinka_core.source_text import plain

_OLD_FILE, _NEW_FILE = re.compile(r"--- ?\S"), re.compile(r"\+\+\+ ?\S")

# From a part of the answer and a file to the file's new text, as it is stored.
Change = Callable[[str, SourceFile], str]


@dataclass(slots=True)
class _Parts:
    """What an answer has for each file, in its order."""

    texts: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, path: str, text: str) -> None:
        self.texts.setdefault(path, []).append(text)


def joined(source: Source) -> str:
    """All that may change as one text, for whoever looks for marks and fences in it."""
    return "\n".join(plain(file.text) for file in evolvable_files(source))


def apply_to_files(reading: Reading, parent: Source, change: Change, *, new_files: bool = False) -> Source:
    """Applies an answer to a folder.

    Args:
        reading: Of the whole answer.
        change: Applies a part of it to one file.
        new_files: Whether it may add files.

    Raises:
        PatchError: With a message that can be sent back to the model; it names the file.
    """
    paths = Paths(parent, new_files=new_files)
    lines = reading.text.split("\n")
    if reading.blocks:
        parts = _edits(reading.blocks, lines, parent, paths)
        if new_files:
            _add_whole_new_files(parts, reading, lines, paths)
    elif reading.diff is not None:
        parts = _hunks(reading.diff.lines, paths)
    else:
        parts = _whole_files(reading.fenced, lines, parent, paths)
    changed: dict[str, str] = {}
    unchanged: PatchError | None = None
    for path, texts in parts.texts.items():
        file = paths.file(path)
        try:
            changed[path] = change("\n".join(texts), file)
        except PatchError as error:
            if error.reason != "nothing_changed":
                raise PatchError(error.reason, f"{path}: {error}") from error
            unchanged = error
    if not changed:
        if unchanged is not None:
            raise unchanged
        raise PatchError("no_block_found", f"the answer holds no edit of {paths.all()}; {HOW}")
    child = parent.with_texts(lambda file: changed.get(file.path, file.text))
    for path in filter(paths.is_new, changed):
        file = new_file(path, child)  # also beside the new files before it
        child = Source.folder([*child.files, replace(file, text=marked(file, changed[path], parent))])
    return child


def _edits(blocks: Sequence[Block], lines: Sequence[str], parent: Source, paths: Paths) -> _Parts:
    parts = _Parts()
    last: str | None = None
    for number, block in enumerate(blocks, start=1):
        path = paths.named(lines, block.first)
        if path is None:
            path = _where_found(block, f"SEARCH block {number} of {len(blocks)}", parent, paths, last)
        paths.expect_evolvable(path)
        if paths.is_new(path) and _searches(block):
            paths.refuse(path)
        last = path
        parts.add(path, "\n".join(lines[block.first : block.last + 1]))
    return parts


def _searches(block: Block) -> bool:
    return any(line.strip() for reading in block.readings for line in reading.search)


def _add_whole_new_files(parts: _Parts, reading: Reading, lines: Sequence[str], paths: Paths) -> None:
    """New files that stand in fences beside the edits of others."""
    for fenced in reading.fenced:
        if any(fenced.first <= block.last and block.first <= fenced.last for block in reading.blocks):
            continue
        path = paths.named(lines, fenced.first)
        if path is not None and paths.is_new(path):
            parts.add(path, _whole(fenced, path, fenced.body))


def _where_found(block: Block, which: str, parent: Source, paths: Paths, last: str | None) -> str:
    """The file of a block that names none: the only one that its search stands in."""
    if not _searches(block):
        found = list(paths.evolvable)
    else:
        found = [file.path for file in evolvable_files(parent) if _fits(block, file)]
    if len(found) == 1:
        return found[0]
    if last is not None and (last in found or not found):
        return last
    where = f"fits in {', '.join(found)}" if found else f"is in none of {paths.all()}"
    raise PatchError("search_ambiguous" if found else "search_not_found", f"{which} {where}; {HOW}")


def _fits(block: Block, file: SourceFile) -> bool:
    try:
        apply_edits(plain(file.text), [block.readings], file.language)
    except PatchError as error:
        # These say of a text that is there that it must not be changed like this.
        return error.reason not in ("search_not_found", "immutable_region_touched")
    return True


def _hunks(lines: Sequence[str], paths: Paths) -> _Parts:
    starts = [
        number
        for number in range(len(lines) - 1)
        if _OLD_FILE.match(lines[number]) and _NEW_FILE.match(lines[number + 1])
    ]
    parts = _Parts()
    if not starts:
        if len(paths.evolvable) != 1:
            raise PatchError("wrong_format", f"the diff does not say of which file it is; {HOW}")
        parts.add(paths.evolvable[0], _fenced("\n".join(lines), "diff"))
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        path = paths.of_diff(lines[start], lines[start + 1])
        paths.expect_evolvable(path)
        if paths.is_new(path):
            parts.add(path, _fenced(_all_added(lines[start + 2 : end], path, paths), ""))
        else:
            parts.add(path, _fenced("\n".join(lines[start:end]).rstrip("\n"), "diff"))
    return parts


def _all_added(hunks: Sequence[str], path: str, paths: Paths) -> str:
    """The file that a unified diff makes of nothing."""
    mine = itertools.takewhile(lambda line: not line.startswith("diff --git "), hunks)
    added = [line for line in mine if not line.startswith(("@@", "\\ "))]
    if any(line.startswith("-") or (line.startswith(" ") and line.strip()) for line in added):
        paths.refuse(path)
    return "\n".join(line[1:] for line in added).rstrip("\n")


def _whole_files(fenced: Sequence[Fenced], lines: Sequence[str], parent: Source, paths: Paths) -> _Parts:
    parts = _Parts()
    unnamed: list[Fenced] = []
    for block in fenced:
        path, body = paths.named(lines, block.first), block.body
        if path is None and (path := paths.in_first_line(body)) is not None:
            file = parent.find(path)
            first = body.split("\n", 1)[0]
            if file is not None and plain(file.text).split("\n", 1)[0].strip() != first.strip():
                body = body.split("\n", 1)[1]  # the line only says which file it is
        if path is None:
            unnamed.append(block)
            continue
        whole = _whole(block, path, body)
        if path not in paths.evolvable and _is_same(parent.find(path), body):
            continue  # shown once more
        paths.expect_evolvable(path)
        parts.add(path, whole)
    if not parts.texts and unnamed:
        path = _likely(unnamed[-1], parent, paths)
        parts.add(path, _fenced(unnamed[-1].body.removesuffix("\n"), unnamed[-1].info))
    return parts


def _whole(block: Fenced, path: str, body: str) -> str:
    """A whole file as an answer of its own."""
    if not block.closed:
        raise PatchError("truncated_answer", f"{path}: the code block is cut off: its closing fence is missing")
    return _fenced(body.removesuffix("\n"), block.info if block.language else "")


def _likely(block: Fenced, parent: Source, paths: Paths) -> str:
    """The file that a program without a path is: the only one, or the only one that defines what it defines."""
    if len(paths.evolvable) == 1:
        return paths.evolvable[0]
    names = defined_names(block.body)
    shared = {file.path: len(names & defined_names(file.text)) for file in evolvable_files(parent)}
    likely = [path for path, count in shared.items() if count]
    if len(likely) != 1:
        raise PatchError("several_programs", f"the answer does not say which of {paths.all()} it writes anew; {HOW}")
    return likely[0]


def _is_same(file: SourceFile | None, body: str) -> bool:
    return file is not None and not file.is_data and plain(file.text).strip() == body.strip()


def _fenced(text: str, info: str) -> str:
    fence = fence_for(text)
    return f"{fence}{info}\n{text}\n{fence}"
