"""Who mends a candidate that fails in its evaluation: a model with that role, otherwise whoever made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core import generation as steps
from shinka_core.config import EvolutionConfig
from shinka_core.llm.question import Message
from shinka_core.run import open_run
from tests.shinka_core.test_resume_settings import make_task, settings
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_server import ModelServer


@pytest.mark.parametrize(("roles", "asked"), [({}, "cheap"), ({"repair": ["strong"]}, "strong")])
async def test_a_strong_model_may_mend_what_a_cheap_one_made(
    tmp_path: Path, roles: dict[str, list[str]], asked: str
) -> None:
    async with ModelServer() as server:
        known: dict[str, Any] = {
            "llm_models": ["cheap"], "llm_roles": roles, "llm_base_url": server.url, "num_generations": 1,
            "embedding_model": None, "unknown_prices": "warn", "ideas": None, "max_repairs": 1,
        }  # fmt: skip
        told = settings(tmp_path / "r", make_task(tmp_path / "task"), evolve=known)
        async with open_run(told) as run:
            run.launcher = FakeLauncher()  # type: ignore[assignment]
            await evolve(run)
            opened = await steps.open_generation(run, 2)
            sampling = await steps.sample(opened, 0)
            first = await steps.query(opened, sampling, 0)
            history = (Message("assistant", first.text), Message("user", "It fails."))
            mended = await steps.repair(opened, sampling, 1, history)
            again = await steps.repair(opened, sampling, 1, history)
        assert (first.model, mended.model) == ("cheap", asked)
        assert again.replayed
        assert [body["model"] for body in server.bodies] == ["cheap", "cheap", asked]


def test_a_role_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="llm_roles names 'repairs', which is no operator of this run"):
        EvolutionConfig(llm_models=["m"], llm_roles={"repairs": ["m"]})
