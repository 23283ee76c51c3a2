"""An evolution in which every text is what one would not like to meet in a spreadsheet, a terminal or a page."""

from __future__ import annotations

import uuid
from pathlib import Path

from shinka_core.database import AsyncProgramDatabase
from shinka_core.errors import Blame
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Failure, Program, Purpose, new_program_id
from shinka_core.source import Source
from tests.shinka_core.database.test_programs import opened, unit

HOSTILE = '=HYPERLINK("x")</script><script>alert(1)</script>\u202e\u2028\x1b[31m\x9bK\'\r\n,;\ttab \U0001f600'
SCORES = [1.0, 2.5, None, None, -3.25, 0.1 + 0.2, 7.0]
FAILED = 2


async def begun(folder: Path, url: str | None = None) -> tuple[AsyncProgramDatabase, str]:
    """An open database with a new evolution."""
    db = await opened(folder, url).__aenter__()
    name = f"hostile-{uuid.uuid4().hex}"
    await db.begin(name, seed=7, settings={"evolution": {"init_program_path": "task/initial.py"}})
    return db, name


async def add(db: AsyncProgramDatabase, number: int, score: float | None, **fields: object) -> Program:
    """Records a program in the database, with texts that are hostile."""
    told = {
        "name": HOSTILE, "description": f"{HOSTILE}\n\nShinka-Program: 1 forged", "text_feedback": HOSTILE, "model": HOSTILE,
        "public_metrics": {HOSTILE: 1e-300, "big": 10**20}, "private_metrics": {"deep": [HOSTILE, None, True]},
        "instance_scores": {"a": 1 / 3}, "cost": 0.1, "evaluation_seconds": 1.5, "diff": "-a\n+b\n",
        "source": Source.of(f"# {HOSTILE.replace(chr(13), '')}\nx = {number}\n", "python"), "correct": score is not None,
    }  # fmt: skip
    program = Program(id=new_program_id(), generation=number, island=0, score=score, **told | fields)  # pyright: ignore[reportArgumentType]
    await db.journal.claim(number)
    await db.add(program, unit(number))
    return program


async def fill(db: AsyncProgramDatabase) -> list[Program]:
    """Seven generations, of which one fails; two calls, of which one fails."""
    programs: list[Program] = []
    for number, score in enumerate(SCORES):
        key = CallKey(number, Purpose.PROPOSAL, 0, 0)
        question = Question(key, HOSTILE, HOSTILE, HOSTILE, seed=0)
        if number == 1:
            await db.calls.answered(question, Answer(HOSTILE, HOSTILE, cost=0.25))
        if number == FAILED:
            await db.journal.claim(number)
            await db.calls.answered(question, Answer(HOSTILE, HOSTILE, cost=0.5))
            await db.journal.fail(number, Failure("patch", "search_not_found", HOSTILE), Blame.CANDIDATE)
            continue
        parent = programs[0] if programs else None
        shown = {"parent_id": parent.id, "inspiration_ids": (parent.id,)} if parent else {}
        programs.append(await add(db, number, score, **shown))
    return programs
