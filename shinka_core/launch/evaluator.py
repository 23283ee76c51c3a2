"""The evaluator as it was when the run began, and how it is run.

Every evaluation runs that text, whatever becomes of the file meanwhile: an evaluated program may write to
it, and its author may mend it while hundreds of evaluations are still to come, all of which are to be
measured alike. Nobody's file is ever written here.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from shinka_core.errors import ConfigError, EvaluatorChangedError
from shinka_core.launch.contract import is_function, prints_json

# Who reads a file of such a name when its first line does not say it.
_BY_SUFFIX = {
    ".sh": "sh",
    ".bash": "bash",
    ".zsh": "zsh",
    ".js": "node",
    ".mjs": "node",
    ".rb": "ruby",
    ".pl": "perl",
    ".php": "php",
    ".lua": "lua",
    ".r": "Rscript",
    ".jl": "julia",
}

# Runs the text behind a descriptor as Python would run the file: same name, arguments, module and import path.
_AS_SCRIPT = """
def script():
    import os, sys, _frozen_importlib_external as external
    arguments = sys.argv
    descriptor, path = int(arguments[1]), arguments[2]
    del arguments[:2]
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    text = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    os.close(descriptor)
    names = globals()
    del names["script"]
    names.update(__file__=path, __cached__=None, __loader__=external.SourceFileLoader("__main__", path))
    return compile(text, path, "exec", dont_inherit=True)
exec(script())
"""


logger = logging.getLogger("shinka.launch")

LONGEST_TARGET = 500
# Calls an evaluator that is no script of its own, by a module that is to be found and nothing else that is beside it.
_PROJECT = str(Path(__file__).resolve().parents[2])
_CALLED = """
import sys
kept = sys.path[:]
sys.path[:] = [sys.argv.pop(1), *filter(None, kept)]
from shinka_core.evaluation.called import main
sys.path[:] = kept
main(sys.argv[1:])
"""


class Evaluator:
    """The user's evaluator.

    Attributes:
        path: As it was named, absolute; the working directory is its folder, even when it is a link.
        place: The same without links.
        real: Where the text lies.
        python: Whether Python runs it.
        called: Whether it is called in another way than as a script that writes its results: it is
            `evaluate(program_path)`, or prints a JSON object.
    """

    def __init__(self, path: str, python: str | None) -> None:
        """Reads the text.

        Args:
            python: Interpreter that the settings name.

        Raises:
            ConfigError: It is not there, nothing tells what can run it, or `python` is no program.
        """
        if python is not None and shutil.which(python) is None:
            raise ConfigError(f"python={python!r} is no program that can be run; name an interpreter or leave it out")
        self.path = Path(os.path.abspath(os.path.expanduser(path)))
        self.place = self.real = self.path.resolve()
        try:
            text = self.real.read_bytes()
            target = _lost_link(self.path, text)
            if target is not None:
                logger.warning("%s is a text that was a link to %s; it is taken for one", self.path, target)
                self.real = target.resolve()
                text = self.real.read_bytes()
            self._seen = _look(self.real)
        except OSError as error:
            raise ConfigError(f"eval_program_path={path!r} cannot be read: {error}; name the evaluator") from error
        self.digest = hashlib.sha256(text).hexdigest()
        runner = _runner(self.path, text, python)
        self.python = runner is None
        self._prefix = [python or sys.executable] if runner is None else runner
        self.called = is_function(text) if self.python else prints_json(self.path, text.decode("utf-8", "replace"))
        if self.called and not self.python:
            self._prefix = [sys.executable]
        self._kept = _kept(text)
        self._told = False

    @property
    def descriptor(self) -> int:
        """Of the text in memory; read it with `pread`, because whoever reads it shares the position."""
        return self._kept.fileno()

    @property
    def folder(self) -> Path:
        """The folder in which it was named."""
        return self.path.parent

    def command(self) -> list[str]:
        """Runs the file at its place, where a sandbox shows the kept text."""
        return [*self._prefix, *(["-c", _CALLED, _PROJECT, "-"] if self.called else []), str(self.path)]

    def command_from_memory(self) -> list[str]:
        """Runs the kept text without a sandbox; an evaluator in another language runs at its place.

        Raises:
            EvaluatorChangedError: It would, but is not what it was.
        """
        if self.python:
            by = ["-c", _CALLED, _PROJECT] if self.called else ["-c", _AS_SCRIPT]
            return [*self._prefix, *by, str(self.descriptor), str(self.path)]
        self.refuse_if_changed()
        return self.command()

    @property
    def is_program(self) -> bool:
        """Whether the system runs it without an interpreter."""
        return not self._prefix

    def reopened(self) -> int:
        """Another descriptor of the text, at its beginning; for whoever closes it."""
        return os.open(f"/proc/self/fd/{self.descriptor}", os.O_RDONLY | os.O_CLOEXEC)

    def contract(self, reason: str) -> list[str]:
        """What an evaluator that left no result may not know; nothing for other failures."""
        if reason != "no_result":
            return []
        return [
            "an evaluator is called with --program_path and --results_dir, and writes metrics.json and correct.json there"
        ]

    def refuse_if_changed(self) -> None:
        """For an evaluator that can only run at its place.

        Raises:
            EvaluatorChangedError: The file is not what it was.
        """
        if self._changed():
            raise EvaluatorChangedError(
                f"{self.path} was changed while the run went on, so that scores would not compare; put it back and "
                "resume, or begin another run. In a sandbox (isolation: sandbox) it runs from a copy"
            )

    def refuse_if_changed_at_its_place(self, *, enclosed: bool) -> None:
        """After an evaluation: what it ran from its place may have been another text.

        Raises:
            EvaluatorChangedError: It may.
        """
        if not (self.python or enclosed):
            self.refuse_if_changed()

    def newly_changed(self) -> bool:
        """Whether the file is another than it was; True once."""
        if self._told or not self._changed():
            return False
        self._told = True
        return True

    def close(self) -> None:
        """Forgets the text."""
        self._kept.close()

    def _changed(self) -> bool:
        with suppress(OSError):
            seen = _look(self.real)
            if seen == self._seen:
                return False
            if hashlib.sha256(self.real.read_bytes()).hexdigest() == self.digest:
                self._seen = seen
                return False
        return True


def _lost_link(path: Path, text: bytes) -> Path | None:
    """What a link led to of which a text file was made, with nothing but its target in it, as some ways of copying do."""
    target = text.decode("utf-8", errors="replace").strip()
    if "/" not in target or len(target) >= LONGEST_TARGET or "\n" in target:
        return None
    return path.parent / target if os.path.isfile(path.parent / target) else None


def _look(path: Path) -> tuple[int, int, int]:
    seen = path.stat()
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def _kept(text: bytes) -> BinaryIO:
    """The text where nobody can change it: on Linux sealed in memory, elsewhere in a file without a name."""
    if not hasattr(os, "memfd_create"):
        file = tempfile.TemporaryFile()  # noqa: SIM115 - kept as long as the evaluator
        file.write(text)
        file.flush()
        return file
    file = os.fdopen(os.memfd_create("evaluator", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "w+b")
    file.write(text)
    file.flush()
    fcntl.fcntl(file.fileno(), fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return file


def _runner(path: Path, text: bytes, python: str | None) -> list[str] | None:
    """What stands before the path in the command; None for Python."""
    first = text.split(b"\n", 1)[0].decode("utf-8", errors="replace").strip()
    if path.suffix.lower() in (".py", ".py3", ".pyw"):
        return None
    if first.startswith("#!") and first[2:].split():
        words = first[2:].strip().split(None, 1)
        if "python" in first.rpartition("/")[2]:
            return None
        if shutil.which(words[0]) is None:
            raise ConfigError(f"the first line of {path} is {first!r}, and {words[0]} is not on this machine")
        return words
    if b"\0" in text[:1024]:
        if not os.access(path, os.X_OK):
            raise ConfigError(f"{path} is no text, and no program that may be run; allow it with: chmod +x {path}")
        return []
    if python is not None or path.suffix == "":
        return None
    program = _BY_SUFFIX.get(path.suffix.lower())
    if program is None:
        raise ConfigError(
            f"nothing tells what runs {path}: give it a first line such as '#!/usr/bin/env bash', or name python"
        )
    found = shutil.which(program)
    if found is None:
        raise ConfigError(f"{path} wants {program}, which is not on this machine's PATH")
    return [found]
