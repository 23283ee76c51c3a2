"""What the tasks have in common: which errors are tried again, and how long to wait.

Every task names its cache policy, because the default one would hash its arguments, and keeps its
result out of Prefect's storage, because the program database is the checkpoint.
"""

from __future__ import annotations

from typing import Any, TypedDict, TypeVar, cast

from prefect import Task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.utilities.annotations import quote

from shinka_core.errors import ModelError, ShinkaError
from shinka_core.model_address import split_model

T = TypeVar("T")


class Stateless(TypedDict):
    """Options that every task is made with."""

    cache_policy: CachePolicy
    persist_result: bool


STATELESS: Stateless = {"cache_policy": NO_CACHE, "persist_result": False}

# Seconds before each retry of a step whose database or disk is locked, full or restarting.
PATIENT_BACKOFF = [0.5, 2.0, 5.0, 15.0, 30.0, 60.0]

# Half as much again at random, so that steps that failed together do not return together.
JITTER = 0.5


def unopened(value: T) -> T:
    """Hands a value to a task without Prefect's search for futures inside it.

    A sampling holds whole programs; looking through them for every task takes longer than most
    tasks do. The task receives the value itself.
    """
    return cast(T, quote(value))


async def is_retryable(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether the error that failed the task says of itself that trying again may help."""
    try:
        await state.aresult()
    except ShinkaError as error:
        return error.retryable
    except OSError:
        return True
    except Exception:  # noqa: BLE001 - anything else is a bug here, and bugs are not retried
        return False
    return False


async def asks_again(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether a model may be asked again: only for its own passing faults, never to store an answer again."""
    try:
        await state.aresult()
    except ModelError as error:
        return error.retryable
    except Exception:  # noqa: BLE001 - whatever else it is, asking again does not mend it
        return False
    return False


def rate_limit_of(model: str) -> str:
    """Name of the Prefect rate limit for calls to a model."""
    return f"model:{split_model(model)[0]}:rate"
