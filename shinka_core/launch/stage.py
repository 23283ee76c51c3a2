"""What an evaluation in a sandbox finds around it: the task's folder, its interpreter, the tools it calls."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from shinka_core.config import LocalJobConfig
from shinka_core.launch import interpreters
from shinka_core.launch.evaluator import Evaluator
from shinka_core.launch.hints import READ_ONLY
from shinka_core.launch.sandbox import Exposure, Text, enclosed, homes
from shinka_core.launch.scratch import lay_out, links_out_of
from shinka_core.launch.toolchains import tool_folders

logger = logging.getLogger("shinka.launch")

# The path that a message is about, when it is absolute.
_ABOUT = re.compile(r"[\s'\"(](/[^'\":]+)['\"]?: read-only|read-only file system:? \(?['\"]?(/[^'\"]+)", re.IGNORECASE)


class Stage:
    """The sandbox of one evaluator.

    Attributes:
        copying: Whether evaluations have copies of the task's folder that they may write to.
    """

    def __init__(self, config: LocalJobConfig, evaluator: Evaluator, hidden: Sequence[Path]) -> None:
        """Looks for everything that does not differ between evaluations."""
        self._evaluator = evaluator
        self._network = config.network
        self._task = evaluator.folder.resolve()
        self._hidden = [path.resolve() for path in hidden]
        interpreter = interpreters.own() if config.python is None else interpreters.named(config.python)
        self._readable = [
            *(interpreters.own().folders if config.python is not None else ()),  # our own modules are there
            *interpreter.folders,
            *(folder for home in homes() for folder in tool_folders(os.environ, home)),
            *(Path(os.path.abspath(os.path.expanduser(path))) for path in config.readable),
        ]
        if evaluator.real.parent != self._task:
            self._readable.append(evaluator.real.parent)
        self._in_place: dict[Path, list[Path]] = {}
        # Of a folder that must not be shown as it is there is always a copy, without what is private.
        self.copying = self._task in self._hidden or self._task in homes()

    def prepare(self, results_dir: Path) -> Path | None:
        """Lays out a copy of the task's folder beside the results, where one is needed.

        Returns:
            The copy; None when the folder itself is shown, read-only.
        """
        scratch = results_dir.with_name(f".{results_dir.name}.scratch")
        shutil.rmtree(scratch, ignore_errors=True)
        if not self.copying:
            return None
        scratch.mkdir()
        found: list[Path] | None = None
        with suppress(OSError):
            hidden = [*self._all_hidden(), results_dir]
            found = lay_out(self._task, scratch, hidden=hidden, is_results=self._task in self._hidden)
        if found is None:
            shutil.rmtree(scratch, ignore_errors=True)
            return None
        self._in_place[scratch] = found
        return scratch

    def copy_from_now_on(self, text: str) -> bool:
        """Whether the words of a failure are those of an evaluator that writes beside itself, and copies are to help."""
        if not any(_is_here(line, (self._evaluator.folder, self._task)) for line in text.splitlines()):
            return False
        if not self.copying:
            logger.warning(
                "the evaluator writes beside itself: from now on each evaluation has a copy of %s of its own, and what "
                "it writes there ends with it",
                self._evaluator.folder,
            )
        self.copying = True
        return True

    def enclose(
        self, command: Sequence[str], program: Path, results_dir: Path, scratch: Path | None, text: int
    ) -> list[str]:
        """The command inside the sandbox.

        Args:
            text: Descriptor of the evaluator's text, at its beginning.
        """
        places = dict.fromkeys(interpreters.steps(self._evaluator.folder))
        shown = [*places, *links_out_of(self._task)] if scratch is None else self._in_place.pop(scratch)
        readable = [*self._readable, *shown]
        exposure = Exposure(
            hidden=self._all_hidden(),
            readable=readable,
            writable=results_dir,
            network=self._network,
            views=[(place, scratch) for place in places] if scratch is not None else (),
            evaluator=Text(self._evaluator.place, text, program=self._evaluator.is_program),
        )
        return enclosed(command, exposure, self._evaluator.folder, program)

    def _all_hidden(self) -> list[Path]:
        return [path for path in self._hidden if path != self._task]


def _is_here(line: str, folders: Sequence[Path]) -> bool:
    """Whether a line says that something in one of the folders could not be written to; a relative path is."""
    if not READ_ONLY.search(line):
        return False
    named = _ABOUT.search(f" {line}")
    path = (named[1] or named[2]) if named else None
    return path is None or any(Path(path).is_relative_to(folder) for folder in folders)
