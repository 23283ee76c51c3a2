"""Which process a mark means, and whether it is known to be gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from shinka_core.database.ownership import alive, known_to_be_gone, on_this_machine, this_process
from tests.support.prefect import ROOT

MARK = "from shinka_core.database.ownership import this_process; print(this_process(), flush=True); input()"


def test_a_process_is_there_until_it_ends() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", MARK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    mark = process.stdout.readline().strip()
    assert alive(mark) == f"process {process.pid}"
    assert not known_to_be_gone(mark)
    process.kill()
    process.wait()
    assert alive(mark) is None
    assert known_to_be_gone(mark)


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    mark = json.loads(this_process()) | {"start": "1"}
    assert known_to_be_gone(json.dumps(mark))
    assert not known_to_be_gone(this_process())


def test_nothing_is_known_of_processes_elsewhere() -> None:
    for place in ({"boot": "elsewhere"}, {"processes": "pid:[1]"}):
        mark = json.dumps(json.loads(this_process()) | {"start": "1"} | place)
        assert not on_this_machine(mark)
        assert not known_to_be_gone(mark)
