"""Programs that evaluators call: the folders of PATH that lie in the home folder, and where their tools live."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from shinka_core.launch.interpreters import steps

# A folder of PATH by its place in the home folder, and what its programs need; none of it holds a key.
# (`~/.cargo` itself may hold one.)
_HOMES = {
    ".cargo/bin": (".rustup",),
    ".elan/bin": (".elan",),
    ".juliaup/bin": (".juliaup", ".julia"),
    ".ghcup/bin": (".ghcup",),
    ".pyenv/shims": (".pyenv",),
    ".pyenv/bin": (".pyenv",),
    ".rbenv/shims": (".rbenv",),
    ".volta/bin": (".volta",),
    ".swiftly/bin": (".swiftly", ".local/share/swiftly"),
    ".dotnet": (".dotnet",),
    ".deno/bin": (".deno/bin",),
    ".bun/bin": (".bun/bin",),
}
# Version managers that put a whole installation behind each folder of PATH.
_INSTALLATIONS = (".nvm", ".sdkman", ".opam", ".asdf", ".local/share/mise", "miniconda3", "anaconda3", "miniforge3")
_LISTS = ("PATH", "LD_LIBRARY_PATH")


def tool_folders(environment: Mapping[str, str], home: Path) -> list[Path]:
    """What the variables name below the home folder, and what belongs to it; as named and without links."""
    named = [Path(os.path.abspath(entry)) for name in _LISTS for entry in environment.get(name, "").split(":") if entry]
    wanted: list[Path] = []
    for folder in named:
        if not folder.is_relative_to(home) or folder == home:
            continue
        inside = folder.relative_to(home)
        wanted.append(folder)
        wanted += [home / place for place in _HOMES.get(inside.as_posix(), ())]
        if inside.as_posix().startswith(tuple(f"{place}/" for place in _INSTALLATIONS)) and len(inside.parts) > 2:
            wanted.append(folder.parent)
    return list(dict.fromkeys(step for folder in wanted for step in steps(folder) if step.is_dir()))
