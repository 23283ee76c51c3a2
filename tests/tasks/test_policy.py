"""Which errors the tasks are retried for: the class of the error says it, and a bug is never retried."""

from __future__ import annotations

from typing import Any

import pytest
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.states import Failed

import tasks
from shinka_core import errors
from shinka_core.errors import PatchError, ShinkaError
from tasks.policy import PATIENT_BACKOFF, asks_again, is_retryable, rate_limit_of, unopened

WITH_ARGUMENTS = {"PatchError": lambda: PatchError("reason", "message")}


def every_error() -> list[ShinkaError]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ShinkaError)]
    return [WITH_ARGUMENTS.get(kind.__name__, lambda kind=kind: kind("message"))() for kind in found]


def failed(error: BaseException) -> Any:
    return Failed(data=error)


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
async def test_a_step_is_repeated_when_the_class_of_its_error_says_so(error: ShinkaError) -> None:
    again = await is_retryable(None, None, failed(error))  # type: ignore[arg-type]
    assert again is type(error).retryable


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
async def test_a_model_is_asked_again_only_for_passing_faults_of_its_own(error: ShinkaError) -> None:
    again = await asks_again(None, None, failed(error))  # type: ignore[arg-type]
    assert again is (type(error).__name__ in {"RateLimitedError", "ModelUnavailableError"})


@pytest.mark.parametrize(
    ("error", "step", "model"),
    [
        (OSError("disk full"), True, False),
        (TimeoutError("late"), True, False),  # an OSError, to Python
        (ZeroDivisionError(), False, False),
        (KeyError("a bug"), False, False),
    ],
)
async def test_the_disk_is_waited_for_and_a_bug_is_not(error: Exception, step: bool, model: bool) -> None:
    assert await is_retryable(None, None, failed(error)) is step  # type: ignore[arg-type]
    assert await asks_again(None, None, failed(error)) is model  # type: ignore[arg-type]


def every_task() -> list[Task[..., Any]]:
    return [found for name in tasks.__all__ if isinstance(found := getattr(tasks, name), Task)]


@pytest.mark.parametrize("task", every_task(), ids=lambda task: task.name)
def test_no_task_keeps_its_arguments_or_results_at_prefect(task: Task[..., Any]) -> None:
    assert len(every_task()) == 10
    assert task.cache_policy == NO_CACHE
    assert task.persist_result is False
    if task.retries:
        assert task.retry_condition_fn in (is_retryable, asks_again)


def test_only_questions_to_a_model_are_retried_by_what_the_model_said() -> None:
    conditions = {task.name: task.retry_condition_fn for task in every_task() if task.retries}
    assert {conditions.pop("query"), conditions.pop("repair")} == {asks_again}
    assert set(conditions.values()) == {is_retryable}
    assert sum(PATIENT_BACKOFF) > 60, "a restart of the database is waited for"


def test_an_argument_is_handed_over_as_it_is() -> None:
    value = {"a": [1, 2]}
    assert unopened(value).unquote() is value  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o@http://localhost/v1"])
def test_an_endpoint_is_no_part_of_a_models_rate_limit(model: str) -> None:
    assert rate_limit_of(model) == "model:gpt-4o:rate"
