"""docs/migration.md tells the truth row by row: what it says for here is taken, what is not here is answered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.terminal.settings_file import read_settings
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig, elsewhere, shinkaevolve
from shinka_core.config.base import Section
from shinka_core.errors import ConfigError
from shinka_core.llm.endpoint import check_models
from tests.docs.pages import DOCS, prose

SECTIONS: dict[str, type[Section]] = {
    "evolution": EvolutionConfig,
    "database": DatabaseConfig,
    "job": LocalJobConfig,
}
Row = tuple[str, str, tuple[str, ...], str]


def rows() -> list[Row]:
    """System, section, names there, what stands in the column `here`."""
    found: list[Row] = []
    system = section = ""
    for line in prose(DOCS / "migration.md").splitlines():
        if line.startswith("## "):
            system = line.removeprefix("## From ")
        elif line.startswith("### "):
            section = line.removeprefix("### ").strip("`")
        elif line.startswith("| `"):
            names, here = [cell.strip() for cell in line.strip("|").split(" | ")][:2]
            found.append((system, section, tuple(re.findall(r"`([^`]+)`", names)), here))
    return found


ROWS = rows()


def shown(row: Row) -> str:
    return f"{row[0]}-{row[1]}-{row[2][0]}"


def settings(here: str) -> dict[str, Any]:
    """The fields in a cell: `field: value`, or `{field: value, ...}` where there are several."""
    found: dict[str, Any] = yaml.safe_load(here.strip("`"))
    assert isinstance(found, dict), here
    return found


@pytest.mark.parametrize("row", ROWS, ids=shown)
def test_what_stands_for_here_is_taken(row: Row) -> None:
    _, section, names, here = row
    model = SECTIONS[section]
    if here == "the same":
        assert [name for name in names if name not in model.model_fields] == []
        return
    if here == "-":
        return
    fields = settings(here)
    assert [name for name in fields if name not in model.model_fields] == [], "of another section"
    if section == "evolution":
        fields = {"llm_models": list(fields.get("llm_model_kwargs", {"m": {}}))} | fields
    model(**fields)


def test_every_name_of_shinkaevolve_is_in_the_tables_and_taken() -> None:
    """What each becomes is in tests/shinka_core/test_shinkaevolve_settings.py."""
    told = {name for system, _, names, _ in ROWS for name in names if system == "ShinkaEvolve"}
    assert {*shinkaevolve.EVOLUTION, *shinkaevolve.DATABASE} <= told
    for section, names in (("evolution", shinkaevolve.EVOLUTION), ("database", shinkaevolve.DATABASE)):
        taking = SECTIONS[section].takes_over(dict.fromkeys(names), ())
        assert (set(taking.fields) & set(names), taking.refused) == (set(), []), section


def test_every_name_of_openevolve_that_is_answered_is_in_the_tables() -> None:
    told = {part for _, _, names, _ in ROWS for name in names for part in name.split(".")}
    assert {*elsewhere.EVOLUTION, *elsewhere.DATABASE, *elsewhere.JOB} - told == set()


def test_a_settings_file_of_openevolve_is_told_where_its_sections_are(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("llm: {temperature: 0.7}\n")
    with pytest.raises(ConfigError, match="'llm' is in 'evolution' here"):
        read_settings(tmp_path / "config.yaml", required=True)


def test_plural_options_are_taken() -> None:
    theirs = {"temperatures": [0.0, 1.0], "reasoning_efforts": ["auto", "low"], "max_tokens": [4096, 16384]}
    wanted = EvolutionConfig(llm_models=["m@http://127.0.0.1:1/v1"], llm_kwargs=theirs)
    check_models(wanted)
    assert wanted.options_for(wanted.llm_models[0])["temperature"] == [0.0, 1.0]
