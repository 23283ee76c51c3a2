"""Under the old strategies a seed gives what it gave before the house was rebuilt.

The stories were written by commit d941ada.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.golden.evolutions import EVOLUTIONS, STORIES, story
from tests.support.runs import settings_for


@pytest.mark.slow
@pytest.mark.parametrize("name", EVOLUTIONS)
async def test_an_evolution_goes_as_it_went(name: str, tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    with settings_for(prefect_api, prefect_home):
        told = await story(EVOLUTIONS[name], tmp_path)
    before = [json.loads(line) for line in (STORIES / f"{name}.jsonl").read_text().splitlines()]
    assert told == before
