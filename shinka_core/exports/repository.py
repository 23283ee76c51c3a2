"""A git repository, written by the `git` command as nobody's settings would have it otherwise.

No hook runs, nothing is signed, no template is copied and no line end is changed, whatever the user's settings, the
machine's or those of the repository say. Commits are handed over in a stream that git takes as a whole or not at all.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from shinka_core.errors import ConfigError

BRANCH = "main"
# Where commits come in before the branch takes them over.
INCOMING = "refs/shinka/incoming"
_OPTIONS = (
    "core.hooksPath=" + os.devnull, "core.fsmonitor=false", "core.autocrlf=false", "core.safecrlf=false",
    "core.attributesFile=" + os.devnull, "core.excludesFile=" + os.devnull, "commit.gpgSign=false", "gc.auto=0",
    "merge.verifySignatures=false", "core.protectHFS=true", "core.protectNTFS=true", "advice.detachedHead=false",
)  # fmt: skip
# What git itself reads in a folder (`.git`, `.gitattributes`), and what other systems take for it or for a device.
_GITS_OWN = re.compile(r"\.git|git~\d", re.IGNORECASE)
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\\:*?\"<>|%\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]*")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit.

    Attributes:
        message: Its first line says what it is.
        moment: Seconds since 1970, of author and committer.
        files: All that there is, by path.
    """

    message: str
    moment: int
    files: Mapping[str, bytes]


class Repository:
    """A folder with a repository in it."""

    AUTHOR = "shinka <shinka@localhost>"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def make(self) -> None:
        """Makes an empty one.

        Raises:
            ConfigError: There is no git, or it refuses.
        """
        await self._git("init", "--quiet", "--template=", f"--initial-branch={BRANCH}")

    async def branch(self) -> str:
        """The branch that is checked out; "" for none."""
        return await self._git("symbolic-ref", "--quiet", "--short", "HEAD", fine=(0, 1))

    async def tip(self) -> str | None:
        """The message of the last commit of the branch; None while there is none."""
        if not await self._git("rev-parse", "--quiet", "--verify", f"refs/heads/{BRANCH}", fine=(0, 1)):
            return None
        return await self._git("log", "-1", "--format=%B", f"refs/heads/{BRANCH}", "--")

    async def changes(self) -> str:
        """What differs from the last commit in the files that are checked out, a line each."""
        return await self._git("status", "--porcelain", "--untracked-files=no")

    async def add(self, commits: AsyncIterator[Commit], *, onto: bool) -> int:
        """Adds commits to the branch and checks the last one out; returns how many there were.

        Args:
            onto: There are commits already.

        Raises:
            ConfigError: git refuses; the branch is as it was.
        """
        target = INCOMING if onto else f"refs/heads/{BRANCH}"
        arguments = ("fast-import", "--quiet", "--done", "--force", "--date-format=raw")
        process = await self._start(*arguments)
        assert process.stdin is not None
        count = 0
        try:
            async for commit in commits:
                origin = f"from refs/heads/{BRANCH}^0\n" if onto and not count else ""
                process.stdin.write(_stream(commit, target, origin))
                await process.stdin.drain()
                count += 1
            process.stdin.write(b"done\n")
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            pass  # why is in what it said
        except BaseException:
            process.kill()
            await process.wait()
            raise
        await _ended(process, arguments, (0,))
        if count and onto:
            await self._git("merge", "--quiet", "--ff-only", "--no-stat", INCOMING)
        elif count:
            await self._git("reset", "--quiet", "--hard")
        if onto:
            await self._git("update-ref", "-d", INCOMING)
        return count

    async def _git(self, *arguments: str, fine: tuple[int, ...] = (0,)) -> str:
        return (await _ended(await self._start(*arguments), arguments, fine)).strip("\n")

    async def _start(self, *arguments: str) -> asyncio.subprocess.Process:
        settings = [word for option in _OPTIONS for word in ("-c", option)]
        try:
            return await asyncio.create_subprocess_exec(
                "git", "-C", str(self.folder), *settings, *arguments, env=self._environment(),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise ConfigError("--to git needs the command git; install it, or choose another form") from error

    def _environment(self) -> dict[str, str]:
        """Nobody's settings but those of the repository, over which ours are laid."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        return kept | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CEILING_DIRECTORIES": str(self.folder.parent),
            "LC_ALL": "C",
        }


def safe_path(path: str) -> str:
    """A path that leads nowhere else and means nothing to git or a file system; the same for all usual ones.

    What is not safe is written with `%` and hexadecimal digits, as in an address.
    """
    return "/".join(_safe(part) for part in path.split("/"))


def _safe(part: str) -> str:
    odd = part in ("", ".", "..") or part != part.strip() or part.endswith(".") or _GITS_OWN.match(part)
    if not odd and _PLAIN.fullmatch(part):
        return part
    text = quote(part.encode("utf-8", "surrogatepass"), safe="") or "%"
    return text.replace(".", "%2E").replace("~", "%7E") if odd else text


def _stream(commit: Commit, branch: str, origin: str) -> bytes:
    message = commit.message.encode("utf-8", "replace")
    parts = [
        f"commit {branch}\nauthor {Repository.AUTHOR} {commit.moment} +0000\n"
        f"committer {Repository.AUTHOR} {commit.moment} +0000\ndata {len(message)}\n".encode(),
        message,
        f"\n{origin}deleteall\n".encode(),
    ]
    for path, content in commit.files.items():
        parts += [f'M 100644 inline "{safe_path(path)}"\ndata {len(content)}\n'.encode(), content, b"\n"]
    return b"".join(parts)


async def _ended(process: asyncio.subprocess.Process, arguments: tuple[str, ...], fine: tuple[int, ...]) -> str:
    output, said = await process.communicate()
    if process.returncode not in fine:
        why = next(iter(said.decode("utf-8", "replace").strip().splitlines()), f"exit code {process.returncode}")
        raise ConfigError(f"git {arguments[0]} fails: {why}; mend that, or name another folder (--out)")
    return output.decode("utf-8", "replace")
