"""What a run makes of the last run of the same task: nothing, programs to begin with, or more of it.

It is what one schedule chooses for each of its nights.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel

from flows.orchestrator.identity import known_place
from flows.task_settings import Given, in_folder, with_file_of
from shinka_core.errors import ConfigError
from shinka_core.last_run import LastRun, last_run
from shinka_core.settings import Resume
from shinka_core.whereabouts import Whereabouts, find_run

logger = logging.getLogger("shinka.succession")

Begin = Literal["anew", "best", "continue"]

Section = TypeVar("Section", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be begun or continued.

    Attributes:
        name: Of the evolution; None: one of its own.
    """

    given: Given
    name: str | None
    resume: Resume


async def whereabouts(
    said: Given, task_dir: str | None, begin: Begin, name: str | None, resume: Resume
) -> tuple[Given, Whereabouts]:
    """The settings of the run that is meant and where it is: another attempt of a flow run is the run of the first.

    Raises:
        ConfigError: A setting is wrong, or there is no such run.
        EvolutionExistsError: The name or the folder is taken.
        DatabaseError: The database cannot be read.
    """
    known, continues = known_place(), in_folder(said, task_dir)
    if known is not None:
        again = resume if resume is Resume.JOIN else Resume.AGAIN
        found = await _find(Order(continues, known.name, again), known.results_dir)
        if found.known is not None and not found.known.in_vain:
            return continues, found  # what was kept of the first attempt counts
        order = await order_of(begin, with_file_of(said, task_dir), continues, None, Resume.NO)
        return order.given, _in_database(found, order.given)
    order = await order_of(begin, with_file_of(said, task_dir), continues, name, resume)
    found = await _find(order, order.given.evolve.results_dir)
    continued = found.known is not None and found.resume is not Resume.NO
    given = continues if continued and resume is not Resume.NO else order.given
    return given, found if given is order.given else _in_database(found, given)


def _in_database(found: Whereabouts, given: Given) -> Whereabouts:
    """The same place, with the settings of `given` for its database."""
    return replace(found, database=given.database.model_copy(update={"db_path": found.database.db_path}))


async def _find(order: Order, results_dir: str | Path | None) -> Whereabouts:
    given = order.given
    return await find_run(
        given.evolve.init_program_path,
        given.database,
        name=order.name,
        results_dir=results_dir,
        resume=order.resume,
    )


async def order_of(begin: Begin, begins: Given, continues: Given, name: str | None, resume: Resume) -> Order:
    """Decides between beginning and continuing, by the last run of the same task.

    Args:
        begins: The settings of a run that begins.
        continues: Those that a run which is continued is given.

    Raises:
        ConfigError: A run is named, or to be resumed, and `begin` chooses one.
        DatabaseError: A shared database cannot be read.
    """
    if begin == "anew":
        return Order(begins, name, resume)
    if resume is not Resume.NO or (begin == "continue" and name is not None):
        which = f"resume={resume.value!r}" if resume is not Resume.NO else f"name={name!r}"
        raise ConfigError(
            f"begin={begin!r} chooses the last run of the task, and {which} names one; leave one of them out"
        )
    last = await last_run(begins.job.eval_program_path, begins.database)
    if last is None:
        logger.info("begin=%r: there is no earlier run of this task, so this one begins anew", begin)
        return Order(begins, name, resume)
    return _from_best(begins, last, name) if begin == "best" else _more_of(continues, begins, last)


def _from_best(begins: Given, last: LastRun, name: str | None) -> Order:
    """The best programs of the last run before the ones that are named."""
    logger.info("begins with the best programs of %s", last.known.name)
    warm = begins.evolve.warm_start
    others = [run for run in warm.runs if run != last.address]
    evolve = _with(begins.evolve, warm_start=_with(warm, runs=[last.address, *others]))
    return Order(replace(begins, evolve=evolve), name, Resume.NO)


def _more_of(continues: Given, begins: Given, last: LastRun) -> Order:
    """As many generations again, after those that are over."""
    more = begins.evolve.num_generations
    logger.info("continues %s with %d generations after the %d that are over", last.known.name, more, last.known.final)
    place = {} if last.results_dir is None else {"results_dir": str(last.results_dir)}
    evolve = _with(continues.evolve, num_generations=last.known.final + more, **place)
    database = _with(continues.database, db_path=last.database.db_path)
    return Order(replace(continues, evolve=evolve, database=database), last.known.name, Resume.YES)


def _with(section: Section, **values: object) -> Section:
    """A copy in which these fields are given, and what was given before."""
    return section.model_copy(update=values)
