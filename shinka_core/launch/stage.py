"""What an evaluation in a sandbox finds around it: the task's folder, its interpreter, the tools it calls."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from shinka_core.config import LocalJobConfig
from shinka_core.launch import interpreters
from shinka_core.launch.evaluator import Evaluator
from shinka_core.launch.sandbox import Exposure, Text, enclosed, homes
from shinka_core.launch.scratch import lay_out
from shinka_core.launch.toolchains import tool_folders


class Stage:
    """The sandbox of one evaluator."""

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

    def prepare(self, results_dir: Path) -> Path | None:
        """Lays out a copy of the task's folder beside the results; None when there is too much in it."""
        scratch = results_dir.with_name(f".{results_dir.name}.scratch")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        found: list[Path] | None = None
        with suppress(OSError):
            found = lay_out(
                self._task, scratch, hidden=[*self._all_hidden(), results_dir], is_results=self._task in self._hidden
            )
        if found is None:
            shutil.rmtree(scratch, ignore_errors=True)
            return None
        self._in_place[scratch] = found
        return scratch

    def enclose(
        self, command: Sequence[str], program: Path, results_dir: Path, scratch: Path | None, text: int
    ) -> list[str]:
        """The command inside the sandbox.

        Args:
            text: Descriptor of the evaluator's text, at its beginning.
        """
        places = dict.fromkeys((self._evaluator.folder, self._task))
        readable = [*self._readable, *(places if scratch is None else self._in_place.pop(scratch))]
        exposure = Exposure(
            hidden=self._all_hidden(),
            readable=readable,
            writable=results_dir,
            network=self._network,
            views=[(place, scratch) for place in places] if scratch is not None else (),
            evaluator=Text(self._evaluator.real, text, program=self._evaluator.is_program),
        )
        return enclosed(command, exposure, self._evaluator.folder, program)

    def _all_hidden(self) -> list[Path]:
        return [path for path in self._hidden if path != self._task]
