"""URLs of PostgreSQL as providers hand them out, against a real server; passwords come from where libpq has them."""

from __future__ import annotations

import shutil
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.errors import DatabaseError
from tests.shinka_core.database.test_programs import name
from tests.support.postgres import Postgres, running_postgres

pytestmark = pytest.mark.postgres


async def use(url: str) -> dict[str, str]:
    """Begins an evolution there, and says how the session was set up."""
    async with AsyncProgramDatabase(DatabaseConfig(db_path=url)) as db:
        await db.begin(name(), seed=7, settings={})
        await db.journal.claim(1)
        async with db._engine.connect() as connection:
            return {
                setting: str((await connection.execute(text(f"SHOW {setting}"))).scalar())
                for setting in ("work_mem", "application_name", "search_path")
            } | {"user": str((await connection.execute(text("SELECT current_user"))).scalar())}


@pytest.mark.parametrize(
    "query",
    [
        "sslmode=disable",
        "sslmode=prefer",
        "sslmode=allow&connect_timeout=5",
        "ssl=false",
        "channel_binding=prefer&gssencmode=disable&keepalives=1",
        "pgbouncer=true",
        "statement_cache_size=0",
        "target_session_attrs=any",
    ],
)
async def test_what_asks_for_nothing_special_works(postgres: Postgres, query: str) -> None:
    await use(f"{postgres.url}?{query}")
    await use(f"{postgres.url.replace('postgresql:', 'postgresql+psycopg2:')}?{query}")


async def test_settings_of_the_session_reach_the_server(postgres: Postgres) -> None:
    session = await use(f"{postgres.url}?options=-c%20work_mem%3D7MB&application_name=my+runs&schema=public")
    assert (session["work_mem"], session["application_name"], session["search_path"]) == ("7MB", "my runs", "public")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sslmode=require", "rejected SSL upgrade"),
        ("sslmode=nonsense", "sslmode"),
        ("colour=blue", "colour"),
        ("target_session_attrs=sometimes", "target_session_attrs"),
    ],
)
async def test_what_the_server_does_not_have_is_told_in_one_line(postgres: Postgres, query: str, told: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        await use(f"{postgres.url}?{query}")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("postgres")
@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate with")
@pytest.mark.slow
async def test_a_server_with_tls() -> None:
    with running_postgres() as own:
        certificate = own.serve_tls()
        own.stop()
        own.start()
        for query in (
            "sslmode=require",
            "ssl=true",
            "sslmode=require&channel_binding=require",
            f"sslmode=verify-full&sslrootcert={certificate}",
        ):
            await use(f"{own.url}?{query}")
        with pytest.raises(DatabaseError, match=r"root\.crt|verify failed") as caught:
            await use(f"{own.url}?sslmode=verify-full")
        assert "\n" not in str(caught.value)


async def test_a_database_or_user_that_is_not_there_is_told_in_one_line(postgres: Postgres) -> None:
    with pytest.raises(DatabaseError, match='"nowhere" does not exist'):
        await use(postgres.url.replace("/postgres", "/nowhere"))
    with pytest.raises(DatabaseError, match="nobody_here"):
        await use(postgres.url.replace("tester@", "nobody_here@"))


async def test_a_host_that_swallows_everything_is_given_up_after_the_connect_timeout() -> None:
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(5)
        url = f"postgresql://me@127.0.0.1:{deaf.getsockname()[1]}/db?connect_timeout=1"
        with pytest.raises(DatabaseError, match="no connection within 1 seconds"):
            await use(url)


@pytest.fixture
async def guarded(postgres: Postgres) -> str:
    """A URL whose user has a password that is asked for."""
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("DROP OWNED BY guarded" if await _has_user(connection) else "SELECT 1")
    await connection.execute("DROP ROLE IF EXISTS guarded")
    await connection.execute("CREATE ROLE guarded SUPERUSER LOGIN PASSWORD 'p%40ss word'")
    await connection.close()
    postgres.ask_password_of("guarded")
    return postgres.url.replace("tester@", "guarded@")


async def _has_user(connection: asyncpg.Connection) -> bool:
    return bool(await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'guarded'"))


async def test_passwords(guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    with pytest.raises(DatabaseError, match="password") as caught:
        await use(guarded)
    assert "\n" not in str(caught.value)

    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(DatabaseError, match="password authentication failed"):
        await use(guarded)
    monkeypatch.setenv("PGPASSWORD", "p%40ss word")
    assert (await use(guarded))["user"] == "guarded"
    monkeypatch.delenv("PGPASSWORD")

    passfile = tmp_path / ".pgpass"
    passfile.write_text("*:*:*:guarded:p%40ss word\n")
    passfile.chmod(0o600)
    assert (await use(guarded))["user"] == "guarded"
    passfile.unlink()

    assert (await use(guarded.replace("guarded@", "guarded:p%2540ss%20word@")))["user"] == "guarded"
    assert (await use(f"{guarded}?password=p%2540ss%20word"))["user"] == "guarded"
