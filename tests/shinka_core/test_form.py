"""The form of a deployment: every field has a place, a description and, in large sections, a group."""

from __future__ import annotations

import pytest

from shinka_core.config import DatabaseConfig, EvolutionConfig
from shinka_core.config.form import EVALUATIONS, GROUPS
from shinka_core.config.job import KINDS

SECTIONS = [EvolutionConfig, DatabaseConfig, *KINDS.values()]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_field_has_a_place_of_its_own_and_a_description(section: type) -> None:
    fields = section.model_json_schema()["properties"]
    assert sorted(field["position"] for field in fields.values()) == list(range(len(fields)))
    assert all(field["description"] for field in fields.values())
    assert all(field["title"].endswith(f": {name}") for name, field in fields.items()), "named as everywhere else"


@pytest.mark.parametrize("section", [EvolutionConfig, DatabaseConfig], ids=lambda section: section.__name__)
def test_every_field_of_a_large_section_is_in_one_group(section: type) -> None:
    members = [field for group in GROUPS[section.__name__].values() for field in group]
    assert sorted(members) == sorted(section.model_fields)


def test_what_all_evaluations_have_stands_before_what_an_engine_has() -> None:
    for kind in KINDS.values():
        fields = kind.model_json_schema()["properties"]
        groups = [field["title"].split(":")[0] for field in sorted(fields.values(), key=lambda each: each["position"])]
        assert groups == sorted(groups, key=[*EVALUATIONS, "Engine"].index)
        assert fields["kind"]["position"] == 0
