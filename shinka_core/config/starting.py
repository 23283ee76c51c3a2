"""What an evolution starts from beside the seed program that is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import Field

from shinka_core.config.base import Section
from shinka_core.secrets import URL_WITHOUT_PASSWORD

EarlierRun = Annotated[str, Field(min_length=1, json_schema_extra=URL_WITHOUT_PASSWORD)]


class BootstrapConfig(Section):
    """Seed programs that a model writes; `llm_roles: {bootstrap: [...]}` says which one."""

    count: int = Field(
        default=0,
        ge=0,
        le=1_000,
        description="Programs that a model writes before the search begins, one after another, each to differ from those "
        "before.",
    )
    tries: int = Field(
        default=3, ge=1, le=20, description="Answers for each of them; what was wrong with one is fed back."
    )
    from_task: bool = Field(
        default=False,
        description="There is no seed program: a model writes the first one from task_sys_msg alone; init_program_path "
        "says how its file would be called.",
    )
    library: list[EarlierRun] = Field(
        default=[],
        description="Earlier runs of any task (results folders or databases, `:name` for one of several): the best "
        "programs of those with the most similar task are shown to whoever writes seed programs.",
    )
    library_shown: int = Field(default=2, ge=1, le=20, description="Programs of the library that are shown.")


class WarmStartConfig(Section):
    """The best programs of earlier runs of the same task as seed programs."""

    runs: list[EarlierRun] = Field(
        default=[],
        description="Results folders or databases of earlier runs, `:name` for one of several; those of ShinkaEvolve and "
        "checkpoints of OpenEvolve too.",
    )
    count: int = Field(
        default=3, ge=1, le=1_000, description="Programs that are taken over, of all these runs together."
    )
    trust: bool = Field(
        default=False,
        description="Take their results over as well, where evaluator and task are the same; otherwise they are evaluated "
        "again.",
    )


def spread_programs(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the section `evolution` in which `init_program_path` may be a list: the first one, and the others."""
    programs = values.get("init_program_path")
    if not isinstance(programs, list | tuple):
        return dict(values)
    if not programs:
        raise ValueError("init_program_path=[] names no program; name one or more, or leave it out")
    named = [*cast(list[Any], programs), *values.get("more_init_programs", [])]
    return dict(values) | {"init_program_path": named[0], "more_init_programs": named[1:]}


def split_run(run: str) -> tuple[str, str | None]:
    """Where an earlier run is, and its name if it is said: `results/old`, `old.sqlite:name`, `postgresql://host/db:name`."""
    if "://" in run:
        place, colon, name = run.rpartition(":")
        return (place, name) if colon and "/" not in name and place.count("/") >= 3 else (run, None)
    place, colon, name = run.rpartition(":")
    if not colon or not name or Path(run).expanduser().exists():
        return run, None
    return place, name
