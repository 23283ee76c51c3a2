"""Tables as JSON, an object a line: what is read back is what is in the record, to the last bit and character.

Everything outside of ASCII is written as an escape: no text ends a line, moves a terminal, or is lost for being half a
character.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from shinka_core.database import EvolutionReader
from shinka_core.exports.new_files import appearing
from shinka_core.exports.order import Order, Written
from shinka_core.exports.tables import NAMES, Table, tables_of


async def write(reader: EvolutionReader, order: Order) -> Written:
    """Writes `programs.jsonl`, `lineage.jsonl`, `calls.jsonl` and `generations.jsonl`.

    Raises:
        ConfigError: They cannot be written there.
        DatabaseError: The record cannot be read.
    """
    counts: dict[str, int] = {}
    with appearing(order.folder, [f"{name}.jsonl" for name in NAMES], overwrite=order.overwrite) as places:
        for table in tables_of(reader, texts=order.texts):
            with places[f"{table.name}.jsonl"].open("w", encoding="ascii", newline="\n") as file:
                counts[table.name] = 0
                async for row in table.rows():
                    file.write(line_of(table, row) + "\n")
                    counts[table.name] += 1
    return Written(order.folder, counts)


def line_of(table: Table, row: tuple[Any, ...]) -> str:
    """A row as an object."""
    return json.dumps(dict(zip(table.columns, row, strict=True)), allow_nan=False, default=_in_words)


def _in_words(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
