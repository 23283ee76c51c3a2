"""Runs as lines of JSON in a folder, so that what was run is not run again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.search.trace import Trace


class Results:
    """The runs in a folder: a file for each system, task and number of evaluations, a line for each seed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, system: str, task: str, evaluations: int) -> list[Trace]:
        """The runs by seed, one each."""
        found = {trace.seed: trace for trace in self._read(self._path(system, task, evaluations))}
        return [found[seed] for seed in sorted(found)]

    def seeds(self, system: str, task: str, evaluations: int) -> set[int]:
        """What there is already."""
        return {trace.seed for trace in self.of(system, task, evaluations)}

    def add(self, trace: Trace, evaluations: int) -> None:
        """Appends a run by one write, after the remains of one that was cut off."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            self._path(trace.system, trace.task, evaluations), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644
        )
        try:
            size = os.fstat(descriptor).st_size
            cut_off = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, (b"\n" if cut_off else b"") + json.dumps(trace.as_json()).encode() + b"\n")
        finally:
            os.close(descriptor)

    def _path(self, system: str, task: str, evaluations: int) -> Path:
        return self.folder / f"{system}.{task}.{evaluations}.jsonl"

    def _read(self, path: Path) -> Iterator[Trace]:
        if not path.exists():
            return
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield Trace(**json.loads(line))
            except json.JSONDecodeError:
                continue  # cut off when it was written: the run is made again
