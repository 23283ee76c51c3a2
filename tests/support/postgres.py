"""A PostgreSQL of the tests' own, started from whatever binaries the machine has."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """The folder with initdb and postgres, or None."""
    found = [Path(path).resolve().parent for name in ("initdb",) if (path := shutil.which(name))]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class Postgres:
    """A running cluster; `stop` and `start` let a test restart it."""

    def __init__(self, folder: Path, *options: str, host: str = "127.0.0.1") -> None:
        """Makes a cluster; options are settings as `fsync=on`, over those of the tests."""
        self.host = host
        found = binaries()
        assert found is not None
        self._binaries = found
        self._data = folder / "data"
        self._options = options
        with socket.socket() as probe:
            probe.bind((host, 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._user = "nobody" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", str(self._data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        if host != "127.0.0.1":
            with (self._data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\n")

    @property
    def url(self) -> str:
        return f"postgresql://tester@{self.host}:{self.port}/postgres"

    def start(self) -> None:
        command = [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        command += ["-c", f"listen_addresses={self.host}", "-c", "unix_socket_directories=", "-c", "fsync=off"]
        command += [word for option in self._options for word in ("-c", option)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as_user()
        )
        for _ in range(300):
            if (
                subprocess.run(
                    [str(self._binaries / "pg_isready"), "-q", "-h", self.host, "-p", str(self.port)]
                ).returncode
                == 0
            ):
                return
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # as pg_ctl does: without waiting for clients to leave
            self._process.wait(timeout=30)

    def create(self, database: str) -> None:
        """Makes a database of that name."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tester", database)

    def ask_password_of(self, user: str) -> None:
        """Lets this user in with a password only; all others need none."""
        rules = self._data / "pg_hba.conf"
        rule = f"host all {user} 127.0.0.1/32 scram-sha-256\n"
        if rule not in rules.read_text():
            rules.write_text(rule + rules.read_text())
            self._run("pg_ctl", "reload", "-D", str(self._data))
            time.sleep(0.3)

    def serve_tls(self) -> Path:
        """Lets it speak TLS too, from the next start on; returns the certificate that vouches for it."""
        key, certificate = self._data / "server.key", self._data / "server.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        key.chmod(0o600)
        for file in (key, certificate):
            if self._user:
                shutil.chown(file, self._user)
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write("ssl = on\n")
        return certificate

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / name), *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/", **self._as_user()
        )

    def _as_user(self) -> dict[str, object]:
        if not self._user:
            return {}
        entry = pwd.getpwnam(self._user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextmanager
def running_postgres(*options: str, host: str = "127.0.0.1") -> Iterator[Postgres]:
    """A started cluster that is gone afterwards.

    Args:
        options: Settings as `fsync=on`, over those of the tests.
        host: Address of this machine that it listens on, for all of its network.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(0o755)
    cluster = Postgres(folder, *options, host=host)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
