"""How a sandbox tells when what it forbids is behind a failure."""

from __future__ import annotations

import os

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.launch import LocalLauncher
from tests.shinka_core.launch.place import Place
from tests.shinka_core.launch.test_hostile import needs_sandbox
from tests.support.launching import asked

pytestmark = needs_sandbox


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("open('/etc/mine', 'w')", "inside the sandbox only the results folder"),
        ("import urllib.request as u; u.urlopen('http://192.0.2.1/')", "job.network: true"),
        ("import socket; socket.getaddrinfo('host.invalid', 80)", "job.network: true"),
        ("open(os.path.expanduser('~/models/weights.bin'))", "job.readable: [{home}/models/weights.bin]"),
        ("import subprocess; subprocess.run(['toyc'], check=True)", "job.readable: [{home}/apps/toyc/bin]"),
        ("import socket; socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')", "No such file"),
        ("raise OSError('cannot connect to the Docker daemon at unix:///var/run/docker.sock')", "sockets of this machine's services"),
        ("open('/dev/fuse', 'rb')", "of the devices the sandbox shows"),
        ("os.chown('/etc', 1, 1)", "forbids what could reach outside|only the results folder"),
    ],
)  # fmt: skip
async def test_what_the_sandbox_forbids_is_told_with_its_remedy(
    place: Place, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    tool = place.home / "apps" / "toyc" / "bin" / "toyc"
    tool.parent.mkdir(parents=True)
    tool.write_text("")
    (place.home / "models").mkdir()
    (place.home / "models" / "weights.bin").write_text("")
    (place.home / "bin").mkdir()
    (place.home / "bin" / "toyc").symlink_to(tool)  # shown itself, but not where it leads
    monkeypatch.setenv("PATH", f"{place.home / 'bin'}:{os.environ['PATH']}")
    found = await place.evaluation(code)
    assert found.reason == "crashed"
    assert any(word in found.error for word in words.format(home=place.home).split("|")), found.error


async def test_without_a_sandbox_nothing_is_said_of_one(place: Place) -> None:
    config = LocalJobConfig(eval_program_path=str(place.task / "evaluate.py"), isolation="limits")
    launcher = LocalLauncher(config)
    (place.run / "main.py").write_text("open('/nowhere/file')")
    found = await launcher.result(await launcher.submit(asked(launcher, place.run / "main.py", place.run / "results")))
    assert found.reason == "crashed"
    assert "sandbox " not in found.error
    await launcher.close()
