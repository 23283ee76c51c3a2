"""Programs by their text, so that one that was scored already is known before anything is spent on it again."""

from __future__ import annotations

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import IslandMemberRow, ProgramRow
from shinka_core.database.store import Store
from shinka_core.program import Program
from shinka_core.source import Source

# Rows that are taken up in one go.
AT_ONCE = 200


class Twins:
    """Ids of the recorded programs of one evolution by `Source.key`; read when the first is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._evolution = ""
        self._keys: dict[str, list[str]] | None = None
        self._loading: asyncio.Lock = asyncio.Lock()
        self._since: list[Program] = []

    def bind(self, evolution: str) -> None:
        """Says whose programs these are."""
        self._evolution = evolution

    def saw(self, program: Program) -> None:
        """Takes up a program that was just recorded."""
        if self._keys is not None:
            _add(self._keys, program.id, program.code, program.language)
        elif self._loading.locked():
            self._since.append(program)

    async def of(self, key: str, island: int | None) -> str | None:
        """Id of the first program with that text, on that island if one is named; None when there is none."""
        async with self._loading:
            if self._keys is None:
                self._keys = await self._load()
                for program in self._since:
                    _add(self._keys, program.id, program.code, program.language)
                self._since.clear()
        ids = self._keys.get(key, [])
        if not ids or island is None:
            return ids[0] if ids else None
        query = select(IslandMemberRow.program_id).where(
            IslandMemberRow.evolution == self._evolution,
            IslandMemberRow.island == island,
            IslandMemberRow.program_id.in_(ids),
        )

        async def read(connection: AsyncConnection) -> set[str]:
            return {program_id for (program_id,) in await connection.execute(query)}

        here = await self._store.read(read)
        return next((program_id for program_id in ids if program_id in here), None)

    async def _load(self) -> dict[str, list[str]]:
        keys: dict[str, list[str]] = {}
        query = (
            select(ProgramRow.id, ProgramRow.code, ProgramRow.language)
            .where(ProgramRow.evolution == self._evolution)
            .order_by(ProgramRow.sequence)
        )

        async def read(connection: AsyncConnection) -> None:
            async for part in (await connection.stream(query)).partitions(AT_ONCE):
                for program_id, code, language in part:
                    _add(keys, program_id, code, language)

        await self._store.read(read)
        return keys


def _add(keys: dict[str, list[str]], program_id: str, code: str, language: str) -> None:
    ids = keys.setdefault(Source.of(code, language).key, [])
    if program_id not in ids:
        ids.append(program_id)
