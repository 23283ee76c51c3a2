"""Where a program database lies: a file of SQLite, or a URL of PostgreSQL as its tools and providers write them.

A path is taken to the letter, whatever characters are in it; only what has a `://` is a URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from shinka_core.errors import ConfigError

DEFAULT = "evolution.sqlite"
MEMORY = ":memory:"
REMEDY = "name a SQLite file or postgresql://user@host/database"

# Names that SQLAlchemy has for drivers: each means the database, which is opened with a driver of our choice.
_SQLITE = re.compile(r"sqlite(\+(aiosqlite|pysqlite))?")
_POSTGRES = re.compile(r"postgres(ql)?(\+(asyncpg|psycopg|psycopg2|psycopg_async|psycopg2cffi|pg8000))?")

# Seconds for connecting to a server, unless `connect_timeout` says otherwise.
CONNECT_TIMEOUT = 30.0
# What other clients understand and our driver has no use for. It cannot bind the password's proof to the
# channel (`channel_binding`), which providers ask for in every URL; `sslmode` holds without it.
_IGNORED = frozenset({
    "channel_binding", "client_encoding", "fallback_application_name", "gssencmode", "keepalives", "keepalives_count",
    "keepalives_idle", "keepalives_interval", "load_balance_hosts", "replication", "sslcompression", "sslsni",
    "tcp_user_timeout", "pool_timeout", "connection_limit", "pool_size", "max_overflow",
})  # fmt: skip
# How URLs say that a pooler stands before the server, so that prepared statements do not last.
_POOLED = {("pgbouncer", "true"), ("statement_cache_size", "0"), ("prepared_statement_cache_size", "0")}
_NAMES = {"ssl": "sslmode", "schema": "search_path"}
_SSL = {"true": "require", "1": "require", "false": "disable", "0": "disable"}


@dataclass(frozen=True, slots=True)
class Address:
    """One database.

    Attributes:
        file: Of SQLite, absolute; None for a server.
        dsn: Of a server, with what its driver understands; "" for a file. May hold a password.
        name: For messages; holds no password.
        connect_timeout: Seconds for connecting to a server.
        pooled: A pooler stands before the server.
    """

    name: str
    file: Path | None = None
    dsn: str = ""
    connect_timeout: float = CONNECT_TIMEOUT
    pooled: bool = False


def address_of(db_path: str | None, results_dir: Path) -> Address:
    """Reads the setting `db_path`.

    Args:
        results_dir: Where a relative path begins; one in a URL begins in the working directory.

    Raises:
        ConfigError: It names no database that could be opened.
    """
    text = db_path or DEFAULT
    if "://" not in text:
        return _file(text, text, results_dir)
    scheme, _, rest = text.partition("://")
    if _SQLITE.fullmatch(scheme.lower()):
        path, question, query = rest.partition("?")
        if question:
            raise ConfigError(
                f"db_path={text!r} ends in {'?' + query!r}: settings of SQLite are not taken from a URL, and a path "
                "with a question mark is written without sqlite:///; name the file"
            )
        if path and not path.startswith("/"):
            raise ConfigError(f"db_path={text!r} names a host; a file is sqlite:///relative or sqlite:////absolute")
        return _file(text, path[1:], Path.cwd())
    if _POSTGRES.fullmatch(scheme.lower()):
        return _server(text)
    raise ConfigError(f"db_path={hidden(text)!r} is neither SQLite nor PostgreSQL; {REMEDY}")


def _file(setting: str, path: str, folder: Path) -> Address:
    if not path or path == MEMORY or path.startswith("file:"):
        raise ConfigError(f"db_path={setting!r} names no file, so nothing would be left after the run; {REMEDY}")
    if "\x00" in path:
        raise ConfigError(f"db_path={setting!r} holds a NUL character; {REMEDY}")
    try:
        file = (folder / Path(path).expanduser()).absolute()
    except RuntimeError as error:
        raise ConfigError(f"db_path={setting!r}: {error}; name the file without ~") from error
    return Address(f"database {file}", file=file)


def _server(text: str) -> Address:
    try:
        url = urlsplit(text)
        if url.fragment:
            raise ValueError("a # is written %23 in it")
        query = parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
        _check_ports(url, dict(query))
        timeout = float(dict(query).get("connect_timeout") or CONNECT_TIMEOUT)
    except ValueError as error:
        raise ConfigError(f"db_path={hidden(text)!r} is no URL that can be read ({error}); {REMEDY}") from error
    kept = [
        (_NAMES.get(key, key), _SSL.get(value.lower(), value) if key == "ssl" else value)
        for key, value in query
        if key not in _IGNORED and key != "connect_timeout" and key not in dict(_POOLED)
    ]
    dsn = f"postgresql://{url.netloc}{url.path}" + ("?" + urlencode(kept, quote_via=quote) if kept else "")
    pooled = any((key, value.lower()) in _POOLED for key, value in query)
    return Address(f"database {hidden(text)}", dsn=dsn, connect_timeout=timeout if timeout > 0 else 60.0, pooled=pooled)


def _check_ports(url: SplitResult, query: dict[str, str]) -> None:
    hosts = url.netloc.rpartition("@")[2]
    ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts.split(",")]
    for port in [*ports, *query.get("port", "").split(",")]:
        if port and not (port.isdecimal() and 0 < int(port) < 65_536):
            raise ValueError(f"port {port!r} is no port")


def hidden(url: str) -> str:
    """A URL with its passwords left out."""
    url = re.sub(r"(://[^/?#@]*?):[^/?#]*@", r"\1:***@", url)
    return re.sub(r"([?&](?:ssl)?passw(?:or)?d=)[^&]*", r"\1***", url)
