"""What every error of a model says of itself: whether to wait, and what to try instead."""

from __future__ import annotations

import pytest

from shinka_core import errors
from shinka_core.errors import ModelError, Scope


def below(kind: type[ModelError]) -> list[type[ModelError]]:
    return [kind, *(kind for direct in kind.__subclasses__() for kind in below(direct))]


@pytest.mark.parametrize("kind", below(ModelError)[1:])
def test_what_may_be_asked_again_is_what_only_this_call_failed_for(kind: type[ModelError]) -> None:
    assert kind.retryable == (kind.scope is Scope.LATER)
    assert kind.reason not in {other.reason for other in below(ModelError) if other is not kind}
    assert kind.__name__ in (errors.__doc__ or "")


def test_a_quota_may_be_of_one_model_alone() -> None:
    assert errors.QuotaExhaustedError("used up").scope is Scope.ENDPOINT
    used_up = errors.QuotaExhaustedError("used up", model="m", scope=Scope.MODEL, retry_after=40_000.0, said="no more")
    assert (used_up.scope, used_up.retry_after, used_up.said, used_up.model) == (Scope.MODEL, 40_000.0, "no more", "m")
