"""How a run is to be opened: begun as it is given, or continued with what is kept of it; decided before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shinka_core.checks import check_evaluator, check_settings, check_values, checked_seed_program
from shinka_core.config import EvolutionConfig
from shinka_core.database.known import KnownRun
from shinka_core.edit import language_of
from shinka_core.errors import ConfigError, EvolutionExistsError
from shinka_core.fingerprint import EVALUATOR, changed_files, digest_of, evaluator_digests
from shinka_core.seed_program import SeedProgram
from shinka_core.settings import Change, Resume, RunSettings, absolute, changes, kept, restored
from shinka_core.source_text import plain

ELSEWHERE = "start a new run in another results folder (--results)"
BACK = f"put back what was there, {ELSEWHERE}"
ACCEPT = "go on all the same with accept_changes (--accept-changes)"
AGAIN = "evaluator or seed program have changed, and nothing was correct so far: the seed program is evaluated again"


@dataclass(frozen=True, slots=True)
class Opening:
    """What is to be opened.

    Attributes:
        settings: Complete, with absolute paths.
        keep: What is kept of the settings with the run.
        known: What the database knows of the run; None when it begins.
        changes: Settings that are not what they were.
        accepted: What has changed and is put up with, as sentences.
        reseed: Seed program or evaluator has changed while nothing was correct: the seed program is evaluated again.
    """

    settings: RunSettings
    seed_program: SeedProgram
    keep: dict[str, Any]
    known: KnownRun | None = None
    changes: tuple[Change, ...] = ()
    accepted: tuple[str, ...] = ()
    reseed: bool = False


def prepare(given: RunSettings, known: KnownRun | None, resume: Resume) -> Opening:
    """Decides how a run is opened.

    Args:
        given: As the user gave them; of a run that is continued, what counts is what was set.
        known: The evolution of that name, or None when the database has none.

    Raises:
        ConfigError: A setting is wrong, or cannot be changed; each is named.
        EvolutionExistsError: The run is there and `resume` is off, or another process runs it.
        pydantic.ValidationError: The settings contradict each other.
    """
    if known is None:
        return _begin(given, None)
    if known.owner:
        raise EvolutionExistsError(
            f"evolution {known.name!r} is being run by {known.owner}; stop that, or wait for its end"
        )
    if resume is Resume.NO:
        if not known.in_vain:
            raise EvolutionExistsError(
                f"evolution {known.name!r} is already in the database; continue it with resume (--resume), "
                "or choose another name or results folder"
            )
        return _begin(given, known)
    if "database" not in known.settings and known.islands and "num_islands" not in given.database.model_fields_set:
        # An older version kept no settings of the database; the islands are in its tables.
        given = replace(given, database=given.database.model_copy(update={"num_islands": known.islands}))
    settings = absolute(restored(known.settings, given, again=resume is Resume.AGAIN))
    return _continue(_where_files_are(settings, absolute(given)), known)


def _begin(given: RunSettings, known: KnownRun | None) -> Opening:
    """Also of a run of which nothing has come: it is begun over."""
    settings = absolute(given)
    seed_program = check_settings(settings)
    return Opening(settings, seed_program, kept(settings) | _digests(settings), known, reseed=known is not None)


def _continue(settings: RunSettings, known: KnownRun) -> Opening:
    check_values(settings)
    _check_moved(settings, known)
    digests = _digests(settings)
    if "seed_program" not in digests and "seed_program" in known.settings:
        digests["seed_program"] = known.settings["seed_program"]  # its file is gone, and not needed any more
    if known.in_vain:
        found = changes(known.settings, settings)
        seed_program = checked_seed_program(settings)
        return Opening(
            settings, seed_program, kept(settings) | digests, known, tuple(found), reseed=_differs(known, digests)
        )
    differences = list(_other_contents(settings, known, digests))
    refused = list(_unchangeable(settings, known))
    if differences and known.correct and not settings.accept_changes:
        refused.append(f"{'; '.join(differences)}; {BACK}, or {ACCEPT}")
    if refused:
        raise ConfigError("; ".join(refused))
    return Opening(
        settings,
        _seed_program(settings, known),
        kept(settings) | digests,
        known,
        tuple(changes(known.settings, settings)),
        accepted=tuple(differences) if known.correct else (AGAIN,) if differences else (),
        reseed=bool(differences) and not known.correct,
    )


def _digests(settings: RunSettings) -> dict[str, Any]:
    evaluator, program = Path(settings.job.eval_program_path), Path(settings.evolve.init_program_path)
    digests: dict[str, Any] = {"evaluator": evaluator_digests(evaluator)}
    return digests | ({"seed_program": digest_of(program)} if program.exists() else {})


def _differs(known: KnownRun, digests: Mapping[str, Any]) -> bool:
    return any(known.settings.get(part) != digests.get(part) for part in ("evaluator", "seed_program"))


def _where_files_are(settings: RunSettings, given: RunSettings) -> RunSettings:
    """Looks where the task would be now, when it is not any more where it was."""
    there = Path(settings.job.eval_program_path).is_file()
    if there or not Path(given.job.eval_program_path).is_file():
        return settings
    evolve = settings.evolve
    if not Path(evolve.init_program_path).exists():
        evolve = evolve.model_copy(update={"init_program_path": given.evolve.init_program_path})
    job = settings.job.model_copy(update={"eval_program_path": given.job.eval_program_path})
    return replace(settings, evolve=evolve, job=job)


def _check_moved(settings: RunSettings, known: KnownRun) -> None:
    evaluator = Path(settings.job.eval_program_path)
    if not evaluator.is_file() and str(evaluator) == known.settings.get("job", {}).get("eval_program_path"):
        raise ConfigError(
            f"the evaluator of this run, {str(evaluator)!r}, is not there any more; name the folder where the task is "
            "now: evolve.py TASK --resume, or task_dir, or eval_program_path and init_program_path"
        )
    check_evaluator(settings)


def _unchangeable(settings: RunSettings, known: KnownRun) -> Iterator[str]:
    """Settings on which the run rests, in words, where they are not what they were."""
    before = known.settings.get("evolution", {})
    if "seed" in before and before["seed"] != settings.evolve.seed:
        yield (
            f"seed={settings.evolve.seed} cannot be changed: every choice of this run was drawn from seed={before['seed']}; "
            f"leave it out, or {ELSEWHERE}"
        )
    if known.seed is None:
        return
    program = Path(settings.evolve.init_program_path)
    if program.exists() and program.is_dir() == known.seed.source.single:
        one, other = ("one file", "a folder") if known.seed.source.single else ("folders", "a file")
        yield (
            f"init_program_path={str(program)!r} is {other}, and the programs of this run are {one}; "
            f"put back what was there, or {ELSEWHERE}"
        )
    language = _language(settings.evolve)
    if language is not None and language != known.seed.language:
        yield (
            f"language={language!r} cannot be changed: the programs of this run are {known.seed.language!r}; "
            f"leave it out, or {ELSEWHERE}"
        )
    if settings.database.num_islands < known.islands:
        yield (
            f"num_islands={settings.database.num_islands} cannot be less than before: programs live on {known.islands} "
            f"islands; say {known.islands} or more, or {ELSEWHERE}"
        )


def _other_contents(settings: RunSettings, known: KnownRun, digests: Mapping[str, Any]) -> Iterator[str]:
    """What the scores rest on and is not the same any more, in words."""
    before = known.settings.get("evaluator")
    if before is not None and (files := changed_files(before, digests["evaluator"])):
        evaluator = settings.job.eval_program_path
        names = [evaluator if name == EVALUATOR else str(Path(evaluator).parent / name) for name in files]
        yield (
            f"the evaluator has changed since the programs of this run were scored ({', '.join(names)}), "
            "so scores before and after cannot be compared"
        )
    program = Path(settings.evolve.init_program_path)
    if known.seed is not None and program.exists() and not _same_seed(known, digests, settings):
        yield f"the seed program {str(program)!r} is not the one that this run began with, which stays in it"


def _same_seed(known: KnownRun, digests: Mapping[str, Any], settings: RunSettings) -> bool:
    before = known.settings.get("seed_program")
    if before is not None:
        return bool(before == digests["seed_program"])
    assert known.seed is not None
    # An older version stored the text without its mark, and all line ends alike.
    text = Path(settings.evolve.init_program_path).read_bytes().decode("utf-8", "replace")
    return plain(text) == plain(known.seed.code)


def _language(evolve: EvolutionConfig) -> str | None:
    path = Path(evolve.init_program_path)
    if path.is_dir():
        return None  # each of its files has its own
    try:
        return language_of(path, evolve.language)
    except ConfigError:
        return None


def _seed_program(settings: RunSettings, known: KnownRun) -> SeedProgram:
    """The recorded one, unless it is to be evaluated again or was never recorded."""
    path = Path(settings.evolve.init_program_path)
    if known.seed is None or (not known.correct and path.exists()):
        return checked_seed_program(settings)
    return SeedProgram(known.seed.source, path.suffix)
