"""`JobConfig` as the base class that it is for scripts of ShinkaEvolve: to be called, and asked of with `isinstance`."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from shinka_core.config import JobConfig as AnyJob
from shinka_core.config import JobSettings, job_of


class _AnyKind(type):
    """Of what stands for all kinds of jobs: calling it makes the kind that the fields name, one on this machine by default."""

    def __call__(cls, **fields: Any) -> Any:
        return job_of(fields)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, JobSettings)


class JobConfig(metaclass=_AnyKind):
    """The settings of evaluations, wherever they run: `LocalJobConfig`, `InProcessJobConfig`, `SlurmJobConfig`, and the others."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(AnyJob)
