"""How a run is to be opened: begun as it is given, or continued with what is kept of it; decided before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shinka_core.checks import (
    check_evaluator,
    check_settings,
    check_starting,
    check_values,
    checked_seed_program,
    checked_seed_programs,
)
from shinka_core.config import EvolutionConfig
from shinka_core.config.database import with_islands
from shinka_core.database.known import KnownRun
from shinka_core.edit import language_of
from shinka_core.errors import ConfigError, EvolutionExistsError, EvolutionTakenMeanwhileError
from shinka_core.fingerprint import EVALUATOR, changed_files, digest_of, evaluator_digests
from shinka_core.seed_program import SeedProgram
from shinka_core.seeds import KEPT, Seed, seeds_of
from shinka_core.settings import (
    Change,
    Resume,
    RunSettings,
    absolute,
    changes,
    differing,
    joined,
    kept,
    restored,
)
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
        seed_program: The first of the programs to begin with.
        seeds: The seed programs, without those of earlier runs when they are still to be looked for.
        given: The programs that were given, read now; none when all are in the record.
        keep: What is kept of the settings with the run.
        known: What the database knows of the run; None when it begins.
        changes: Settings that are not what they were.
        accepted: What has changed and is put up with, as sentences.
        reseed: Seed program or evaluator has changed while nothing was correct: the seed program is evaluated again.
        joins: Others are at it, and nothing of it is changed.
    """

    settings: RunSettings
    seed_program: SeedProgram
    seeds: tuple[Seed, ...]
    given: tuple[SeedProgram, ...]
    keep: dict[str, Any]
    known: KnownRun | None = None
    changes: tuple[Change, ...] = ()
    accepted: tuple[str, ...] = ()
    reseed: bool = False
    joins: bool = False


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
    if resume is Resume.JOIN and known.about_to_share:
        raise EvolutionTakenMeanwhileError(f"evolution {known.name!r} is being opened by {known.owner} at this moment")
    if resume is Resume.JOIN and known.shared:
        return _take_part(given, known)
    if known.owner and resume is Resume.JOIN:
        raise EvolutionExistsError(
            f"evolution {known.name!r} is being run by {known.owner} alone; stop that and start it again as one that "
            "others may join (--join), or wait for its end"
        )
    if known.owner and known.shared:
        raise EvolutionExistsError(
            f"evolution {known.name!r} is being run by {known.owner}; take part in it (--join), or wait for their end"
        )
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
    islands = with_islands(settings.database, settings.evolve.num_generations, len(_seeds(settings.evolve)))
    settings = replace(settings, database=islands)
    programs = check_settings(settings)
    keep = kept(settings) | _digests(settings)
    return Opening(
        settings, programs[0], _seeds(settings.evolve), tuple(programs), keep, known, reseed=known is not None
    )


def _continue(settings: RunSettings, known: KnownRun) -> Opening:
    check_values(settings)
    _check_moved(settings, known)
    digests = _digests(settings)
    if "seed_program" not in digests and "seed_program" in known.settings:
        digests["seed_program"] = known.settings["seed_program"]  # its file is gone, and not needed any more
    if known.in_vain:
        found = changes(known.settings, settings)
        check_starting(settings.evolve)
        programs, seeds = checked_seed_programs(settings), _seeds(settings.evolve)
        reseed = _differs(known, digests) or _begins_otherwise(known, settings.evolve, seeds)
        keep = kept(settings) | digests
        return Opening(settings, programs[0], seeds, tuple(programs), keep, known, tuple(found), reseed=reseed)
    differences = list(_other_contents(settings, known, digests))
    refused = list(_unchangeable(settings, known))
    if differences and known.correct and not settings.accept_changes:
        refused.append(f"{'; '.join(differences)}; {BACK}, or {ACCEPT}")
    if refused:
        raise ConfigError("; ".join(refused))
    return Opening(
        settings,
        _seed_program(settings, known),
        seeds_of(known.settings),
        (),
        kept(settings) | digests,
        known,
        tuple(changes(known.settings, settings)),
        accepted=tuple(differences) if known.correct else (AGAIN,) if differences else (),
        reseed=bool(differences) and not known.correct,
    )


def _take_part(given: RunSettings, known: KnownRun) -> Opening:
    """With the settings of those who are at it: one that says others would make two searches of one."""
    mine = absolute(given)
    refused = [
        f"{change.field}={change.after!r}, and the others have {change.before!r}"
        for change in differing(known.settings, mine)
    ]
    if refused:
        raise ConfigError(
            f"the drivers of evolution {known.name!r} go by the settings that are kept with it, and this one says "
            f"{'; '.join(refused)}; leave that out"
        )
    settings = absolute(joined(known.settings, mine))
    check_values(settings)
    check_evaluator(settings)
    differences = list(_other_contents(settings, known, _digests(settings)))
    if known.seed is None and not settings.evolve.bootstrap.from_task:
        was, now = known.settings.get("seed_program"), _digests(settings).get("seed_program")
        if was != now:
            differences.append(
                f"the seed program {settings.evolve.init_program_path!r} is not the one that the others have"
            )
    if differences:
        raise ConfigError(f"{'; '.join(differences)}; take part with the same task folder as the others")
    return Opening(settings, _seed_program(settings, known), seeds_of(known.settings), (), {}, known, joins=True)


def _digests(settings: RunSettings) -> dict[str, Any]:
    evaluator, program = Path(settings.job.eval_program_path), Path(settings.evolve.init_program_path)
    digests: dict[str, Any] = {"evaluator": evaluator_digests(evaluator)}
    return digests | ({"seed_program": digest_of(program)} if program.exists() else {})


def _seeds(evolve: EvolutionConfig) -> tuple[Seed, ...]:
    """Those of the settings; programs of earlier runs come before those that are to be written."""
    bootstrap, path = evolve.bootstrap, Path(evolve.init_program_path)
    first = (
        Seed("bootstrap", "task description") if bootstrap.from_task else Seed("initial", str(path), digest_of(path))
    )
    others = [Seed("initial", path, digest_of(Path(path))) for path in evolve.more_init_programs]
    written = [Seed("bootstrap")] * (bootstrap.count - (first.written and bootstrap.count > 0))
    return (first, *others, *written)


def _begins_otherwise(known: KnownRun, evolve: EvolutionConfig, seeds: tuple[Seed, ...]) -> bool:
    """Whether a run of which nothing has come is to begin with other programs than before."""
    if KEPT not in known.settings:
        return len(seeds) > 1
    before = known.settings.get("evolution", {}).get("warm_start")
    was = [seed for seed in seeds_of(known.settings) if seed.kind != "warm_start"]
    return was != list(seeds) or before != evolve.warm_start.model_dump(mode="json")


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
    yield from _other_beginning(before, settings.evolve)
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
    if known.spawned and settings.database.num_islands > known.islands:
        yield (
            f"num_islands={settings.database.num_islands} cannot be more than before: this run began with "
            f"{known.islands} islands and has made {known.spawned} on its way, which have the next numbers; say "
            f"{known.islands}, raise max_islands for more, or {ELSEWHERE}"
        )


def _other_beginning(before: Mapping[str, Any], evolve: EvolutionConfig) -> Iterator[str]:
    """What a run begins with is decided once; a path may be another, since nothing is read there any more."""
    count = len(before.get("more_init_programs", []))
    if len(evolve.more_init_programs) != count:
        yield (
            f"more_init_programs={evolve.more_init_programs} cannot be changed: this run began with {count} of them; "
            f"leave it out, or {ELSEWHERE}"
        )
    bootstrap, warm = before.get("bootstrap", {}), before.get("warm_start", {})
    for field, was, now in (
        ("bootstrap.count", bootstrap.get("count", 0), evolve.bootstrap.count),
        ("bootstrap.from_task", bootstrap.get("from_task", False), evolve.bootstrap.from_task),
        ("bootstrap.library", bootstrap.get("library", []), evolve.bootstrap.library),
        ("warm_start.runs", warm.get("runs", []), evolve.warm_start.runs),
    ):
        if was != now:
            yield (f"{field}={now!r} cannot be changed: this run has begun with {was!r}; leave it out, or {ELSEWHERE}")


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
    given = known.seed is not None and program.exists() and not settings.evolve.bootstrap.from_task
    if given and not _same_seed(known, digests, settings):
        yield f"the seed program {str(program)!r} is not the one that this run began with, which stays in it"
    stored = [seed for seed in seeds_of(known.settings)[1:] if seed.kind == "initial"]
    for seed, path in zip(stored, settings.evolve.more_init_programs, strict=False):
        if Path(path).exists() and digest_of(Path(path)) != seed.digest:
            yield f"the program {path!r} is not the one that this run began with, which stays in it"


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
    anew = not known.correct and path.exists() and not settings.evolve.bootstrap.from_task
    if known.seed is None or anew:
        return checked_seed_program(settings)
    return SeedProgram(known.seed.source, path.suffix)
