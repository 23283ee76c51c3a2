"""The imitation of a provider's cache of prompts counts as it says, and what the table makes of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cost import tokens_row
from tests.support.prompt_cache import CHARACTERS, FIRST, STEP, PromptCache


def prompt(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": text}]


def in_common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


SEGMENTS = st.lists(st.sampled_from(["a" * 700, "b" * 1_500, "c" * 3_000, "d" * 90]), min_size=1, max_size=4)


@given(st.lists(SEGMENTS, min_size=1, max_size=4))
def test_what_is_cached_is_the_longest_beginning_of_an_earlier_prompt_in_steps(prompts: list[list[str]]) -> None:
    cache = PromptCache()
    earlier: list[str] = []
    for segments in prompts:
        text = "".join(segments)
        tokens, cached = cache.take("m", prompt(text))
        whole = f"system\0{text}\0"
        common = max((in_common(whole, other) for other in earlier), default=0) // CHARACTERS
        expected = common // STEP * STEP
        assert cached == (expected if expected >= FIRST else 0)
        assert cached <= tokens == -(-len(whole) // CHARACTERS)
        earlier.append(whole)
    assert cache.totals() == {
        "prompts": len(prompts), "tokens": sum(tokens for tokens, _ in cache.read),
        "cached": sum(cached for _, cached in cache.read),
    }  # fmt: skip


def test_another_model_has_read_nothing() -> None:
    cache = PromptCache()
    assert cache.take("m", prompt("a" * 8_000)) == (2_002, 0)
    assert cache.take("n", prompt("a" * 8_000)) == (2_002, 0)
    assert cache.take("m", prompt("a" * 8_000)) == (2_002, 15 * STEP)


def test_a_row_says_what_a_prompt_costs() -> None:
    row = tokens_row("ours", "diff", [(1_000, 0), (3_000, 2_000)])
    assert row == {
        "system": "ours", "operator": "diff", "prompts": 2, "tokens/prompt": 2_000, "cached": "50%",
        "paid at -50%": 1_500, "paid at -75%": 1_250, "paid at -90%": 1_100,
    }  # fmt: skip
    assert tokens_row("ours", "fix", [])["cached"] == "0%"
