"""Task folders of OpenEvolve and SkyDiscover as they are: their program, their evaluator, and what their settings come to.

Such a folder has `initial_program.<ext>`, and `evaluator.py` (or `evaluate.py`) with a function `evaluate(program_path)`, or
a folder `evaluator` that holds one, or an `evaluate.sh` that prints JSON. One of the two may have the name that it has here.
Its `config.yaml` is taken over; an `evolve.yaml` beside it says more than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.terminal.settings_file import read_settings, section_of, yaml_of
from shinka_core.config.open_evolve import OF_THE_MODELS, is_theirs, taken_over
from shinka_core.edit.languages import known_language
from shinka_core.errors import ConfigError
from shinka_core.launch.contract import IN_A_CONTAINER, SHELL_FOLDER, SHELL_SCRIPT, is_function, prints_json

THEIR_SETTINGS = ("config.yaml", "config.yml")
PROGRAMS = ("initial_program", "init_program", "initial_prompt")
EVALUATOR = "evaluator.py"
OUR_EVALUATOR = "evaluate.py"
_NO_PROGRAM = frozenset({".pyc", ".bak", ".orig", ".log"})
# What explains or sets something as a rule, and is the program where there is nothing else.
_SELDOM_A_PROGRAM = frozenset({".md", ".json", ".yaml"})
_OF_A_SCRIPT = "results_dir"


@dataclass(frozen=True, slots=True)
class ForeignTask:
    """A task folder of another system.

    Attributes:
        system: Whose.
        program: Its seed program, by its name in the folder; None where it has the name that it has here.
        evaluator: What evaluates, by its path in the folder; None where there is none that can be run.
        lacks: By the setting that would name it, why program or evaluator cannot be told.
    """

    system: str
    program: str | None
    evaluator: str | None
    lacks: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def in_words(self) -> str:
        """What kind of task it is, and how it is run."""
        parts = [f"program {self.program}"] if self.program else []
        if self.evaluator:
            parts.append(f"evaluator {self.evaluator}")
            if not self.evaluator.endswith(".py"):
                parts.append("which prints JSON")
            elif self.evaluator != OUR_EVALUATOR:
                parts.append("whose evaluate(program_path) is called")
        return f"a task of {self.system}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Read:
    """The sections of a settings file in this project's words.

    Attributes:
        notes: What a person may wonder about, in sentences.
        of_their_models: Fields of the section `evolution` that go with the models of another system's file.
        lacks: Why the program or the evaluator of the folder cannot be told, by the setting that would name it.
    """

    sections: dict[str, Any]
    notes: tuple[str, ...] = ()
    of_their_models: frozenset[str] = frozenset()
    lacks: Mapping[str, str] = field(default_factory=dict[str, str])

    def check(self, *, initial: bool, evaluate: bool) -> None:
        """Whether a run can begin with what the folder holds.

        Args:
            initial: Whether the program is named elsewhere; `evaluate`: the evaluator.

        Raises:
            ConfigError: It cannot.
        """
        for name, said in (("init_program_path", initial), ("eval_program_path", evaluate)):
            if not said and name in self.lacks:
                raise ConfigError(self.lacks[name])


def read_task(folder: Path, file: Path, *, required: bool) -> Read:
    """The settings of a task folder, whoever it was made for.

    Args:
        file: The settings file that counts; `evolve.yaml` of the folder unless another is named.
        required: Whether it was named.

    Raises:
        ConfigError: The file is wrong, or the folder wants what there is not.
    """
    theirs = yaml_of(file, required=required)
    if theirs is None or not is_theirs(theirs):
        ours = read_settings(file, required=required)
        task = find_foreign_task(folder)
        if task is None:
            return Read(ours)
        theirs, file, others = _their_settings(folder)
    else:
        ours, task, others = {}, find_foreign_task(folder), ""
    return _joined(folder, file, ours, theirs, task, others)


def find_foreign_task(folder: Path) -> ForeignTask | None:
    """The task of another system that a folder holds; None where there is none, or one of this project."""
    programs, initial = _programs(folder), any(folder.glob("[iI][nN][iI][tT][iI][aA][lL].*"))
    if (initial and (folder / OUR_EVALUATOR).is_file()) or not folder.is_dir():
        return None
    system, evaluator, lack = _evaluator(folder)
    if not programs and (evaluator is None or evaluator == OUR_EVALUATOR) and not (initial and lack):
        return None
    lacks = {"eval_program_path": lack} if lack else {}
    if len(programs) > 1 and not initial:
        lacks["init_program_path"] = (
            f"{str(folder)!r} holds several seed programs ({', '.join(programs)}); choose with --initial, or take all but "
            "one out"
        )
    return ForeignTask(system, programs[0] if programs and not initial else None, evaluator, lacks)


def _programs(folder: Path) -> list[str]:
    """The files that may be the seed program, of the first name under which there are any."""
    for stem in PROGRAMS:
        found = sorted(
            path
            for path in folder.glob(f"{stem}.*")
            if path.is_file() and path.suffix.lower() not in _NO_PROGRAM and path.stem == stem
        )
        likely = [path for path in found if path.suffix.lower() not in _SELDOM_A_PROGRAM]
        if found:
            return [path.name for path in likely or found]
    return []


def _evaluator(folder: Path) -> tuple[str, str | None, str]:
    """Whose evaluator there is, its path in the folder, and why there is none that can be run here."""
    inside, ours = folder / SHELL_FOLDER, folder / OUR_EVALUATOR
    for place in (folder / EVALUATOR, ours, inside / EVALUATOR, inside / OUR_EVALUATOR):
        if place.is_file() and is_function(place.read_bytes()):
            system = "OpenEvolve" if place.parent == folder else "SkyDiscover"
            return system, str(place.relative_to(folder)), ""
    for place in (ours, folder / EVALUATOR):
        if place.is_file() and (place == ours or _OF_A_SCRIPT in place.read_text(encoding="utf-8", errors="replace")):
            return "OpenEvolve", place.name, ""
    script = inside / SHELL_SCRIPT
    text = script.read_text(encoding="utf-8", errors="replace") if script.is_file() else ""
    if prints_json(script, text) and not IN_A_CONTAINER.search(text):
        return "SkyDiscover", f"{SHELL_FOLDER}/{SHELL_SCRIPT}", ""
    if (inside / "Dockerfile").is_file():
        lack = (
            f"the evaluator of {str(folder)!r} is made for a container ({SHELL_FOLDER}/Dockerfile), and none is run here; give "
            f"one that runs on this machine: {SHELL_FOLDER}/{EVALUATOR} with evaluate(program_path), or --evaluate FILE"
        )
        return "SkyDiscover", None, lack
    there = next((place for place in (folder / EVALUATOR, inside / EVALUATOR) if place.is_file()), None)
    if there is None:
        return "OpenEvolve", None, ""
    lack = (
        f"{str(there)!r} has no function evaluate(program_path) for others to call, and takes no results_dir as a script; "
        "define it at the top level of the file, or name another evaluator with --evaluate"
    )
    return "OpenEvolve", None, lack


def _their_settings(folder: Path) -> tuple[dict[str, Any] | None, Path, str]:
    """The settings file of the folder: `config.yaml`, or the only one whose name begins so; and what others there are."""
    for name in THEIR_SETTINGS:
        if (folder / name).is_file():
            theirs = yaml_of(folder / name, required=False)
            return (theirs if theirs is not None and is_theirs(theirs) else None), folder / name, ""
    several = sorted(path for ending in ("yaml", "yml") for path in folder.glob(f"config*.{ending}"))
    if len(several) == 1:
        theirs = yaml_of(several[0], required=False)
        return (theirs if theirs is not None and is_theirs(theirs) else None), several[0], ""
    others = ", ".join(path.name for path in several)
    return None, folder / THEIR_SETTINGS[0], others and f"none of {others} is taken; name one with --config"


def without_their_models(read: Read, evolution: dict[str, Any]) -> None:
    """Takes out of the section what goes with models that another system's file named, when others are named instead."""
    for name in read.of_their_models:
        evolution.pop(name, None)


def _joined(
    folder: Path, file: Path, ours: dict[str, Any], theirs: dict[str, Any] | None, task: ForeignTask | None, others: str
) -> Read:
    """The sections that say more, over what is taken over, over where program and evaluator lie."""
    found = taken_over(theirs or {})
    sections = (
        {"evolution": found.evolution, "job": found.job, "database": found.database} if theirs is not None else {}
    )
    evolution, job = sections.setdefault("evolution", {}), sections.setdefault("job", {})
    notes: list[str] = []
    if task is not None:
        if task.program is not None:
            evolution["init_program_path"] = task.program
            language = (theirs or {}).get("language")
            if known_language(folder / task.program) is None and isinstance(language, str):
                evolution["language"] = language
        if task.evaluator is not None:
            job["eval_program_path"] = task.evaluator
        notes.append(task.in_words)
        notes += [others] if others else []
    if theirs is not None:
        notes.append(f"taken from {file.name}: {', '.join(found.taken) or 'nothing'}")
        if found.left_out:
            notes.append(f"left out of {file.name}: {', '.join(found.left_out)}")
    of_their_models = frozenset(OF_THE_MODELS) & evolution.keys()
    if "llm_models" in (said := section_of(ours, "evolution")):
        without_their_models(Read({}, (), of_their_models), evolution)
    of_their_models -= said.keys()
    for name in ("evolution", "job", "database"):
        if laid := {**sections.get(name, {}), **section_of(ours, name)}:
            sections[name] = laid
    named = {*section_of(ours, "evolution"), *section_of(ours, "job")}
    lacks = {} if task is None else {name: why for name, why in task.lacks.items() if name not in named}
    laid_out = {**ours, **{name: fields for name, fields in sections.items() if fields}}
    return Read(laid_out, tuple(notes), of_their_models, lacks)
