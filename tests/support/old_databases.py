"""Databases of earlier versions, from tests/assets/databases."""

from __future__ import annotations

import gzip
from pathlib import Path

import asyncpg

from tests.shinka_core.database.fresh import fresh_database
from tests.support.prefect import ROOT

FOLDER = ROOT / "tests" / "assets" / "databases"
REVISIONS = ("0001", "0004")


def text_of(revision: str, kind: str) -> bytes:
    """The unpacked file: of `sqlite`, or the statements of `sql`."""
    return gzip.decompress((FOLDER / f"{revision}.{kind}.gz").read_bytes())


async def old_database(revision: str, folder: Path, cluster: str | None) -> str:
    """A copy of an old database; returns its `db_path`.

    Args:
        cluster: A PostgreSQL, or None for a SQLite file in the folder.
    """
    if cluster is None:
        file = folder / f"{revision}.sqlite"
        file.write_bytes(text_of(revision, "sqlite"))
        return str(file)
    url = await fresh_database(cluster)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(text_of(revision, "sql").decode())
    finally:
        await connection.close()
    return url
