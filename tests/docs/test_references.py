"""The references are those of the sources, and say something of everything."""

from __future__ import annotations

import importlib
import re

from pydantic import BaseModel

from tests.docs import api_reference, provider_table, settings_reference


def test_the_settings_are_those_of_the_models() -> None:
    document = settings_reference.DOCUMENT
    assert document.anew() == document.stands(), "run `make architecture`"


def test_the_table_of_providers_is_that_of_the_source() -> None:
    assert provider_table.DOCUMENT.anew() == provider_table.DOCUMENT.stands(), "run `make architecture`"


def test_every_setting_says_what_it_is() -> None:
    silent = [
        f"{title}.{name}"
        for title, model, _ in settings_reference.SECTIONS
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert silent == []


def test_every_section_inside_another_has_a_table() -> None:
    tables = {model for _, model, _ in settings_reference.SECTIONS}
    inside = {
        kind
        for model in tables
        for field in model.model_fields.values()
        for kind in re.findall(r"shinka_core[\w.]*\.(\w+)'?>?", str(field.annotation))
    }
    named = {model.__name__ for model in tables if issubclass(model, BaseModel)}
    assert {kind for kind in inside if kind.endswith(("Config", "Settings", "Options", "Price", "Stage"))} <= named


def test_the_reference_of_python_is_that_of_the_docstrings() -> None:
    assert api_reference.DOCUMENT.anew() == api_reference.DOCUMENT.stands(), "run `make architecture`"


def test_it_has_every_module_and_every_name_once() -> None:
    text = api_reference.DOCUMENT.stands()
    headings = re.findall(r"^### `(.+)`$", text, re.MULTILINE)
    assert len(headings) == len(set(headings))
    for name in api_reference.MODULES:
        assert f"\n## `{name}`\n" in text
        for export in importlib.import_module(name).__all__:
            assert f"### `{name}.{export}`" in text or f"- `{export}`: as [" in text
    assert " object at 0x" not in text


def test_a_page_of_the_machine_s_own_would_be_seen() -> None:
    assert api_reference._escaped("a <b> `c <d>` *e*") == "a &lt;b> `c <d>` \\*e\\*"
