"""How much each model reads, and what its refusals teach."""

from __future__ import annotations

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError, PromptTooLongError
from shinka_core.llm.context import ANSWER, AROUND, DEFAULT, Contexts, context_tokens


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4", 8_192),
        ("gpt-4-0613", 8_192),
        ("gpt-4o-mini", 128_000),
        ("openai/gpt-4.1-nano@https://host/v1", 1_047_576),
        ("claude-opus-4-5", 200_000),
        ("o3-mini", 200_000),
        ("@cf/meta/llama-3.1-8b-instruct", 131_072),
        ("@cf/google/gemini-pro@https://host/v1", 1_048_576),
        ("my-own-model", DEFAULT),
        ("gpt-4x", DEFAULT),
        ("builtin/mutate", None),
    ],
)
def test_the_table_knows_families(model: str, tokens: int | None) -> None:
    assert context_tokens(model, {}) == tokens


def test_the_settings_win() -> None:
    assert context_tokens("m@http://h/v1", {"m@http://h/v1": 5}) == context_tokens("m@http://h/v1", {"m": 5}) == 5
    with pytest.raises(ValueError, match="llm_context_tokens names 'other'"):
        EvolutionConfig(llm_models=["m"], llm_context_tokens={"other": 5})
    with pytest.raises(ValueError, match="must be more than 0"):
        EvolutionConfig(llm_models=["m"], llm_context_tokens={"m": 0})


def test_room_is_kept_for_the_answer() -> None:
    assert Contexts(["m"], {"m": 100_000}, {}).room("m") == 100_000 - ANSWER - AROUND
    assert Contexts(["m"], {"m": 4_000}, {}).room("m") == 3_000 - AROUND
    assert Contexts(["m"], {"m": 4_000}, {"m": {"max_tokens": 500}}).room("m") == 3_500 - AROUND
    assert Contexts(["m"], {"m": 4_000}, {"m": {"extra_body": {"max_tokens": 500}}}).room("m") == 3_500 - AROUND
    both = {"max_tokens": 500, "max_completion_tokens": 700}
    for options in (both, dict(reversed(both.items()))):
        assert Contexts(["m"], {"m": 4_000}, {"m": options}).room("m") == 3_300 - AROUND
    assert Contexts(["n", "m"], {"m": 4_000}, {"n": {"max_tokens": 500}}).room("m") == 3_000 - AROUND
    assert Contexts(["builtin/mutate"], {}, {}).room("builtin/mutate") is None
    with pytest.raises(ConfigError, match="max_tokens"):
        Contexts(["m"], {"m": 4_000}, {"m": {"max_tokens": 4_000}})


def test_the_smallest_model_bounds_programs() -> None:
    contexts = Contexts(["builtin/mutate", "gpt-4", "gpt-4o"], {}, {})
    assert contexts.smallest() == ("gpt-4", 8_192 - 2_048 - AROUND)
    assert Contexts(["builtin/mutate"], {}, {}).smallest() is None


def test_a_refusal_that_says_nothing_halves_the_prompt() -> None:
    contexts = Contexts(["m"], {}, {})
    contexts.refused("m", 10_000, PromptTooLongError("too long"))
    assert contexts.room("m") == 5_000
    contexts.refused("m", 20_000, PromptTooLongError("too long"))
    assert contexts.room("m") == 5_000, "what was learnt is not forgotten"


def test_a_refusal_that_says_the_limit_is_believed() -> None:
    contexts = Contexts(["m"], {}, {})
    contexts.refused("m", 10_000, PromptTooLongError("too long", context=8_000))
    assert contexts.room("m") == 6_000 - AROUND
    contexts.refused("m", 5_000, PromptTooLongError("too long", context=8_000, asked=10_000))
    assert contexts.room("m") == 2_968, "the endpoint counts twice as many"
    contexts.refused("m", 1_000, PromptTooLongError("too long", context=8_000))
    assert contexts.room("m") == 900, "whatever it says, the next prompt is shorter"
