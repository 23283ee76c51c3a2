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
from shinka_core.config.open_evolve import is_theirs, taken_over
from shinka_core.edit.languages import known_language
from shinka_core.errors import ConfigError
from shinka_core.launch.contract import IN_A_CONTAINER, SHELL_FOLDER, SHELL_SCRIPT, is_function, prints_json

THEIR_SETTINGS = "config.yaml"
PROGRAM = "initial_program"
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


@dataclass(frozen=True, slots=True)
class Read:
    """The sections of a settings file in this project's words.

    Attributes:
        notes: What a person may wonder about, in sentences.
    """

    sections: dict[str, Any]
    notes: tuple[str, ...] = ()


def read_task(folder: Path, file: Path, *, required: bool, with_models: bool = True) -> Read:
    """The settings of a task folder, whoever it was made for.

    Args:
        file: The settings file that counts; `evolve.yaml` of the folder unless another is named.
        required: Whether it was named.
        with_models: Whether models that another system's file names count; not when others are named.

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
    return _joined(folder, file, ours, theirs, task, with_models=with_models)


def find_foreign_task(folder: Path) -> ForeignTask | None:
    """The task of another system that a folder holds; None where there is none, or one of this project.

    Raises:
        ConfigError: Its evaluator runs in a container alone.
    """
    programs = sorted(
        path
        for path in folder.glob(f"{PROGRAM}.*")
        if path.is_file() and path.suffix.lower() not in _OF_NO_PROGRAM and path.stem == PROGRAM
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


def _joined(
    folder: Path,
    file: Path,
    ours: dict[str, Any],
    theirs: dict[str, Any] | None,
    task: ForeignTask | None,
    *,
    with_models: bool,
) -> Read:
    """The sections that say more, over what is taken over, over where program and evaluator lie."""
    found = taken_over(theirs or {}, with_models=with_models) if theirs is not None else None
    sections: dict[str, dict[str, Any]] = {"evolution": {}, "job": {}, "database": {}}
    notes: list[str] = []
    if found is not None:
        sections = {"evolution": found.evolution, "job": found.job, "database": found.database}
    if task is not None:
        sections["evolution"]["init_program_path"] = task.program
        sections["job"]["eval_program_path"] = task.evaluator
        language = (theirs or {}).get("language")
        if known_language(folder / task.program) is None and isinstance(language, str):
            sections["evolution"]["language"] = language
        how = (
            "its evaluate(program_path) is called"
            if task.evaluator.endswith(".py")
            else "called with the program, prints JSON"
        )
        notes.append(
            f"an {task.system} task: program {task.program}, evaluator {task.evaluator} ({how})".replace(
                "an Sky", "a Sky"
            )
        )
    if found is not None:
        notes.append(f"taken from {file.name}: {', '.join(found.taken) or 'nothing'}")
        if found.left_out:
            models = "" if with_models else " (models as named)"
            notes.append(f"left out of {file.name}{models}: {', '.join(found.left_out)}")
    for name, fields in sections.items():
        laid = section_of(ours, name)
        if name == "evolution" and "llm_models" in laid and "llm_weights" not in laid:
            fields.pop("llm_weights", None)  # they belonged to the models of the other file
        fields.update(laid)
    rest = {name: value for name, value in ours.items() if name not in sections}
    return Read({**{name: fields for name, fields in sections.items() if fields}, **rest}, tuple(notes))
