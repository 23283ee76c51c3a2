"""What tokens cost."""

from __future__ import annotations

import pytest

from shinka_core.config import ModelPrice
from shinka_core.llm.complaint import retry_after
from shinka_core.llm.prices import cost
from shinka_core.program import Usage

MILLION = Usage(input_tokens=1_000_000, output_tokens=1_000_000)


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("gpt-4o-mini", 0.75),
        ("gpt-4o-mini-2024-07-18", 0.75),
        ("gpt-4o", 12.5),
        ("openai/gpt-5-mini", 2.25),
        ("gpt-5-mini@http://localhost/v1", 2.25),
        ("builtin/mutate", 0.0),
        ("my-own-model", None),
        ("gpt-4o-minister", None),
        ("@proxy/openai/gpt-4o", 12.5),
        ("@cf/meta/llama-3.1-8b-instruct", None),
    ],
)
def test_a_model_is_priced_by_its_name(model: str, dollars: float | None) -> None:
    assert cost(model, MILLION, {}) == (None if dollars is None else pytest.approx(dollars))


def test_cached_tokens_are_cheaper_and_own_prices_win() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=1_000_000)
    assert cost("gpt-4o-mini", usage, {}) == pytest.approx(0.075)
    assert cost("gpt-4o-mini", MILLION, {"gpt-4o-mini": ModelPrice(input=1, output=2)}) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "39960"}, 39960.0),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
