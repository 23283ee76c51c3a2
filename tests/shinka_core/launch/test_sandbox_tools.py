"""Interpreters and tools, wherever they lie, work inside a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shinka_core.launch import interpreters
from tests.shinka_core.launch.place import Place
from tests.shinka_core.launch.test_hostile import needs_sandbox

pytestmark = needs_sandbox


def python_of(folder: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return str(folder / "bin" / "python")


async def test_an_environment_that_is_a_link_is_shown_whole(place: Place) -> None:
    """As uv and others lay them: `.venv` leads elsewhere, its `python` over another link into somebody's home."""
    real = place.home / "environments" / "real"
    python_of(real)
    site = next(real.glob("lib/python*/site-packages"))
    (site / "package.py").write_text("value = 7")
    (place.home / "sources").mkdir()
    (place.home / "sources" / "editable.py").write_text("value = 8")
    (site / "editable.pth").write_text(f"{place.home / 'sources'}\n")
    (place.home / "project").mkdir()
    (place.home / "project" / ".venv").symlink_to(real)
    (place.home / "secret").write_text("secret")
    code = f"import package, editable\nresult(package.value + editable.value, public={{'secret': os.path.exists({str(place.home / 'secret')!r})}})"
    for python in (place.home / "project" / ".venv" / "bin" / "python", real / "bin" / "python"):
        interpreters.named.cache_clear()
        found = await place.evaluation(code, python=str(python))
        assert (found.score, found.public_metrics) == (15, {"secret": False}), found.error


async def test_an_interpreter_behind_a_chain_of_links_is_found(place: Place) -> None:
    base = Path(os.path.realpath(sys.executable))
    store = place.home / ".local" / "share" / "pythons"
    store.mkdir(parents=True)
    (store / "cpython-3-exact").symlink_to(base.parent.parent)
    (store / "cpython-3").symlink_to("cpython-3-exact")
    environment = place.home / "venv"
    python_of(environment)
    program = environment / "bin" / "python"
    for name in (environment / "bin").glob("python*"):
        name.unlink()
    program.symlink_to(store / "cpython-3" / "bin" / base.name)
    found = await place.evaluation("result(1.0, public={'prefix': sys.prefix})", python=str(program))
    assert found.public_metrics == {"prefix": str(environment)}, found.error


def test_a_name_that_is_a_script_is_asked_for_the_interpreter_behind_it(tmp_path: Path) -> None:
    shim = tmp_path / "python"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    shim.chmod(0o755)
    found = interpreters.named(str(shim))
    assert found.program == sys.executable
    assert set(found.folders) >= {Path(sys.prefix), Path(sys.base_prefix)}


async def test_tools_on_the_path_in_the_home_folder_work(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    tools, toolchain = place.home / ".cargo" / "bin", place.home / ".rustup" / "toolchains"
    tools.mkdir(parents=True)
    toolchain.mkdir(parents=True)
    (place.home / ".cargo" / "credentials.toml").write_text("secret")
    (toolchain / "version").write_text("1.80")
    (tools / "toyc").write_text('#!/bin/sh\ncat "$HOME/.rustup/toolchains/version"\n')
    (tools / "toyc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    expression = (
        "[__import__('subprocess').run(['toyc'], capture_output=True, text=True, check=True).stdout, "
        f"os.path.exists({str(place.home / '.cargo' / 'credentials.toml')!r})]"
    )
    assert await place.told(expression) == ["1.80", False]
