"""A real Slurm on this machine, for as long as a block lasts: munged, slurmctld and two nodes, on ports of their own.

`why_not` says what is missing where it cannot be started.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
SOON = 30.0


def why_not() -> str:
    """Why there can be none here; "" if there can."""
    missing = [name for name in DAEMONS if shutil.which(name, path=_path()) is None]
    if missing:
        return f"{', '.join(missing)} not installed (slurmctld, slurmd, slurm-client, munge)"
    return "" if os.geteuid() == 0 else "only root can start slurmd"


@dataclass
class Slurm:
    """A running one.

    Attributes:
        folder: Of its files.
        environment: That commands find it by.
        nodes: Their names.
    """

    folder: Path
    environment: dict[str, str]
    nodes: tuple[str, ...]

    def call(self, *words: str) -> str:
        """Calls one of its commands."""
        return subprocess.run(
            words, env=os.environ | self.environment, capture_output=True, text=True, check=True, timeout=SOON
        ).stdout


@contextmanager
def running(folder: Path, cpus: int = 2) -> Iterator[Slurm]:
    """Starts it, with two nodes of so many processors."""
    for name in ("spool", "state", "log"):
        (folder / name).mkdir(parents=True)
    os.chmod(folder, 0o755)
    control, first, second = _ports(3)
    nodes = ("node1", "node2")
    (folder / "slurm.conf").write_text(f"""
ClusterName=test
SlurmctldHost={socket.gethostname()}(127.0.0.1)
SlurmctldPort={control}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/slurmd.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=2
MinJobAge=60
SchedulerParameters=sched_interval=1,bf_interval=1
NodeName=node1 NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={first} CPUs={cpus} State=UNKNOWN
NodeName=node2 NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={second} CPUs={cpus} State=UNKNOWN
PartitionName=work Nodes=node1,node2 Default=YES MaxTime=60 OverSubscribe=NO State=UP
""")
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    os.chmod(folder / "munge.key", 0o400)
    slurm = Slurm(folder, {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": _path()}, nodes)
    with ExitStack() as stack:
        munge = [
            f"--{name}={folder}/munge.{name.replace('-file', '')}"
            for name in ("socket", "pid-file", "log-file", "seed-file")
        ]
        stack.enter_context(
            _daemon(slurm, "munged", "--foreground", "--force", f"--key-file={folder}/munge.key", *munge)
        )
        _until(lambda: (folder / "munge.socket").exists())
        stack.enter_context(_daemon(slurm, "slurmctld", "-D"))
        for node in nodes:
            stack.enter_context(_daemon(slurm, "slurmd", "-D", "-N", node))
        _until(lambda: slurm.call("sinfo", "--noheader", "--format=%T %D").split()[:2] == ["idle", "2"])
        yield slurm


@contextmanager
def _daemon(slurm: Slurm, *words: str) -> Iterator[None]:
    with (slurm.folder / "log" / f"{'-'.join(word.strip('-') for word in words[:1])}.out").open("ab") as log:
        process = subprocess.Popen(
            words,
            env=os.environ | slurm.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(happened: object) -> None:
    until = time.monotonic() + SOON
    while True:
        try:
            if happened():  # type: ignore[operator]
                return
        except subprocess.CalledProcessError:
            pass
        if time.monotonic() > until:
            raise TimeoutError("Slurm does not come up")
        time.sleep(0.1)


def _ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
