"""Tables as comma-separated values that a spreadsheet takes for values, whatever a program or a model wrote into them.

Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula. Such a text gets an apostrophe before it, and
so does one that begins with an apostrophe: who reads the file back takes one away. Numbers stay as they are.
"""

from __future__ import annotations

import csv
import json
from datetime import datetime
from typing import Any

from shinka_core.database import EvolutionReader
from shinka_core.exports.new_files import appearing
from shinka_core.exports.order import Order, Written
from shinka_core.exports.tables import NAMES, Kind, tables_of
from shinka_core.storable import storable

# In the wide form that some spreadsheets understand as well, and what comes before a formula unseen.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
QUOTE = "'"


async def write(reader: EvolutionReader, order: Order) -> Written:
    """Writes `programs.csv`, `lineage.csv`, `calls.csv` and `generations.csv`, UTF-8 with a row of names.

    Raises:
        ConfigError: They cannot be written there.
        DatabaseError: The record cannot be read.
    """
    counts: dict[str, int] = {}
    with appearing(order.folder, [f"{name}.csv" for name in NAMES], overwrite=order.overwrite) as places:
        for table in tables_of(reader, texts=order.texts):
            with places[f"{table.name}.csv"].open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(table.columns)
                counts[table.name] = 0
                async for row in table.rows():
                    writer.writerow(map(cell, row, table.columns.values()))
                    counts[table.name] += 1
    return Written(order.folder, counts)


def cell(value: Any, kind: Kind) -> str:
    """A value as it stands in its cell; None is an empty one."""
    if value is None:
        return ""
    match kind:
        case Kind.TEXT:
            text = storable(value)
            return QUOTE + text if text.startswith((*FORMULA, QUOTE)) else text
        case Kind.JSON:
            return json.dumps(value, allow_nan=False)
        case Kind.TRUTH:
            return "true" if value else "false"
        case Kind.TIME:
            assert isinstance(value, datetime)
            return value.isoformat()
        case Kind.WHOLE | Kind.NUMBER:
            return repr(value)
