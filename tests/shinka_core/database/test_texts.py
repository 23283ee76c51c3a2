"""Whatever text comes to the database: it is stored, read back, and costs nobody anything."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shinka_core.database.texts import dump_json, load_json
from shinka_core.errors import ModelUnavailableError
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Failure, GenerationState, Purpose
from tests.shinka_core.database.test_programs import name, opened, program

BAD = ("half \ud800 of a pair", "the other \udcff", "NUL \x00 in it", "\x00", "\udfff\ud800")


async def test_bad_texts_are_stored_without_what_is_bad_and_their_neighbours_whole(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={"note": BAD[0], BAD[1]: 1})
        for number in range(len(BAD)):
            await db.journal.claim(number)
        await db.journal.claim(20)
        await db.journal.claim(21)
        question = Question(CallKey(20, Purpose.PROPOSAL, 0, 0), f"m{BAD[0]}", BAD[1], BAD[2], 1)
        outcomes = await asyncio.gather(
            *(
                db.add(
                    program(
                        number, 1.0, text_feedback=bad, error=bad, name=bad, description=bad, diff=bad,
                        public_metrics={bad: [bad, {bad: bad}]}, private_metrics={"k": (bad, {"n": float("nan")})},
                    ),
                    None,
                )
                for number, bad in enumerate(BAD)
            ),
            db.calls.answered(question, Answer(f"good {BAD[2]}", "m")),
            db.calls.failed(question, ModelUnavailableError(BAD[0]), 0.0, 0.0),
            db.journal.write(20, GenerationState.EVALUATED, 0, 0, {"error": BAD[0], "k": {(1, 2): {3}}}, 0.0),
            db.journal.fail(21, Failure("patch", "bad", BAD[2])),
            return_exceptions=True,
        )  # fmt: skip
        assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
    async with opened(tmp_path, database_url) as db:
        await db.resume(run)
        for number, bad in enumerate(BAD):
            found = await db.by_generation(number)
            assert found is not None
            for value in (found.text_feedback, found.error, json.dumps(found.public_metrics, ensure_ascii=False)):
                value.encode()
                assert "\x00" not in value
            if "half" in bad:
                assert found.text_feedback == "half ? of a pair"
        answer = await db.calls.find(question.key)
        assert answer is not None
        assert answer.text == "good NUL  in it"
        assert (await db.journal.claim(20)).find(GenerationState.EVALUATED, 0, 0) == {
            "error": "half ? of a pair",
            "k": {"(1, 2)": [3]},
        }


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"a": [1, 2.5, None, True, "x"]}, None),
        ({"emoji": "😀", "kana": "日本語", "escape": "\\u0000 and \\ud800 as words"}, None),
        ({"nan": float("nan"), "inf": [float("inf"), -float("inf")]}, {"nan": None, "inf": [None, None]}),
        ({1: "one", (2, 3): "tuple", None: "none"}, {"1": "one", "(2, 3)": "tuple", "None": "none"}),
        ({"path": Path("/x"), "set": frozenset([1])}, {"path": "/x", "set": [1]}),
        ({"half\ud800": "\udcff", "nul\x00": "\x00"}, {"half?": "?", "nul": ""}),
        ([], None),
    ],
)
def test_json_comes_back_as_what_json_has_words_for(value: Any, stored: Any) -> None:
    assert load_json(dump_json(value)) == (value if stored is None else stored)


async def test_rows_of_before_that_hold_bad_texts_are_read_without_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
        await db.add(program(0), None)
        async with db._engine.begin() as connection:
            await connection.execute(
                text("UPDATE program_texts SET public_metrics = :m"), {"m": '{"n": "\\udcff\\u0000x"}'}
            )
        found = await db.by_generation(0)
        assert found is not None
        assert found.public_metrics == {"n": "?x"}
