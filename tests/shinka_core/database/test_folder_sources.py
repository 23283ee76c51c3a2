"""Programs of several files in the database: whole again, and no file stored twice."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

from shinka_core.database import values
from shinka_core.database.reader import EvolutionReader
from shinka_core.program import Candidate, GenerationState
from shinka_core.source import Source
from tests.shinka_core.database.test_programs import opened, program
from tests.shinka_core.database.test_steps import rows
from tests.support.folders import CURVE, RULES, package

RUN = "folders"


async def test_a_folder_comes_back_as_it_was_and_its_files_are_stored_once(
    tmp_path: Path, database_url: str | None
) -> None:
    run, mark = f"{RUN}-{uuid.uuid4().hex}", f"# {uuid.uuid4().hex}\n"
    first = package(main=mark)
    second = package(main=mark, curve=CURVE.replace("2.0", "3.0") + mark)
    candidate = Candidate(package(main=mark, rules=RULES + mark), "n", "d", "+x")
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        seed = program(0, source=first)
        await db.journal.claim(0)
        await db.add(seed, None)
        await db.add(program(1, source=second, parent=seed), None)
        await db.journal.claim(2)
        await db.journal.write(2, GenerationState.PATCHED, 0, 0, values.dump_candidate(candidate), 0.1)
        stored = (await db.journal.claim(2)).find(GenerationState.PATCHED, 0, 0)
        assert stored is not None
        assert values.load_candidate(stored) == candidate
        data = first.find("table.bin")
        assert data is not None
        alone = Source((replace(data, path=""),)).digest
        assert await rows(db, "SELECT path, text FROM sources WHERE digest = :d", d=alone) == [("", data.text)]
        folder = await rows(db, "SELECT path, text FROM sources WHERE digest = :d ORDER BY position", d=second.digest)
        assert [path for path, _ in folder] == [file.path for file in second.files]
        assert dict(folder)["table.bin"] == alone
        assert all(len(text) == 64 for _, text in folder), "files are named and not stored again"
        assert (await db.scored(second.key)) is not None
    async with opened(tmp_path, database_url) as db:
        await db.resume(run)
        assert [(await db.by_generation(number)).source for number in (0, 1)] == [first, second]  # type: ignore[union-attr]
    where = database_url or str(tmp_path / "e.sqlite")
    async with EvolutionReader.open(where, run) as reader:
        found = [record.id async for record in reader.programs()]
        assert [await reader.source(one) for one in found] == [first, second]
        (step,) = [step for step in await reader.steps(2) if step.step == GenerationState.PATCHED]
        assert values.load_candidate(step.payload) == candidate
