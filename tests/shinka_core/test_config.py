"""Settings: defaults of the seed document, and refusals that name the field and the remedy."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shinka_core.config import EvolutionConfig, LocalJobConfig, elsewhere, parse_duration
from tests.support.generated import thorough


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"num_generation": 5}, ["num_generation", "did you mean 'num_generations'"]),
        ({"num_generations": 0}, ["num_generations"]),
        ({"patch_types": ["diff"], "patch_type_probs": [0.5, 0.5]}, ["patch_type_probs", "one each"]),
        ({"patch_type_probs": [0.0, 0.0, 0.0]}, ["patch_type_probs"]),
        ({"patch_type_probs": [float("nan"), 1.0, 1.0]}, ["patch_type_probs"]),
        ({"patch_types": ["fix"], "patch_type_probs": [1.0]}, ["fix", "remove it"]),
        ({"llm_models": []}, ["llm_models"]),
        ({"llm_models": ["a", "a"]}, ["twice", "llm_weights"]),
        ({"llm_models": ["a"], "llm_weights": [1.0, 2.0]}, ["llm_weights", "one each"]),
        ({"embedding_model": None, "novelty_llm_models": ["a"]}, ["novelty_llm_models", "embedding_model"]),
        ({"max_api_costs": -1}, ["max_api_costs"]),
    ],
)
def test_a_wrong_field_is_refused_by_name_with_the_remedy(fields: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        EvolutionConfig(**fields)
    for word in words:
        assert word in str(caught.value)


@thorough
@given(
    fields=st.dictionaries(
        st.one_of(st.sampled_from([*EvolutionConfig.model_fields, "nonsense"]), st.text(max_size=8)),
        st.one_of(
            st.none(), st.booleans(), st.integers(-3, 5), st.floats(), st.text(max_size=5),
            st.lists(st.one_of(st.text(max_size=4), st.floats()), max_size=3),
            st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
        ),
        max_size=4,
    )
)  # fmt: skip
def test_no_input_makes_a_config_that_breaks_later_or_raises_anything_else(fields: dict[str, Any]) -> None:
    try:
        config = EvolutionConfig(**fields)
    except ValidationError as error:
        assert str(error)
    else:
        assert EvolutionConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(("text", "seconds"), [(5, 5), ("90", 90), ("02:30", 150), ("01:00:10", 3610), (None, None)])
def test_time_limits_are_read(text: Any, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["soon", "1:2:3:4", 0, -5])
def test_time_limits_that_make_no_sense_are_refused(text: Any) -> None:
    with pytest.raises(ValidationError, match="time"):
        LocalJobConfig(time=text)


@pytest.mark.parametrize("name", elsewhere.EVOLUTION)
def test_a_name_that_others_have_is_answered_with_what_to_say(name: str) -> None:
    assert name not in EvolutionConfig.model_fields
    with pytest.raises(ValidationError) as told:
        EvolutionConfig.model_validate({name: 1})
    assert f"has no field {name!r}; {elsewhere.EVOLUTION[name]}" in str(told.value)
