"""The earlier run as a replay takes it: settings by session, and all that happened in one order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from shinka_core.database import EvolutionReader
from shinka_core.database.course import Course, CourseStep
from shinka_core.database.records import ProgramRecord
from shinka_core.database.sessions import SESSION
from shinka_core.database.values import ENDED
from shinka_core.errors import ConfigError
from shinka_core.program import NO_GENERATION, GenerationState
from shinka_core.record import Ended, Joined, Recorded, Retired, Spawned
from shinka_core.seeds import seeds_of

SEED = 0
# Where the identity of an embedding stands in what a session keeps.
EMBEDDING = "embedding"
SAMPLED, JUDGED = GenerationState.SAMPLED.value, GenerationState.JUDGED.value

Happening = CourseStep | Recorded | Ended


@dataclass(slots=True)
class EarlierRun:
    """What is recorded of an evolution.

    Attributes:
        sessions: What each kept of its settings, by number.
        happenings: Decisions, ends of generations and beginnings of sessions, in their order.
        steps: Of each generation, in their order.
        changes: Of islands, by the number of programs that were recorded by then.
        programs: With their texts, by generation.
        generations: Of each program, by its id.
        known: How many ends the last decision knew of: what followed from later ones may have been cut off.
    """

    name: str
    course: Course
    sessions: dict[int, dict[str, Any]]
    happenings: list[Happening]
    steps: dict[int, list[CourseStep]]
    changes: dict[int, list[Joined | Spawned | Retired]]
    programs: dict[int, ProgramRecord]
    generations: dict[str, int] = field(default_factory=dict[str, int])
    known: int = 0


async def read_earlier(reader: EvolutionReader) -> EarlierRun:
    """Reads an evolution and brings what happened into its order.

    Raises:
        ConfigError: It cannot be replayed; says why.
        DatabaseError: It cannot be read.
    """
    course = reader.course
    sessions = await course.sessions()
    steps: dict[int, list[CourseStep]] = defaultdict(list)
    decided: list[CourseStep] = []
    async for step in course.steps():
        if step.generation != NO_GENERATION:
            steps[step.generation].append(step)
        if step.step in (SAMPLED, JUDGED) or (step.generation == NO_GENERATION and step.step == SESSION):
            decided.append(step)
    ends: list[Recorded | Ended] = []
    changes: dict[int, list[Joined | Spawned | Retired]] = defaultdict(list)
    async for event in reader.events():
        if isinstance(event, Recorded | Ended):
            ends.append(event)
        elif isinstance(event, Joined | Spawned | Retired):
            changes[event.after].append(event)
    texts = ("text_feedback", "error", "public_metrics", "private_metrics")
    programs = {program.generation: program async for program in reader.programs(columns=texts)}
    _check(reader.name, sessions, decided, ends)
    return EarlierRun(
        reader.name,
        course,
        sessions,
        _in_order(decided, ends),
        dict(steps),
        dict(changes),
        programs,
        {program.id: number for number, program in programs.items()},
        max((step.payload[ENDED] for step in decided if step.generation != NO_GENERATION), default=0),
    )


def _in_order(decided: list[CourseStep], ends: list[Recorded | Ended]) -> list[Happening]:
    """Decisions after the ends that they knew of, in the order of their rows; of two rows at one place the first was it."""
    seen: set[tuple[int, str, int, int]] = set()
    placed: list[tuple[tuple[int, int, int], Happening]] = []
    for step in decided:
        place = step.generation, step.step, step.attempt, step.turn
        if place not in seen:
            seen.add(place)
            placed.append(((step.payload[ENDED], 0, step.id), step))
    placed += [((number, 1, 0), end) for number, end in enumerate(ends)]
    return [happening for _, happening in sorted(placed, key=lambda item: item[0])]


def _check(
    name: str, sessions: dict[int, dict[str, Any]], decided: list[CourseStep], ends: list[Recorded | Ended]
) -> None:
    what = f"evolution {name!r} cannot be replayed"
    if not ends:
        raise ConfigError(f"{what}: none of its generations has ended; let it go on first (--resume)")
    known = {step.attempt for step in decided if step.generation == NO_GENERATION}
    unplaced = [step for step in decided if ENDED not in step.payload or step.payload[ENDED] is None]
    if unplaced or any("job" not in kept for kept in sessions.values()) or known != set(sessions) - {1}:
        raise ConfigError(f"{what}: an older version recorded it, which did not keep the order of its choices")
    if any(event.generation < SEED for event in ends):
        raise ConfigError(f"{what}: its seed program was evaluated again after others had been made of it")
    if any(len(seeds_of(kept)) > 1 for kept in sessions.values()):
        raise ConfigError(
            f"{what}: it has several seed programs (bootstrap, warm_start), which a replay does not remake"
        )
    if len({str(kept.get(EMBEDDING)) for kept in sessions.values()}) > 1:
        raise ConfigError(f"{what}: its embedding_model was changed on the way, and the earlier vectors are not kept")
