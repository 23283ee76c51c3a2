"""Tables: what is read back is what the database holds, whatever was written into it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shinka_core.database import EvolutionReader
from shinka_core.errors import ConfigError
from shinka_core.exports import jsonl
from shinka_core.exports.csv import QUOTE, cell
from shinka_core.exports.forms import FORMS
from shinka_core.exports.order import Order
from shinka_core.exports.tables import NAMES, Kind, Table, tables_of
from tests.shinka_core.database.fresh import fresh_database
from tests.support.folding import RUN
from tests.support.hostile import HOSTILE, SCORES, begun, fill
from tests.support.postgres import Postgres
from tests.support.prefect import ROOT
from tests.support.runs import Records

NUMBERS = "SELECT sequence, generation, score, correct, cost, evaluation_seconds FROM programs WHERE evolution = "


async def rows_of(reader: EvolutionReader) -> dict[str, list[dict[str, Any]]]:
    """All tables as the reader has them."""
    return {
        table.name: [dict(zip(table.columns, row, strict=True)) async for row in table.rows()]
        for table in tables_of(reader, texts=True)
    }


def told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


async def test_json_lines_hold_the_record_exactly(tmp_path: Path, database_url: str | None) -> None:
    db, name = await begun(tmp_path, database_url)
    async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", name) as reader:
        programs = await fill(db)
        written = await FORMS["jsonl"](reader, Order(tmp_path / "out", texts=True))
        expected = await rows_of(reader)
    await db.__aexit__()
    assert written.counts == {"programs": 6, "lineage": 6, "calls": 2, "generations": 7}
    for table in NAMES:
        content = (tmp_path / "out" / f"{table}.jsonl").read_bytes()
        assert content.isascii()
        assert b"\x1b" not in content
        read = [json.loads(line) for line in content.splitlines()]
        assert read == [{column: told(value) for column, value in row.items()} for row in expected[table]]
    tables = {table: [json.loads(line) for line in (tmp_path / "out" / f"{table}.jsonl").open()] for table in NAMES}
    if database_url is None:
        stored = Records(tmp_path)
        (tmp_path / "evolution.sqlite").symlink_to(tmp_path / "e.sqlite")
    else:
        stored = Records(tmp_path, database_url)
    numbers = ("sequence", "generation", "score", "correct", "cost", "evaluation_seconds")
    query = f"{NUMBERS}'{name}' ORDER BY sequence"
    rows = await stored._fetch(query) if database_url else stored(query)
    assert [tuple(row[column] for column in numbers) for row in tables["programs"]] == rows
    assert [row["code"] for row in tables["programs"]] == [program.code for program in programs]
    assert tables["programs"][1]["name"] == HOSTILE
    assert tables["programs"][1]["private_metrics"] == {"deep": [HOSTILE, None, True]}
    assert tables["lineage"][1]["inspirations"] == [programs[0].id]
    assert [row["answer"] for row in tables["calls"]] == [HOSTILE, HOSTILE]
    assert [row["failure_detail"] for row in tables["generations"]] == [None, None, HOSTILE, *[None] * 4]
    moment = datetime.fromisoformat(tables["programs"][0]["created_at"])
    assert moment.tzinfo == UTC
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 600


def test_json_lines_keep_what_no_database_stores() -> None:
    table = Table("one", {"text": Kind.TEXT}, lambda: pytest.fail("not read"))
    assert json.loads(jsonl.line_of(table, ("half \ud800, NUL \x00",))) == {"text": "half \ud800, NUL \x00"}


async def test_a_spreadsheet_is_given_no_formula_and_every_number(tmp_path: Path) -> None:
    db, name = await begun(tmp_path)
    await fill(db)
    await db.__aexit__()
    async with EvolutionReader.open(tmp_path / "e.sqlite", name) as reader:
        await FORMS["csv"](reader, Order(tmp_path / "out", texts=True))
        expected = await rows_of(reader)
    for table in NAMES:
        with (tmp_path / "out" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            read = list(csv.DictReader(file))
        assert len(read) == len(expected[table])
        for row, kept in zip(read, expected[table], strict=True):
            for column, value in kept.items():
                assert row[column].startswith("=") is False
                if isinstance(value, str):
                    assert row[column].removeprefix(QUOTE) == value
                elif isinstance(value, float):
                    assert float(row[column]) == value
                elif isinstance(value, dict | list):
                    assert json.loads(row[column]) == value
    scores = [row["score"] for row in csv.DictReader((tmp_path / "out" / "programs.csv").open(newline=""))]
    assert scores == ["" if score is None else repr(score) for number, score in enumerate(SCORES) if number != 2]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\tx", "\rx", "＝1", "'quoted"])
def test_what_could_be_a_formula_is_a_text(text: str) -> None:
    assert cell(text, Kind.TEXT) == "'" + text
    assert cell("plain", Kind.TEXT) == "plain"
    assert cell(-1.5, Kind.NUMBER) == "-1.5"
    assert cell("\ud800 and \x00", Kind.TEXT) == "? and "


async def test_parquet_has_types_or_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, name = await begun(tmp_path)
    await fill(db)
    await db.__aexit__()
    async with EvolutionReader.open(tmp_path / "e.sqlite", name) as reader:
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "pyarrow", None)
            with pytest.raises(ConfigError, match=r"needs pyarrow: pip install 'shinka-prefect\[parquet\]'"):
                await FORMS["parquet"](reader, Order(tmp_path / "out"))
            assert not (tmp_path / "out").exists()
        parquet = pytest.importorskip("pyarrow.parquet")
        await FORMS["parquet"](reader, Order(tmp_path / "out", texts=True))
        expected = await rows_of(reader)
    for table in NAMES:
        read = parquet.read_table(tmp_path / "out" / f"{table}.parquet").to_pylist()
        assert len(read) == len(expected[table])
        for row, kept in zip(read, expected[table], strict=True):
            assert row == {
                column: json.dumps(value) if isinstance(value, dict | list) else value for column, value in kept.items()
            }


async def test_what_is_there_is_kept_until_one_says_otherwise(tmp_path: Path) -> None:
    db, name = await begun(tmp_path)
    await fill(db)
    await db.__aexit__()
    out = tmp_path / "out"
    out.mkdir()
    (out / "calls.csv").write_text("mine")
    (out / "notes.txt").write_text("mine too")
    async with EvolutionReader.open(tmp_path / "e.sqlite", name) as reader:
        with pytest.raises(ConfigError, match=r"already holds calls\.csv; .*--overwrite"):
            await FORMS["csv"](reader, Order(out))
        assert sorted(path.name for path in out.iterdir()) == ["calls.csv", "notes.txt"]
        await FORMS["csv"](reader, Order(out, overwrite=True))
        assert (out / "calls.csv").read_text().startswith("id,")
        assert (out / "notes.txt").read_text() == "mine too"
        with pytest.raises(ConfigError, match="name another folder"):
            await FORMS["csv"](reader, Order(out / "notes.txt"))
        assert not list(tmp_path.rglob(".export-*"))


async def test_an_export_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, name = await begun(tmp_path)
    await fill(db)
    await db.__aexit__()
    async with EvolutionReader.open(tmp_path / "e.sqlite", name) as reader:
        monkeypatch.setattr(EvolutionReader, "calls", lambda *_, **__: pytest.fail("broken off"))
        with pytest.raises(pytest.fail.Exception):
            await FORMS["jsonl"](reader, Order(tmp_path / "deep" / "out"))
    assert not (tmp_path / "deep").exists()


async def test_beside_a_run_that_goes_on(tmp_path: Path) -> None:
    await exported_beside(tmp_path, None)


@pytest.mark.slow
@pytest.mark.postgres
async def test_beside_a_run_on_postgres(tmp_path: Path, postgres: Postgres) -> None:
    await exported_beside(tmp_path, await fresh_database(postgres.url))


async def exported_beside(tmp_path: Path, url: str | None) -> None:
    """Exports in every form while another process writes, which goes on with it."""
    options = {"database": url or "e.sqlite", "folder": str(tmp_path), "settings": {"num_islands": 1}, "seed": 3}
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.support.folding", json.dumps(options)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    try:
        for _ in range(8):
            writer.stdout.readline()
        counts = []
        async with EvolutionReader.open(url or tmp_path / "e.sqlite", RUN) as reader:
            for number, form in enumerate(("jsonl", "shinka", "git", "git", "jsonl")):
                folder = tmp_path / (form if form == "git" else f"{form}{number}")
                counts.append((await FORMS[form](reader, Order(folder))).counts)
        first, last = counts[0]["programs"], counts[-1]["programs"]
        assert first <= counts[1]["programs"] <= last
        rows = [json.loads(line) for line in (tmp_path / "jsonl4" / "programs.jsonl").open()]
        assert [row["sequence"] for row in rows] == list(range(1, last + 1))
        # It is still the writer's: it goes on past what was read.
        while int(json.loads(writer.stdout.readline())["key"].split()[0]) <= last:
            pass
    finally:
        writer.kill()
        writer.communicate()
