"""docs/migration.md tells the truth row by row: what it says for here is taken, what is not here is answered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from flows.terminal.settings_file import read_settings
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig, elsewhere
from shinka_core.errors import ConfigError
from shinka_core.llm.endpoint import check_models
from tests.docs.pages import DOCS, prose

SECTIONS: dict[str, type[BaseModel]] = {
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


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] == "ShinkaEvolve" and row[3] != "the same"], ids=shown)
def test_a_name_of_shinkaevolve_is_answered_with_what_to_say(row: Row) -> None:
    _, section, names, _ = row
    for name in names:
        if name in SECTIONS[section].model_fields:
            continue  # its value has another form
        with pytest.raises(ValidationError, match=rf"has no field '{name}'; (say|leave|name|give)"):
            SECTIONS[section](**{name: 1})


def test_every_name_that_is_answered_is_in_the_tables() -> None:
    told = {name.rpartition(".")[2] for _, _, names, _ in ROWS for name in names}
    assert {*elsewhere.EVOLUTION, *elsewhere.DATABASE, *elsewhere.JOB} - told == set()


def test_a_settings_file_of_shinkaevolve_is_told_where_its_sections_are(tmp_path: Path) -> None:
    (tmp_path / "shinka.yaml").write_text("evo_config: {num_generations: 3}\n")
    with pytest.raises(ConfigError, match="'evo_config' is in 'evolution' here"):
        read_settings(tmp_path / "shinka.yaml", required=True)


def test_plural_options_are_taken() -> None:
    theirs = {"temperatures": [0.0, 1.0], "reasoning_efforts": ["auto", "low"], "max_tokens": [4096, 16384]}
    wanted = EvolutionConfig(llm_models=["m@http://127.0.0.1:1/v1"], llm_kwargs=theirs)
    check_models(wanted)
    assert wanted.options_for(wanted.llm_models[0])["temperature"] == [0.0, 1.0]
