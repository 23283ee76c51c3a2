"""Rows that are read page by page, so that no read holds a connection for long or all rows at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.store import Store


async def rows_of(store: Store, query: Select[Any], key: Any, after: int, at_once: int) -> AsyncIterator[Any]:
    """The rows of a query in the order of a key, those too that are stored while it is read.

    Args:
        key: A column that the query selects, whose values grow.
        after: Only rows with a larger key.
        at_once: Rows of a page.
    """
    async for page in pages(store, query, key, after, at_once):
        for row in page:
            yield row


async def pages(store: Store, query: Select[Any], key: Any, after: int, at_once: int) -> AsyncIterator[list[Any]]:
    """The same, page by page."""
    last = after
    while rows := await _page(store, query.where(key > last).order_by(key).limit(at_once)):
        yield rows
        last = rows[-1]._mapping[key.key]


async def _page(store: Store, page: Select[Any]) -> list[Any]:
    async def read(connection: AsyncConnection) -> list[Any]:
        return list(await connection.execute(page))

    return await store.read(read)
