"""What a sandbox shows and hides, and how it tells when that is behind a failure."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.database.address import address_of
from shinka_core.errors import LaunchError
from shinka_core.launch import LocalLauncher, sandbox, stage
from shinka_core.launch.local import MOST_STARTS
from shinka_core.naming import RUN_FILE
from shinka_core.private import private_places
from tests.shinka_core.launch.place import Place
from tests.shinka_core.launch.test_hostile import needs_sandbox
from tests.shinka_core.launch.test_local import EVALUATOR
from tests.support.launching import asked

pytestmark = needs_sandbox


# Setting it up


async def test_a_socket_that_goes_before_it_is_covered_costs_no_evaluation(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [{Path("/var/gone.sock")}, set[Path]()]
    monkeypatch.setattr(sandbox, "named_sockets", lambda: found.pop(0))
    assert await place.told("5.0") == 5.0
    assert found == []


async def test_a_sandbox_that_cannot_be_set_up_is_no_failure_of_the_program(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(sandbox, "named_sockets", lambda: asked.append(1) or {Path("/var/gone.sock")})
    with pytest.raises(LaunchError, match="could not be set up: bwrap: Can't"):
        await place.told("5.0")
    assert len(asked) == MOST_STARTS


# Sockets


@contextmanager
def listening(path: Path) -> Generator[None, None, None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    here = Path.cwd()
    os.chdir(path.parent)  # names of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path) if len(str(path)) < 100 else path.name)
            server.listen()
            yield
    finally:
        os.chdir(here)


def connects(name: str) -> str:
    return f"__import__('socket').socket(__import__('socket').AF_UNIX).connect_ex({name!r})"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Path]:
    """A folder that every sandbox shows.

    What listened in it stays in it until long afterwards: another worker's sandbox that has found a socket just
    before covers it, which it cannot when it is gone.
    """
    with tempfile.TemporaryDirectory(prefix="shinka-test-", dir="/var/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize("where", ["task/s", "readable/s", "elsewhere"])
@pytest.mark.parametrize("network", [False, True])
async def test_the_sockets_of_this_machine_are_out_of_reach(
    place: Place, elsewhere: Path, where: str, network: bool
) -> None:
    path = elsewhere / f"{network}.sock" if where == "elsewhere" else place.folder / where
    (place.folder / "readable").mkdir()
    fields = {"readable": [str(place.folder / "readable")], "network": network}
    with listening(path):
        assert await place.told(connects(str(path)), **fields) != 0


async def test_the_folders_in_which_services_listen_are_empty(place: Place) -> None:
    assert await place.told("[os.listdir(p) for p in ('/run', '/var/run')]") == [[], []]


async def test_a_socket_without_a_name_in_the_file_system_is_out_of_reach(place: Place) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0shinka-test-{os.getpid()}")
        server.listen()
        assert await place.told(connects(f"\0shinka-test-{os.getpid()}")) != 0


# Results and databases


async def test_results_in_the_task_folder_itself_or_above_it_leave_the_evaluator_where_it_is(place: Place) -> None:
    for run in (place.task, place.folder):
        place.run = run
        (run / "gen_0").mkdir()
        (run / "gen_0" / "main.py").write_text("the best program")
        (run / "evolution.sqlite").write_text("rows")
        (run / "summary.json").write_text("{}")
        (place.task / "data.json").write_text("[1]")
        there = (
            f"[os.path.exists(os.path.join({str(run)!r}, n)) for n in ('gen_0', 'evolution.sqlite', 'summary.json')]"
        )
        expression = f"[open('data.json').read(), {there}, os.path.exists('evaluate.py')]"
        assert await place.told(expression, hidden=[run]) == ["[1]", [False] * 3, True]


async def test_results_inside_the_task_folder_are_hidden(place: Place) -> None:
    place.run = place.task / "results" / "run"
    (place.run / "gen_0").mkdir(parents=True)
    assert await place.told(f"os.listdir({str(place.run)!r})") == ["gen_1"]


async def test_the_database_is_hidden_with_all_that_lies_beside_it(place: Place) -> None:
    database = place.task / "rows #1?.sqlite"  # in a place that is shown
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{database}{ending}").write_text("rows")
    hidden = private_places(place.run, address_of(str(database), place.run))
    told = await place.told("[os.path.getsize(n) for n in os.listdir('.') if 'rows' in n]", hidden=hidden)
    assert told == [0] * 4


def test_what_a_run_hides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", "/prefect")
    results = tmp_path / "results"
    for name in ("this", "other"):
        (results / name).mkdir(parents=True)
        (results / name / RUN_FILE).touch()
    hidden = private_places(results / "this", address_of("/data/e.sqlite", results))
    beside = [Path(f"/data/e.sqlite{ending}") for ending in ("", "-wal", "-shm", "-journal")]
    assert set(hidden) >= {results / "this", results, Path("/prefect"), *beside}
    (results / "data").mkdir()  # not of a run, so it stays to be seen
    hidden = private_places(results / "this", address_of("postgresql:///db?host=/var/sockets", results))
    assert set(hidden) >= {results / "this", results / "other", Path("/var/sockets")}
    assert results not in hidden


async def test_other_runs_are_hidden(place: Place) -> None:
    for name in ("this", "other"):
        (place.folder / "results" / name).mkdir(parents=True)
        (place.folder / "results" / name / RUN_FILE).touch()
    place.run = place.folder / "results" / "this"
    hidden = private_places(place.run, address_of("postgresql://host/db", place.run))
    assert await place.told(f"os.listdir({str(place.run.parent)!r})", hidden=hidden) == ["this"]


# The task's folder


async def test_an_evaluator_may_write_beside_itself_and_the_folder_stays_as_it_was(place: Place) -> None:
    (place.task / "cache.json").write_text("old")
    (place.task / "build").mkdir()
    (place.task / "build" / "old.o").write_text("old")
    (place.task / "link.json").symlink_to("cache.json")
    before = {path: path.read_text() for path in place.task.rglob("*") if path.is_file()}
    code = (
        "pathlib.Path('log.txt').write_text('x'); pathlib.Path('cache.json').write_text('new')\n"
        "pathlib.Path('build/new.o').write_text('x'); pathlib.Path('build/old.o').unlink()\n"
        "os.makedirs('more/folders'); open(os.path.join(os.path.dirname(sys.argv[0]), 'beside'), 'a').write('x')\n"
        "result(1.0, public={'link': open('link.json').read(), 'seen': sorted(os.listdir('.'))})"
    )
    for _ in range(2):  # what one wrote, the next one does not find
        shutil.rmtree(place.run / "gen_1", ignore_errors=True)
        found = await place.evaluation(f"import pathlib\n{code}")
        assert found.correct, found.error
        assert found.public_metrics["link"] == "new"
        assert "beside" in found.public_metrics["seen"]
    assert {path: path.read_text() for path in place.task.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in (place.run / "gen_1").iterdir()) == [
        "main.py",
        "results",
        "results.receipt.json",
    ]


async def test_what_is_large_in_the_task_folder_is_read_in_its_place(place: Place) -> None:
    (place.task / "data.bin").write_bytes(b"x" * 3_000_000)
    (place.task / "many").mkdir()
    for number in range(200):
        (place.task / "many" / f"{number}.txt").write_text(str(number))
    found = await place.told(
        "[open('beside', 'w').close(), os.path.getsize('data.bin'), len(os.listdir('many')), os.access('data.bin', os.W_OK)]"
    )
    assert found == [None, 3_000_000, 200, False]
    failed = await place.evaluation("open('many/new.txt', 'w')")
    assert "only the results folder" in failed.error


async def test_a_folder_with_very_much_in_it_is_shown_read_only(place: Place) -> None:
    for number in range(300):
        (place.task / f"{number}.txt").write_text(str(number))
    assert await place.told("open('299.txt').read()") == "299"
    failed = await place.evaluation("open('new.txt', 'w')")
    assert "only the results folder" in failed.error


async def test_what_comes_into_the_task_folder_is_seen_at_once(place: Place) -> None:
    """An evaluator that does not write beside itself reads the folder itself and not a copy."""
    launcher = LocalLauncher(
        LocalJobConfig(eval_program_path=str(place.task / "evaluate.py"), isolation="sandbox", time=20)
    )
    (place.run / "main.py").write_text("import time\nwhile not os.path.exists('go'): time.sleep(0.01)\nresult(1.0)")
    job = await launcher.submit(asked(launcher, place.run / "main.py", place.run / "results"))
    await asyncio.sleep(0.3)
    (place.task / "go").touch()
    assert (await launcher.result(job)).correct
    await launcher.close()


@pytest.mark.parametrize(
    ("line", "here"),
    [
        ("OSError: [Errno 30] Read-only file system: 'log.txt'", True),
        ("OSError: [Errno 30] Read-only file system: '/the/task/log.txt'", True),
        ("OSError: [Errno 30] Read-only file system: '/etc/log.txt'", False),
        ("/usr/bin/ld: cannot open output file a.out: Read-only file system", True),
        ("bash: line 1: log.txt: Read-only file system", True),
        ("bash: line 1: /etc/log.txt: Read-only file system", False),
        ("touch: cannot touch '/the/task/x y': Read-only file system", True),
        ("touch: cannot touch '/etc/x': Read-only file system", False),
        ("error: could not write (os error 30): Read-only file system (os error 30)", True),
        ("Error: EROFS: read-only file system, open 'x.js'", True),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/the/task/x'", False),
    ],
)  # fmt: skip
def test_who_writes_beside_itself_is_told_by_its_words(line: str, here: bool) -> None:
    assert stage._is_here(line, [Path("/the/task")]) is here  # pyright: ignore[reportPrivateUsage]


async def test_links_in_the_task_folder_lead_where_they_lead(place: Place) -> None:
    (place.home / "data").mkdir()
    (place.home / "data" / "set.txt").write_text("from home")
    (place.home / "secret").write_text("secret")
    (place.task / "data").symlink_to(place.home / "data")
    (place.task / "set.txt").symlink_to(place.home / "data" / "set.txt")
    expression = (
        f"[open('data/set.txt').read(), open('set.txt').read(), os.path.exists({str(place.home / 'secret')!r})]"
    )
    assert await place.told(expression) == ["from home", "from home", False]


async def test_an_evaluator_in_the_home_folder_shows_none_of_its_secrets(place: Place) -> None:
    (place.home / ".ssh").mkdir()
    (place.home / ".ssh" / "id").write_text("secret")
    (place.home / "evaluate.py").write_text(EVALUATOR)
    (place.home / "data.txt").write_text("data")
    expression = "[os.path.exists('.ssh'), open('data.txt').read(), os.getcwd()]"
    found = await place.told(expression, evaluator=place.home / "evaluate.py")
    assert found == [False, "data", str(place.home)]


# The home folder


async def test_home_caches_and_shared_memory_can_be_written_to_and_are_private(place: Place) -> None:
    code = (
        "import pathlib\nfor folder in (pathlib.Path.home() / '.cache' / 'x', pathlib.Path('/dev/shm'), pathlib.Path('/tmp')):\n"
        "    folder.mkdir(parents=True, exist_ok=True); (folder / 'shinka-test').write_text('x')\n"
        "import multiprocessing.shared_memory as s; s.SharedMemory(create=True, size=10).unlink()\n"
        "with __import__('multiprocessing').Pool(2) as pool: result(sum(pool.map(abs, [-1, -2])))"
    )
    found = await place.evaluation(code)
    assert found.score == 3.0, found.error
    assert list(place.home.iterdir()) == []
    assert not Path("/dev/shm/shinka-test").exists()


def test_a_user_without_a_home_has_none_to_hide(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(sandbox.pwd, "getpwuid", unknown)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    sandbox._homes.cache_clear()  # pyright: ignore[reportPrivateUsage]
    assert sandbox.homes() == ()
    sandbox._homes.cache_clear()  # pyright: ignore[reportPrivateUsage]
