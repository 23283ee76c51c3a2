"""`--replay RESULTS` at a shell: what it prints, what it refuses, and its exit codes."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.support.replaying import play
from tests.support.runs import command


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replaying") / "earlier"
    asyncio.run(play(folder, 6))
    return folder


def test_a_replay_needs_no_server_and_says_that_all_is_the_same(earlier: Path, tmp_path: Path) -> None:
    done = command("--replay", str(earlier), "--to", str(tmp_path / "again"))
    assert done.returncode == 0, done.stderr
    for words in ("Played played again: ", " 7 generations", "nothing was asked or evaluated", "the same   in every"):
        assert words in done.stdout
    assert command("--replay", str(tmp_path / "again")).returncode == 0, "what a replay makes is a record as well"


def test_a_replay_that_differs_has_its_own_exit_code_and_names_the_choice(earlier: Path) -> None:
    with sqlite3.connect(earlier / "evolution.sqlite") as connection:
        last = connection.execute("SELECT max(generation) FROM generation_steps WHERE step = 'sampled'").fetchone()[0]
        changed = "UPDATE generation_steps SET payload = json_set(payload, '$.seed', 7) WHERE step = 'sampled' AND generation = ?"
        connection.execute(changed, (last,))
    done = command("--replay", str(earlier))
    assert done.returncode == 5, done.stdout + done.stderr
    assert f"differs    first in generation {last}, sampling 0: seed was recorded as 7 and comes out as" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--replay", "nowhere"), "'nowhere' is no results folder of a run"),
        (("--replay", "{earlier}", "--generations", "3"), "--generations: a replay has the settings of the run"),
        (("--replay", "{earlier}", "--resume"), "--resume: a replay has the settings"),
        (("task", "--replay", "{earlier}"), "'task': a replay has the task of the run"),
        (("--to", "somewhere"), "--to 'somewhere' is for --replay RESULTS"),
        (("--replay", "{earlier}", "--to", "{earlier}"), "holds something; name a new one"),
    ],
)
def test_what_a_replay_cannot_heed_is_refused(earlier: Path, arguments: tuple[str, ...], words: str) -> None:
    done = command(*(argument.format(earlier=earlier) for argument in arguments))
    assert done.returncode == 2
    assert words in done.stderr
