"""Databases in the tests' own cluster in which nothing has ever been created."""

from __future__ import annotations

import uuid

import asyncpg


async def fresh_database(cluster: str) -> str:
    """The URL of a new one."""
    name = f"new_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(cluster)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{cluster.rsplit('/', 1)[0]}/{name}"
