"""No place is worked out for results that nobody stores; the flow's own storage is as it was afterwards."""

from __future__ import annotations

from pathlib import Path

from prefect.context import FlowRunContext
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultStore, get_result_store
from prefect.states import return_value_to_state

from flows.orchestrator.unstored_results import unstored_results


async def place_of_a_result() -> str:
    state = await return_value_to_state("a result", get_result_store())
    assert await state.aresult() == "a result", "it is in memory"
    return state.data.metadata.storage_key


async def test_results_have_a_place_only_outside_of_the_block(tmp_path: Path) -> None:
    store = ResultStore(result_storage=LocalFileSystem(basepath=str(tmp_path)))
    with FlowRunContext.model_construct(result_store=store):
        with unstored_results():
            assert not Path(await place_of_a_result()).is_absolute()
        assert Path(await place_of_a_result()).is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []
