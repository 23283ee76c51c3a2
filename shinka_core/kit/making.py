"""A task folder from a template: it runs at once, and is there to be changed into one's own."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from shinka_core.edit.languages import canonical, nearest
from shinka_core.errors import ConfigError
from shinka_core.kit.languages import PYTHON, WAYS, Way

SUFFIX = ".tpl"
_SINE = (
    "Approximate sin(x) for x between 0 and pi, with additions and multiplications alone.",
    "The score is minus the decimal logarithm of the largest error at 101 points.",
)
_TASKS = {
    "python": (*_SINE, "run(points) must return a list of finite numbers, one for each point."),
    "function": (*_SINE, "approximate(x) must return a finite number."),
    "any": (*_SINE, "The program reads numbers, a line each, and prints one number for each."),
    "package": (
        *_SINE,
        "run(points) of main.py must return a list of finite numbers; halving.py and series.py may change.",
    ),
    "prompt": (
        "Improve the prompt of a model that sorts messages of customers into billing, technical and sales.",
        "The score is the share of messages that are answered rightly. The prompt has at most 4000 characters.",
    ),
}
_WHAT = {
    "python": "a function that `evaluate.py` imports and calls.",
    "function": "a function that `evaluate(program_path)` in `evaluate.py` loads and calls.",
    "any": "a program that `evaluate.py` builds and runs as a process, numbers in, numbers out.",
    "package": "a folder of modules; `main.py` is called, and two others may change.",
    "prompt": "a prompt in Markdown; `evaluate.py` asks a stand-in for a model with it.",
}
TEMPLATES = tuple(_TASKS)
_INITIAL = {"python": "initial.py", "function": "initial.py", "package": "initial/", "prompt": "initial.md"}


@dataclass(frozen=True, slots=True)
class Made:
    """A task folder that was made.

    Attributes:
        files: Paths inside of it, in order.
        missing: The program that builds or runs it, where it is not on this machine's PATH; else "".
    """

    folder: Path
    template: str
    language: str
    files: tuple[str, ...]
    missing: str = ""


def make_task(folder: Path, template: str, language: str | None = None, *, commands: str = "") -> Made:
    """Writes a task folder.

    Args:
        language: Of the program of the template `any`; C++ when it is not said.
        commands: For the README: how to run it.

    Raises:
        ConfigError: The folder holds something, there is no such template or no program in that language, or it cannot be
            written.
    """
    way = _way(template, language)
    name = Path(os.path.abspath(folder)).name  # of `.` as well
    if not re.fullmatch(r"[^\x00-\x1f\x7f/\\]+", name):
        raise ConfigError(f"{name!r} is no name for a task folder; choose letters, digits and underscores")
    _refuse_full(folder)
    words = _words(template, way, name, commands)
    texts = {path: _filled(text, words) for path, text in _texts(template).items()}
    if template == "any":
        texts[way.file] = way.program
    try:
        for path, text in texts.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise ConfigError(f"{str(folder)!r} cannot be written ({error.strerror}); name another folder") from error
    needs = (way.build or way.run)[0] if template == "any" else ""
    missing = needs if needs and needs != PYTHON and shutil.which(needs) is None else ""
    return Made(folder, template, way.language if template == "any" else "", tuple(sorted(texts)), missing)


def _refuse_full(folder: Path) -> None:
    try:
        if not folder.exists():
            return
        if folder.is_dir() and not any(folder.iterdir()):
            return
    except OSError as error:
        raise ConfigError(f"{str(folder)!r} cannot be written ({error.strerror}); name another folder") from error
    holds = "is there already and holds something" if folder.is_dir() else "is a file"
    raise ConfigError(f"{str(folder)!r} {holds}; nothing is overwritten: name another folder")


def _way(template: str, language: str | None) -> Way:
    if template not in TEMPLATES:
        raise ConfigError(f"template={template!r} is none; known: {', '.join(TEMPLATES)}")
    if language is None:
        return WAYS["cpp"]
    if template != "any":
        raise ConfigError(
            f"language={language!r} is for the template any, and this is {template}; leave one of them out"
        )
    known = canonical(language)
    if known not in WAYS:
        near = "" if known is not None else nearest(language)
        raise ConfigError(
            f"there is no program in language={language!r} here; {f'did you mean {near!r}? ' if near else ''}known: "
            f"{', '.join(WAYS)}. For another one take any of them, and change BUILD and RUN in its evaluate.py"
        )
    return WAYS[known]


def _words(template: str, way: Way, name: str, commands: str) -> dict[str, str]:
    """What stands in the place of `@WORD@`."""
    network = "  # network: true            # where a model is asked by the evaluator\n  # env: {OPENAI_API_KEY: $OPENAI_API_KEY}\n"
    return {
        "NAME": name.replace("\\", "").replace('"', "'"),
        "LANGUAGE": way.language,
        "BUILD": json.dumps(list(way.build)),
        "RUN": json.dumps(list(way.run)),
        "INITIAL": way.file if template == "any" else _INITIAL[template],
        "TASK": "\n".join(f"    {line}" for line in _TASKS[template]),
        "TIME": "90" if template == "any" else "30",
        "NETWORK": network if template == "prompt" else "",
        "WHAT": _WHAT[template],
        "COMMANDS": commands,
    }


def _filled(text: str, words: dict[str, str]) -> str:
    return re.sub(r"@([A-Z]+)@", lambda match: words.get(match[1], match[0]), text)


def _texts(template: str) -> dict[str, str]:
    """Texts of a template by their paths in the task folder."""
    root = files("shinka_core.kit") / "templates"
    shared = {path.name: path for path in root.iterdir() if path.is_file()}
    return {
        path.removesuffix(SUFFIX): place.read_text(encoding="utf-8")
        for path, place in {**shared, **_below(root / template)}.items()
        if path.endswith(SUFFIX)
    }


def _below(folder: Traversable, prefix: str = "") -> dict[str, Traversable]:
    found: dict[str, Traversable] = {}
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        found |= _below(entry, f"{path}/") if entry.is_dir() else {path: entry}
    return found
