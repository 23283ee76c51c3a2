"""A run is played again from its record: the same programs, nothing asked; a changed choice is named."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from dataclasses import replace as but
from pathlib import Path
from typing import Any

import pytest

from shinka_core.embed import HashedNgrams
from shinka_core.errors import ConfigError
from shinka_core.generation import patching
from shinka_core.population.migration.ring import Ring
from shinka_core.population.parents.rank import Rank
from shinka_core.population.search import Search
from shinka_core.program import Candidate, Failure
from shinka_core.replay import replay
from shinka_core.source import Source
from tests.support.replaying import outcome, play


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of twenty generations, ten at once, in which several programs became parents."""
    for _ in range(20):  # by chance all may be sampled before there is another parent than the seed program
        folder = tmp_path_factory.mktemp("replay") / "earlier"
        asyncio.run(play(folder, 20))
        if rows(folder, "SELECT count(DISTINCT parent_id) FROM programs")[0][0] > 3:
            break
    return folder


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "evolution.sqlite") as connection:
        return connection.execute(query).fetchall()


async def test_twenty_generations_come_out_as_they_were(earlier: Path, tmp_path: Path) -> None:
    ends = [number for (number,) in rows(earlier, "SELECT number FROM generations ORDER BY sequence")]
    assert ends != sorted(ends), "they have overtaken each other"
    before = (earlier / "evolution.sqlite").read_bytes()
    played = await replay(earlier, to=tmp_path / "again")
    assert played.difference is None
    assert (played.ended, played.open) == (21, 0)
    assert await outcome(tmp_path / "again") == await outcome(earlier)
    assert (earlier / "evolution.sqlite").read_bytes() == before, "the earlier run is only read"


def sampled(folder: Path) -> list[int]:
    """Generations in the order of their samplings."""
    query = "SELECT generation FROM generation_steps WHERE step = 'sampled' ORDER BY id"
    return [number for (number,) in rows(folder, query)]


@pytest.mark.parametrize("call", [3, 11])
async def test_another_parent_is_reported_with_its_generation(
    earlier: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    select, made, turned = Rank.select, iter(range(1_000_000)), list[int]()

    def other(self: Rank, view: Any, island: int, rng: Any) -> int:
        parent = select(self, view, island, rng)
        fit = [program for program in view.fit_on(island).tolist() if program != parent]
        number = next(made)
        if number < call or not fit:
            return parent
        turned.append(number)
        return fit[0]

    monkeypatch.setattr(Rank, "select", other)
    found = (await replay(earlier)).difference
    assert found is not None
    assert found.generation == sampled(earlier)[turned[0]], "the first one that is not as it was"
    assert (found.step.split()[0], found.what) == ("sampling", "parent")
    assert str(found.recorded).startswith("generation ")
    assert found.recorded != found.came_out


@pytest.mark.parametrize(("where", "method"), [(Search, "choose"), (Ring, "plan")])
async def test_other_inspirations_and_migrations_are_seen_too(
    earlier: Path, monkeypatch: pytest.MonkeyPatch, where: Any, method: str
) -> None:
    made = getattr(where, method)

    def fewer(*args: Any, **kwargs: Any) -> Any:
        chosen = made(*args, **kwargs)
        return but(chosen, inspirations=chosen.inspirations[1:]) if method == "choose" else chosen[1:]

    monkeypatch.setattr(where, method, fewer)
    found = (await replay(earlier)).difference
    assert found is not None
    assert found.what == ("moves" if method == "plan" else "inspirations")


async def test_another_patch_is_seen(earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = patching.apply_answer

    def stricter(*args: Any, **kwargs: Any) -> Candidate | Failure:
        made = apply(*args, **kwargs)
        return Failure("patch", "syntax_error", "not liked") if isinstance(made, Candidate) else made

    monkeypatch.setattr(patching, "apply_answer", stricter)
    found = (await replay(earlier)).difference
    assert found is not None
    assert (found.step.split()[0], found.what, found.came_out) == ("patch", "source", None)


async def test_another_verdict_is_seen(earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HashedNgrams, "similarity_threshold", 0.0)
    monkeypatch.setattr("shinka_core.novelty.same", _always)
    found = (await replay(earlier)).difference
    assert found is not None
    assert (found.step.split()[0], found.what) == ("verdict", "novel")


async def test_a_row_that_was_tampered_with_is_found(earlier: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(earlier, copy)
    (number,) = rows(copy, "SELECT max(generation) FROM generation_steps WHERE step = 'sampled'")[0]
    with sqlite3.connect(copy / "evolution.sqlite") as connection:
        connection.execute(
            "UPDATE generation_steps SET payload = json_set(payload, '$.seed', 7) WHERE step = 'sampled' AND generation = ?",
            (number,),
        )
    found = (await replay(copy)).difference
    assert found is not None
    assert (found.generation, found.what, found.recorded) == (number, "seed", 7)


async def test_a_run_of_an_older_version_and_a_folder_in_use_are_refused(earlier: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(earlier, copy)
    with pytest.raises(ConfigError, match="holds something; name a new one"):
        await replay(earlier, to=copy)
    with sqlite3.connect(copy / "evolution.sqlite") as connection:
        connection.execute("UPDATE generation_steps SET payload = json_remove(payload, '$.ended')")
    with pytest.raises(ConfigError, match="an older version recorded it"):
        await replay(copy)


KILLED = """
import asyncio, os, sys, threading
from dataclasses import replace as but
from pathlib import Path
from tests.support.replaying import play
seconds, folder = float(sys.argv[1]), Path(sys.argv[2])
def watch():
    import sqlite3, time
    while True:
        time.sleep(0.005)
        try:
            with sqlite3.connect(folder / "evolution.sqlite") as c:
                n = c.execute("select count(*) from programs").fetchone()[0]
        except sqlite3.Error:
            continue
        if n >= seconds:
            os.kill(os.getpid(), 9)
threading.Thread(target=watch, daemon=True).start()
asyncio.run(play(folder, int(sys.argv[3]), resume=sys.argv[4] == "resume"))
"""


async def killed_at(programs: int, folder: Path, generations: int, *, resume: bool) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(programs), str(folder), str(generations), "resume" if resume else "begin"
    )
    assert await process.wait() == -9


@pytest.mark.slow
async def test_a_run_that_was_killed_and_resumed_comes_out_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    await killed_at(8, folder, 24, resume=False)
    unfinished = await replay(folder)
    assert unfinished.difference is None
    await killed_at(16, folder, 24, resume=True)
    await play(folder, 24, resume=True)
    played = await replay(folder, to=tmp_path / "again")
    assert played.difference is None
    assert played.ended == 25
    assert await outcome(tmp_path / "again") == await outcome(folder)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 3])
async def test_two_hundred_generations_ten_at_once_come_out_as_they_were_killed_and_resumed_too(
    tmp_path: Path, seed: int
) -> None:
    folder = tmp_path / "earlier"
    await play(folder, 200, seed=seed)
    assert (await replay(folder, to=tmp_path / "again")).difference is None
    assert await outcome(tmp_path / "again") == await outcome(folder)
    cut = tmp_path / "cut"
    for programs in (40, 90, 140):
        await killed_at(programs, cut, 200, resume=programs > 40)
        assert (await replay(cut)).difference is None
    await play(cut, 200, resume=True)
    assert (await replay(cut, to=tmp_path / "cut-again")).difference is None
    assert await outcome(tmp_path / "cut-again") == await outcome(cut)


def _always(_one: Source, _other: Source) -> bool:
    return True
