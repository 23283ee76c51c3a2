"""One evolution as the page needs it: read once, as it is at that moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.database.chronicle import GuidanceRecord
from shinka_core.database.reader import EvolutionReader
from shinka_core.database.records import CallRecord, ProgramRecord
from shinka_core.database.summary import RunSummary
from shinka_core.population.members import archive_of
from shinka_core.record import Event
from shinka_core.report.columns import call_columns, failure_columns, program_columns, seconds
from shinka_core.report.folded import arms_over_time, moves, outcomes
from shinka_core.report.points import plane
from shinka_core.report.throughput import spans, timeline
from shinka_core.settings import DEFAULT_PROPOSAL_JOBS

# Programs whose embeddings are read at once.
AT_ONCE = 1_000


async def collect(reader: EvolutionReader) -> dict[str, Any]:
    """What there is to draw of an evolution, without the texts of its programs and prompts.

    Returns:
        JSON values only; moments are seconds since 1970, money is US dollars.
    """
    chronicle = reader.chronicle
    programs = [program async for program in reader.programs() if program.generation >= 0]
    calls = [call async for call in reader.calls()]
    generations = [generation async for generation in reader.generations()]
    events = [event async for event in reader.events()]
    shown = {one.id: list(one.inspirations) async for one in reader.lineage() if one.inspirations}
    settings, summary = await reader.settings(), await reader.summary()
    vectors = await _vectors(reader, programs)
    found = spans([timing async for timing in chronicle.timings()])
    guidance, sessions, islands = await chronicle.guidance(), await reader.sessions(), await reader.islands()
    (state, _), now = await chronicle.state(), time.time()
    place = {program.id: index for index, program in enumerate(programs)}

    def rest() -> dict[str, Any]:
        said = [[place[one] for one in shown.get(program.id, ()) if one in place] for program in programs]
        return {
            "name": reader.name,
            "state": state,
            "read_at": round(now, 3),
            "first": min((seconds(one.started_at) for one in generations), default=now),
            "summary": _summary(summary),
            "settings": dict(settings),
            "programs": program_columns(programs) | {"inspirations": said},
            "points": plane([vectors.get(program.id) for program in programs]),
            "failures": failure_columns(generations),
            "open": sum(not one.state.final for one in generations),
            "calls": call_columns(calls),
            "time": timeline(found, _asking(calls), sessions, _slots(settings), now),
            "guidance": _guidance(guidance, programs, place),
            "moves": [[after, place[one], island] for after, one, island in moves(events) if one in place],
            "islands": [asdict(island) for island in summary.islands],
            "fresh": [one.island for one in islands if one.program_id is not None],
            **_folded(events, settings, place),
        }

    return await asyncio.to_thread(rest)


async def _vectors(reader: EvolutionReader, programs: Sequence[ProgramRecord]) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    for first in range(0, len(programs), AT_ONCE):
        found |= await reader.embeddings(programs[first : first + AT_ONCE])
    return found


def _folded(events: Sequence[Event], settings: Mapping[str, Any], place: Mapping[str, int]) -> dict[str, Any]:
    return {
        "arms": arms_over_time(outcomes(events)),
        "archive": sorted(place[member] for member in archive_of(events, settings) if member in place),
    }


def _summary(summary: RunSummary) -> dict[str, Any]:
    """Without the islands, which stand apart."""
    return {name: value for name, value in asdict(summary).items() if name not in ("islands", "results_dir", "seconds")}


def _asking(calls: Sequence[CallRecord]) -> list[tuple[float, float]]:
    return [(seconds(call.created_at) - call.seconds, seconds(call.created_at)) for call in calls]


def _slots(settings: Mapping[str, Any]) -> tuple[int, int]:
    proposals = settings.get("max_proposal_jobs") or DEFAULT_PROPOSAL_JOBS
    evaluations = settings.get("max_evaluation_jobs") or settings.get("evolution", {}).get("max_parallel_jobs") or 1
    return int(proposals), int(evaluations)


def _guidance(
    guidance: Sequence[GuidanceRecord], programs: Sequence[ProgramRecord], place: Mapping[str, int]
) -> list[dict[str, Any]]:
    """With the programs that saw each of them."""
    seen: dict[str, list[int]] = {}
    for program in programs:
        for one in {program.idea_id, program.advice_id, program.system_prompt_id} - {None}:
            seen.setdefault(str(one), []).append(place[program.id])
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "text": one.text,
            "parent": one.parent_id,
            "after": one.created_after,
            "uses": one.uses,
            "score": one.score,
            "programs": seen.get(one.id, []),
        }
        for one in guidance
    ]
