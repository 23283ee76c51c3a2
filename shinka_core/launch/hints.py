"""What may be behind a failure that only the sandbox explains, and what to do about it.

Where a folder is empty or a connection is refused, the evaluator's own words do not say that it was our
doing. These sentences are added to them; they are guesses from the words, and say so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

READ_ONLY = re.compile(r"read-only file system|\bEROFS\b|Errno 30\b", re.IGNORECASE)
_NO_NETWORK = re.compile(
    r"network is unreachable|name resolution|name or service not known|could not resolve|nodename nor servname"
    r"|getaddrinfo|no route to host|max retries exceeded|ENETUNREACH|EAI_AGAIN|unable to access 'https?:"
    r"|connection refused|ECONNREFUSED|couldn't connect to",
    re.IGNORECASE,
)
_NO_FILE = re.compile(
    r"no such file or directory|cannot find|can't open|not found|ENOENT|FileNotFoundError|does not exist", re.IGNORECASE
)
_NO_MODULE = re.compile(r"No module named '?([\w.]+)")
_NO_DEVICE = re.compile(
    r"/dev/(?!null|zero|shm|pts|tty|stdin|stdout|stderr|fd|u?random)[\w/.-]+|no cuda|CUDA_ERROR_NO_DEVICE",
    re.IGNORECASE,
)
_SOCKET = re.compile(r"/(var/)?run/[\w/.-]+|docker daemon|\.sock\b|\.s\.PGSQL", re.IGNORECASE)
_NO_PERMISSION = re.compile(r"permission denied|operation not permitted|\bEACCES\b|\bEPERM\b", re.IGNORECASE)
_PROGRAM = re.compile(r"(?:No such file or directory: |exec: \"?)'?([\w.+-]+)'?|([\w.+-]+): (?:command )?not found")
_TRACEBACK = re.compile(r'File "[^"]*"')
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")


@dataclass(frozen=True, slots=True)
class Shut:
    """What an evaluation is kept from.

    Attributes:
        sandbox: Whether it runs in one.
        homes: The home folders, of which it sees little.
        withheld: Names of variables that it does not get.
    """

    sandbox: bool
    homes: tuple[Path, ...]
    network: bool
    withheld: frozenset[str]


def hints(text: str, shut: Shut, environment: Mapping[str, str]) -> list[str]:
    """Sentences for a failure whose words are `text`.

    Args:
        environment: Of this process, to find programs as a user would.
    """
    found: list[str] = []
    missed = sorted(shut.withheld.intersection(_VARIABLE.findall(text)))
    if missed:
        found.append(
            f"{', '.join(missed)} looks like a secret and is withheld; give it with job.env: {{{missed[0]}: ${missed[0]}}}"
        )
    if not shut.sandbox:
        return found
    if READ_ONLY.search(text):
        found.append(
            "inside the sandbox only the results folder (--results_dir), small things in the task's folder, the home folder "
            "and /tmp can be written to, and only what is in the results folder is kept; write there, or set job.isolation: limits"
        )
    if not shut.network and _NO_NETWORK.search(text):
        found.append("the sandbox has no network; set job.network: true to give it this machine's")
    hidden = _hidden_in_home(text, shut.homes, environment)
    if hidden:
        found.append(f"the sandbox hides the home folder; show it what it needs with job.readable: [{hidden}]")
    elif _SOCKET.search(text):
        found.append(
            "the sandbox hides the sockets of this machine's services (/run); an evaluator that needs one runs with job.isolation: limits"
        )
    elif _NO_DEVICE.search(text):
        found.append(
            "of the devices the sandbox shows graphics cards and accelerators alone; for others set job.isolation: limits"
        )
    elif _NO_PERMISSION.search(text):
        found.append(
            "this may be the sandbox, which forbids what could reach outside of it; to find out, set job.isolation: limits"
        )
    return found


def _hidden_in_home(text: str, homes: tuple[Path, ...], environment: Mapping[str, str]) -> str:
    """A path for `readable`, when the words name something in the home folder or a program or module that is there."""
    if not (_NO_FILE.search(text) or _NO_MODULE.search(text)):
        return ""
    words = _TRACEBACK.sub("", text)
    for home in homes:
        for named in re.findall(rf"(?:{re.escape(str(home))}|~)/[\w.+@%/-]*[\w+@%-]", words):
            if Path(named).expanduser().exists():  # otherwise it is not for us that it was not found
                return str(named)
    for found in _PROGRAM.finditer(text):
        place = _which(found[1] or found[2], environment)
        if place and _is_in(place, homes):
            return str(place.parent)
    for found in _NO_MODULE.finditer(text):
        for entry in environment.get("PYTHONPATH", "").split(os.pathsep):
            if entry and (Path(entry) / found[1].split(".")[0]).exists() and _is_in(Path(entry), homes):
                return entry
    return ""


def _is_in(path: Path, homes: Iterable[Path]) -> bool:
    return any(path.is_relative_to(home) for home in homes)


def _which(program: str, environment: Mapping[str, str]) -> Path | None:
    for folder in environment.get("PATH", "").split(os.pathsep):
        place = Path(folder) / program
        if folder and place.exists():
            return place.resolve()
    return None
