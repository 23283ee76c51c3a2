"""The best programs of earlier runs of the same task, read without changing anything there."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shinka_core.config.starting import split_run
from shinka_core.database import EvolutionReader
from shinka_core.errors import ConfigError, DatabaseError
from shinka_core.fingerprint import evaluator_digests
from shinka_core.imports.conversion import converted
from shinka_core.imports.places import is_foreign, read_foreign
from shinka_core.program import Candidate, Evaluation
from shinka_core.program_size import SizeLimit
from shinka_core.record import Recorded
from shinka_core.seed_program import SeedProgram, check_alike
from shinka_core.seeds import Seed
from shinka_core.settings import RunSettings
from shinka_core.source import Source

logger = logging.getLogger("shinka.seed")

# Cosine of the stored embeddings above which two programs are too alike to begin with both, as long as there are others.
ALIKE = 0.95
TOLD = ("description", "text_feedback", "public_metrics", "private_metrics")


@dataclass(frozen=True, slots=True)
class EarlierProgram:
    """A program of an earlier run.

    Attributes:
        result: What it came to there, when that counts here as well; None: it is evaluated again.
    """

    seed: Seed
    candidate: Candidate
    result: Evaluation | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A correct program of one of the runs."""

    reader: EvolutionReader
    where: str
    event: Recorded

    @property
    def score(self) -> float:
        """In the earlier run."""
        return -np.inf if self.event.score is None else self.event.score


async def best_of_earlier(settings: RunSettings, given: Sequence[SeedProgram]) -> list[EarlierProgram]:
    """The programs that a run takes over from those of `warm_start`: the best ones that are not alike.

    Args:
        given: What the run begins with anyway; none of these is taken over.

    Raises:
        ConfigError: A run is not there, has no correct program, or its programs are of another form.
        DatabaseError: It cannot be read.
    """
    warm = settings.evolve.warm_start
    async with AsyncExitStack() as stack:
        found: list[_Found] = []
        for run in warm.runs:
            reader, where = await stack.enter_async_context(opened(run, "warm_start.runs")), split_run(run)[0]
            correct = [_Found(reader, where, event) for event in await correct_programs(reader)]
            if not correct:
                raise ConfigError(
                    f"warm_start.runs: {reader.name!r} in {where} has no correct program to begin with; leave it out"
                )
            found += correct
        limit = SizeLimit(settings.evolve, given[0].language, folder=not given[0].source.single)
        taken: list[EarlierProgram] = []
        texts = {program.source.key for program in given}
        for each in ranked(found):
            if len(taken) == warm.count:
                break
            source = await each.reader.source(each.event.program_id)
            name = f"warm_start.runs: {each.where!r}"
            check_alike(settings.evolve, given[0], source, name)
            if source.key not in texts and limit.problem(source) is None:
                texts.add(source.key)
                taken.append(await _taken(settings, each, source))
        return taken


@asynccontextmanager
async def opened(run: str, field: str) -> AsyncGenerator[EvolutionReader]:
    """An earlier run, of ours or of another system, opened for the length of a block; it is only read.

    Raises:
        ConfigError: It is not there, or of another version; names the setting.
    """
    where, name = split_run(run)
    async with AsyncExitStack() as stack:
        try:
            if is_foreign(where):
                where = await stack.enter_async_context(converted(read_foreign(where)))
            reader = await stack.enter_async_context(EvolutionReader.open(where, name))
        except DatabaseError as error:
            if error.retryable:
                raise
            raise ConfigError(f"{field}: {error}") from error
        except ConfigError as error:
            raise ConfigError(f"{field}: {error}") from error
        yield reader


async def correct_programs(reader: EvolutionReader) -> list[Recorded]:
    """The recorded programs of a run that are correct and have a score."""
    events = [event async for event in reader.events() if isinstance(event, Recorded)]
    return [event for event in events if event.correct and event.score is not None]


def ranked(found: Sequence[_Found]) -> list[_Found]:
    """Programs in the order in which they are taken: the best, those that are best on an instance, then by score.

    One that is alike to an earlier one in that order comes after all that are not.
    """
    by_score = sorted(found, key=lambda each: (-each.score, each.where, each.event.sequence))
    first = _best_somewhere(by_score)
    order = [*by_score[:1], *(each for each in by_score[1:] if each in first)]
    order += [each for each in by_score[1:] if each not in first]
    apart: list[_Found] = []
    alike: list[_Found] = []
    for each in order:
        (alike if any(_are_alike(each, other) for other in apart) else apart).append(each)
    return [*apart, *alike]


def _best_somewhere(by_score: Iterable[_Found]) -> list[_Found]:
    """Those that nobody beats on some instance; the first of equals."""
    best: dict[str, tuple[float, _Found]] = {}
    for each in by_score:
        for instance, value in each.event.instance_scores.items():
            if instance not in best or value > best[instance][0]:
                best[instance] = value, each
    return [each for _, each in best.values()]


def _are_alike(one: _Found, other: _Found) -> bool:
    mine, yours = one.event.embedding, other.event.embedding
    if one.event.text and one.event.text == other.event.text:
        return True
    if mine is None or yours is None or mine.shape != yours.shape:
        return False
    return float(mine @ yours) > ALIKE


async def _taken(settings: RunSettings, each: _Found, source: Source) -> EarlierProgram:
    event = each.event
    record = await anext(each.reader.programs(after=event.sequence - 1, columns=TOLD))
    origin = f"generation {event.generation} of {each.reader.name!r} in {each.where}"
    told = f"From {origin}, where it scored {event.score:.10g}. {record.texts['description']}".strip()
    candidate = Candidate(source, record.name or "warm_start", told, "")
    result = None
    if settings.evolve.warm_start.trust and is_same_task(settings, await each.reader.settings(), origin):
        result = Evaluation(
            event.score,
            True,
            public_metrics=record.texts["public_metrics"] or {},
            private_metrics=record.texts["private_metrics"] or {},
            text_feedback=record.texts["text_feedback"] or "",
            instance_scores=dict(event.instance_scores),
            features=dict(event.features),
        )
    return EarlierProgram(Seed("warm_start", origin), candidate, result)


def is_same_task(settings: RunSettings, known: Mapping[str, Any], origin: str) -> bool:
    """Whether scores of an earlier run are scores here: the same evaluator, called in the same way, for the same task."""
    job, before = settings.job.model_dump(mode="json"), known.get("job", {})
    differing = [name for name in sorted({*job, *before} - {"eval_program_path"}) if job.get(name) != before.get(name)]
    if known.get("evaluator") != evaluator_digests(Path(settings.job.eval_program_path)):
        differing.insert(0, "the evaluator")
    if known.get("evolution", {}).get("task_sys_msg") != settings.evolve.task_sys_msg:
        differing.insert(0, "task_sys_msg")
    if differing:
        logger.warning("%s is evaluated again, since there %s differs", origin, ", ".join(differing))
    return not differing
