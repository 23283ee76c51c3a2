"""Tables as Parquet files, by pyarrow (extra `parquet`): typed columns, read by whatever works with data frames."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from shinka_core.database import EvolutionReader
from shinka_core.errors import ConfigError
from shinka_core.exports.new_files import appearing
from shinka_core.exports.order import Order, Written
from shinka_core.exports.tables import NAMES, Kind, Row, Table, tables_of
from shinka_core.storable import storable

# Rows, and about so many characters, of one row group: what is held at once.
ROWS, CHARACTERS = 5_000, 16_000_000


async def write(reader: EvolutionReader, order: Order) -> Written:
    """Writes `programs.parquet`, `lineage.parquet`, `calls.parquet` and `generations.parquet`.

    Columns of JSON hold its text; times have microseconds and the zone UTC.

    Raises:
        ConfigError: The extra is not installed, or they cannot be written there.
        DatabaseError: The record cannot be read.
    """
    try:
        arrow: Any = import_module("pyarrow")
        arrow.parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError(
            "--to parquet needs pyarrow: pip install 'shinka-prefect[parquet]'; csv and jsonl need nothing more"
        ) from error
    counts: dict[str, int] = {}
    with appearing(order.folder, [f"{name}.parquet" for name in NAMES], overwrite=order.overwrite) as places:
        for table in tables_of(reader, texts=order.texts):
            counts[table.name] = await _write_table(arrow, table, places[f"{table.name}.parquet"])
    return Written(order.folder, counts)


async def _write_table(arrow: Any, table: Table, place: Path) -> int:
    types = {
        Kind.WHOLE: arrow.int64(),
        Kind.NUMBER: arrow.float64(),
        Kind.TRUTH: arrow.bool_(),
        Kind.TEXT: arrow.string(),
        Kind.TIME: arrow.timestamp("us", tz="UTC"),
        Kind.JSON: arrow.string(),
    }
    schema = arrow.schema([(name, types[kind]) for name, kind in table.columns.items()])
    count, size, rows = 0, 0, list[Row]()
    with arrow.parquet.ParquetWriter(place, schema, compression="zstd") as writer:

        def flush() -> None:
            columns = zip(*rows, strict=True) if rows else [()] * len(schema)
            arrays = [arrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))

        async for row in table.rows():
            rows.append(tuple(map(_value, row, table.columns.values())))
            count += 1
            size += sum(len(value) for value in rows[-1] if isinstance(value, str))
            if len(rows) == ROWS or size >= CHARACTERS:
                flush()
                size, rows = 0, []
        if rows or not count:
            flush()
    return count


def _value(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind is Kind.JSON:
        return json.dumps(value, allow_nan=False)
    return storable(value) if kind is Kind.TEXT else value
