"""Task folders of OpenEvolve and SkyDiscover as they are: their program, their evaluator, and what their settings come to.

Such a folder has `initial_program.<ext>`, and `evaluator.py` with a function `evaluate(program_path)`, or a folder
`evaluator` that holds one, or an `evaluate.sh` that prints JSON. Its `config.yaml` is taken over; an `evolve.yaml` beside it
says more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.terminal.settings_file import read_settings, section_of, yaml_of
from shinka_core.config.open_evolve import OF_THE_MODELS, is_theirs, taken_over
from shinka_core.edit.languages import known_language
from shinka_core.errors import ConfigError
from shinka_core.launch.contract import IN_A_CONTAINER, SHELL_FOLDER, SHELL_SCRIPT, is_function, prints_json

THEIR_SETTINGS = "config.yaml"
PROGRAMS = ("initial_program", "initial_prompt")
EVALUATOR = "evaluator.py"
OUR_EVALUATOR = "evaluate.py"
_OF_NO_PROGRAM = frozenset({".pyc", ".bak", ".orig", ".md", ".log", ".json", ".yaml"})


@dataclass(frozen=True, slots=True)
class ForeignTask:
    """A task folder of another system.

    Attributes:
        system: Whose.
        program: Its seed program, by its name in the folder.
        evaluator: What evaluates, by its path in the folder.
    """

    system: str
    program: str
    evaluator: str

    @property
    def in_words(self) -> str:
        """What kind of task it is, and how it is run."""
        how = "whose evaluate(program_path) is called" if self.evaluator.endswith(".py") else "which prints JSON"
        return f"a task of {self.system}: program {self.program}, evaluator {self.evaluator}, {how}"


@dataclass(frozen=True, slots=True)
class Read:
    """The sections of a settings file in this project's words.

    Attributes:
        notes: What a person may wonder about, in sentences.
        of_their_models: Fields of the section `evolution` that go with the models of another system's file.
    """

    sections: dict[str, Any]
    notes: tuple[str, ...] = ()
    of_their_models: frozenset[str] = frozenset()


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
        place = folder / THEIR_SETTINGS
        theirs, file = yaml_of(place, required=False), place
        theirs = theirs if theirs is not None and is_theirs(theirs) else None
    else:
        ours, task = {}, find_foreign_task(folder)
    return _joined(folder, file, ours, theirs, task)


def find_foreign_task(folder: Path) -> ForeignTask | None:
    """The task of another system that a folder holds; None where there is none, or one of this project.

    Raises:
        ConfigError: Its evaluator runs in a container alone.
    """
    programs = sorted(
        path
        for pattern in PROGRAMS
        for path in folder.glob(f"{pattern}.*")
        if path.is_file() and path.suffix.lower() not in _OF_NO_PROGRAM and path.stem == pattern
    )
    if len(programs) != 1 or any(folder.glob("[iI][nN][iI][tT][iI][aA][lL].*")) or (folder / OUR_EVALUATOR).is_file():
        return None
    inside = folder / SHELL_FOLDER
    for place in (folder / EVALUATOR, inside / EVALUATOR):
        if place.is_file() and is_function(place.read_bytes()):
            system = "OpenEvolve" if place.parent == folder else "SkyDiscover"
            return ForeignTask(system, programs[0].name, str(place.relative_to(folder)))
    if not inside.is_dir():
        return None
    script = inside / SHELL_SCRIPT
    text = script.read_text(encoding="utf-8", errors="replace") if script.is_file() else ""
    if prints_json(script, text) and not IN_A_CONTAINER.search(text):
        return ForeignTask("SkyDiscover", programs[0].name, f"{SHELL_FOLDER}/{SHELL_SCRIPT}")
    if (inside / "Dockerfile").is_file():
        raise ConfigError(
            f"the evaluator of {str(folder)!r} is made for a container ({SHELL_FOLDER}/Dockerfile), and none is run here; give "
            f"one that runs on this machine: {SHELL_FOLDER}/{EVALUATOR} with evaluate(program_path), or --evaluate FILE"
        )
    return None


def without_their_models(read: Read, evolution: dict[str, Any]) -> None:
    """Takes out of the section what goes with models that another system's file named, when others are named instead."""
    for name in read.of_their_models:
        evolution.pop(name, None)


def _joined(
    folder: Path, file: Path, ours: dict[str, Any], theirs: dict[str, Any] | None, task: ForeignTask | None
) -> Read:
    """The sections that say more, over what is taken over, over where program and evaluator lie."""
    found = taken_over(theirs or {})
    sections = (
        {"evolution": found.evolution, "job": found.job, "database": found.database} if theirs is not None else {}
    )
    evolution, job = sections.setdefault("evolution", {}), sections.setdefault("job", {})
    notes: list[str] = []
    if task is not None:
        evolution["init_program_path"], job["eval_program_path"] = task.program, task.evaluator
        language = (theirs or {}).get("language")
        if known_language(folder / task.program) is None and isinstance(language, str):
            evolution["language"] = language
        notes.append(task.in_words)
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
    return Read(
        {**ours, **{name: fields for name, fields in sections.items() if fields}}, tuple(notes), of_their_models
    )
