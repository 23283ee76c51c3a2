"""The history of the best as a git repository: a commit for each program that was better than all before it.

A commit has the program's files and nothing else. The last lines of its message say which program of which evolution it
is: a later export finds there how far an earlier one came, and only adds what is new.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shinka_core.costs import UNKNOWN
from shinka_core.database import EvolutionReader
from shinka_core.database.records import ProgramRecord
from shinka_core.edit.languages import EXTENSIONS
from shinka_core.errors import ConfigError
from shinka_core.exports.new_files import make_folder, refused, take_back
from shinka_core.exports.order import Order, Written
from shinka_core.exports.repository import BRANCH, Commit, Repository
from shinka_core.exports.shown import one_line, prose
from shinka_core.exports.tables import moment
from shinka_core.source import Source

SUBJECT, LONGEST_NAME = 100, 60
MARK = "Shinka-Program"


@dataclass(frozen=True, slots=True)
class _Tip:
    """How far an earlier export came."""

    sequence: int
    program: str


async def write(reader: EvolutionReader, order: Order) -> Written:
    """Makes the repository in the folder, or adds to the one that an earlier export of this evolution made there.

    Raises:
        ConfigError: There is no git, the folder holds something else, or no program is correct yet.
        DatabaseError: The record cannot be read.
    """
    folder = order.folder.absolute()
    if (folder / ".git").exists():
        return await _continued(reader, Repository(folder))
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(
                f"{str(folder)!r} is not empty and no repository of an earlier export; name another folder (--out)"
            )
        made = make_folder(folder.parent)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise refused(folder, error) from error
    try:
        repository = Repository(new)
        await repository.make()
        count = await repository.add(_commits(reader, None), onto=False)
        if not count:
            raise ConfigError(f"{reader.name!r} has no correct program yet, so there is no history of the best")
        with suppress(FileNotFoundError):
            folder.rmdir()
        new.replace(folder)
        made = []
    except OSError as error:
        raise refused(folder, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        take_back(made)
    return Written(folder, {"commits": count})


async def _continued(reader: EvolutionReader, repository: Repository) -> Written:
    folder = str(repository.folder)
    tip = _read(await repository.tip() or "")
    if tip is None:
        raise ConfigError(
            f"the branch {BRANCH} of {folder!r} ends with no commit of an export; name another folder (--out)"
        )
    known = await anext(aiter(reader.programs(after=tip.sequence - 1)), None)
    if known is None or (known.sequence, known.id) != (tip.sequence, tip.program):
        raise ConfigError(
            f"{folder!r} holds the history of another evolution than {reader.name!r}; name another (--out)"
        )
    if await repository.branch() != BRANCH:
        raise ConfigError(f"{folder!r} has another branch checked out than {BRANCH}; `git switch {BRANCH}` there first")
    if changes := await repository.changes():
        raise ConfigError(
            f"{folder!r} has changes that are in no commit ({len(changes.splitlines())} files); commit them to a branch of "
            "your own, or name another folder (--out)"
        )
    return Written(repository.folder, {"new commits": await repository.add(_commits(reader, tip), onto=True)})


async def _commits(reader: EvolutionReader, tip: _Tip | None) -> AsyncIterator[Commit]:
    """One for each program that is better than all before it, after that of the tip."""
    settings = await reader.settings()
    suffix = Path(str(settings.get("evolution", {}).get("init_program_path", ""))).suffix
    best: ProgramRecord | None = None
    async for record in reader.programs(columns=("description",)):
        if not record.correct or record.score is None or (best and record.score <= (best.score or 0.0)):
            continue
        if tip is None or record.sequence > tip.sequence:
            source = await reader.source(record.id)
            message = _message(reader.name, record, best)
            yield Commit(message, int(moment(record.created_at).timestamp()), _files(source, suffix))
        best = record


def _files(source: Source, suffix: str) -> dict[str, bytes]:
    if not source.single:
        return {file.path: file.content for file in source.files}
    extensions = EXTENSIONS.get(source.language, (suffix or ".txt",))
    return {f"main{suffix if suffix in extensions else extensions[0]}": source.files[0].content}


def _message(evolution: str, record: ProgramRecord, before: ProgramRecord | None) -> str:
    name = one_line(record.name, LONGEST_NAME) or f"generation {record.generation}"
    gain = "" if before is None else f" (+{(record.score or 0.0) - (before.score or 0.0):.4g})"
    told = {
        "Score": repr(record.score),
        "Generation": str(record.generation),
        "Island": str(record.island),
        "Operator": one_line(record.patch_type or "", SUBJECT),
        "Model": one_line(record.model, SUBJECT),
        "Cost": UNKNOWN if record.cost is None else f"${record.cost:.6f}" if record.cost else "",
        "Evolution": one_line(evolution, 500),
        MARK: f"{record.sequence} {record.id}",
    }
    parts = [f"{name}: {record.score:.10g}{gain}"[: SUBJECT + LONGEST_NAME], prose(record.texts["description"]).strip()]
    return (
        "\n\n".join([*filter(None, parts), "\n".join(f"{key}: {value}" for key, value in told.items() if value)]) + "\n"
    )


def _read(message: str) -> _Tip | None:
    """What the last line of a message says; whatever a program says of itself stands before it."""
    key, _, value = message.rstrip("\n").rpartition("\n")[2].partition(": ")
    sequence, _, program = value.partition(" ")
    return _Tip(int(sequence), program) if key == MARK and sequence.isdecimal() and program else None
