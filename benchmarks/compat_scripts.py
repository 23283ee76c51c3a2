"""Runs a peer's own script, `run_evo.py`, on this project: a copy of its folder in which nothing but who is asked, and how long, is changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

SCRIPT = "run_evo.py"
EMBEDDING = "builtin/hashed-ngrams"
_NOBODY: dict[str, Any] = {"meta_llm_models": None, "novelty_llm_models": None, "prompt_llm_models": None}
_LIST = r"\[[^\]]*\]"


def run_script(
    folder: Path, copy: Path, root: Path, *, generations: int, model: str, limit: float
) -> tuple[int | None, str]:
    """The script's exit code and its last words; no code when it was not done in time.

    Args:
        copy: Where the copy is made.
        root: Of this project, from which the script imports `shinka`.
        limit: Seconds.
    """
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    script = copy / SCRIPT
    script.write_text(_shorter(script.read_text(encoding="utf-8"), generations, model), encoding="utf-8")
    for file in copy.glob("*.yaml"):
        _shorten_file(file, generations, model)
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    surroundings |= {"PYTHONPATH": str(root), "PREFECT_HOME": str(copy.parent / "prefect")}
    try:
        done = subprocess.run(
            [sys.executable, SCRIPT],
            cwd=copy,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"not done after {limit:g} s"
    words = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or [""]
    return done.returncode, words[-1]


def _shorter(text: str, generations: int, model: str) -> str:
    """A script that asks nobody else and ends after a few generations."""
    text = re.sub(r"\bnum_generations\s*=\s*\d+", f"num_generations={generations}", text)
    text = re.sub(rf"(?<!\w)llm_models\s*=\s*{_LIST}", f'llm_models=["{model}"]', text)
    text = re.sub(r"\bembedding_model\s*=\s*\"[^\"]*\"", f'embedding_model="{EMBEDDING}"', text)
    for name in _NOBODY:
        text = re.sub(rf"\b{name}\s*=\s*{_LIST}", f"{name}=None", text)
    return text


def _shorten_file(file: Path, generations: int, model: str) -> None:
    settings: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "evo_config" not in settings:
        return
    section: dict[str, Any] = settings["evo_config"]
    section |= {"num_generations": generations, "llm_models": [model], "embedding_model": EMBEDDING}
    section |= {name: None for name in _NOBODY if name in section}
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
