"""Parts by name, by place, by object and by entry point."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import BaseModel

from shinka_core.errors import ConfigError
from shinka_core.registry import Registry, Spec


@dataclass(frozen=True)
class Fixed:
    number: int = 3

    def select(self) -> int:
        return self.number


class Nothing:
    pass


@pytest.fixture
def registry() -> Registry[Fixed]:
    registry = Registry[Fixed]("number selector", "shinka.test_numbers", ("select",))
    registry.register("fixed")(Fixed)
    return registry


def test_a_part_is_named_alone_or_with_parameters(registry: Registry[Fixed]) -> None:
    assert registry.create("fixed") == Fixed()
    assert registry.create({"name": "fixed", "number": 7}) == Fixed(7)
    assert registry.create("fixed", {"fixed": {"number": 5}}) == Fixed(5)
    assert registry.create({"name": "fixed", "number": 7}, {"fixed": {"number": 5}}) == Fixed(7)


def test_a_part_is_given_as_an_object_or_by_its_place(registry: Registry[Fixed]) -> None:
    assert registry.create(Fixed(9)).select() == 9
    assert registry.create(f"{__name__}:Fixed").select() == 3


def test_a_part_of_another_package_is_known_by_its_entry_point(
    registry: Registry[Fixed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside_numbers.py").write_text("class Four:\n    def select(self):\n        return 4\n")
    metadata = tmp_path / "outside_numbers-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-numbers\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[shinka.test_numbers]\nfour = outside_numbers:Four\nfive = absent:Five\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registry.names() == ["five", "fixed", "four"]
    assert registry.create("four").select() == 4
    with pytest.raises(ConfigError, match="'five' of absent:Five cannot be loaded"):
        registry.create("five")
    sys.modules.pop("outside_numbers", None)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("fixd", "there is no number selector 'fixd'; did you mean 'fixed'"),
        ({"number": 3}, "has no name"),
        ({"name": "fixed", "numbr": 3}, "has no parameter 'numbr'; did you mean 'number'"),
        ({"name": "fixed", "number": "many"}, "number='many'"),
        ("nowhere:Part", "cannot be loaded: ModuleNotFoundError"),
        (Nothing(), "has no method 'select'"),
    ],
)
def test_a_mistake_names_the_field_the_value_and_the_remedy(
    registry: Registry[Fixed], spec: object, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.create(spec)  # pyright: ignore[reportArgumentType]


def test_a_name_is_given_once(registry: Registry[Fixed]) -> None:
    with pytest.raises(ConfigError, match="already"):
        registry.register("fixed")(Nothing)  # pyright: ignore[reportArgumentType]


class Counting:
    """No dataclass: what it is cannot be told from fields."""

    def __init__(self) -> None:
        self.asked = 0

    def select(self) -> int:
        self.asked += 1
        return self.asked


class Settings(BaseModel):
    part: Spec


def test_settings_keep_where_a_given_part_is(registry: Registry[Fixed]) -> None:
    assert Settings(part="fixed").part == "fixed"
    assert Settings(part=Fixed).part == f"{__name__}:Fixed"  # pyright: ignore[reportArgumentType]
    kept = Settings(part=Fixed(8)).model_dump(mode="json")  # pyright: ignore[reportArgumentType]
    assert kept == {"part": {"name": f"{__name__}:Fixed", "number": 8}}
    assert registry.create(Settings(**kept).part) == Fixed(8)


def test_an_object_that_fields_do_not_make_is_the_very_one_in_this_process(registry: Registry[Fixed]) -> None:
    given = Counting()
    spec = Settings(part=given).part  # pyright: ignore[reportArgumentType]
    assert registry.create(spec) is given
