"""Two texts written once for a task: what is asked, who is shown which, and that a resume goes on with the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import UnusableAnswerError
from shinka_core.meta import directions
from shinka_core.meta.directions import AGAIN, AT, DIVERGE, LONGEST, REFINE, Directions, Texts, read_texts
from shinka_core.program import Program, Sampling
from shinka_core.record import recorded
from shinka_core.run import open_run
from shinka_core.source import Source
from tests.shinka_core.generation.test_feedback_in_a_run import MODELS
from tests.shinka_core.test_resume_settings import make_task, settings
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_replies import patch_for
from tests.support.model_server import ModelServer, Script

ANSWER = "<REFINE>\nMove one constant at a time and keep what helps.\n</REFINE>\n<DIVERGE>\nArrange them in another way.\n</DIVERGE>"
TEXTS = Texts("Move one constant at a time and keep what helps.", "Arrange them in another way.")


def program(name: str, generation: int, score: float | None) -> Program:
    return Program(name, generation, Source.of(f"x = {generation}", "python"), 0, score, score is not None)


def sampling(parent: Program, **known: Any) -> Sampling:
    return Sampling(parent, (), 0, "diff", "m", 0, 0, **known)


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        (ANSWER, TEXTS),
        (f"<think>REFINE: <REFINE>no</REFINE></think>Here:\n```\n{ANSWER}\n```", TEXTS),
        (ANSWER.replace("</DIVERGE>", "").replace("</REFINE>", ""), TEXTS),
        (ANSWER.lower().replace("move", "Move").replace("arrange", "Arrange"), TEXTS),
        (ANSWER.replace("Arrange", "# Arrange"), TEXTS),
        ("<REFINE>Move one constant at a time.</REFINE>", None),
        ("<REFINE>short</REFINE><DIVERGE>Arrange them in another way.</DIVERGE>", None),
        ("", None),
    ],
)
def test_both_texts_are_read_or_none(answer: str, texts: Texts | None) -> None:
    assert read_texts(answer) == texts


def test_a_text_is_bounded_between_words() -> None:
    read = read_texts(ANSWER.replace("another", "quite another " * 200))
    assert read is not None
    assert len(read.diverge) <= LONGEST + 4
    assert read.diverge.endswith("quite ...") or read.diverge.endswith("another ...")


def test_refine_goes_with_the_best_while_it_rises_and_diverge_with_all_when_it_stands_still() -> None:
    step = Directions(after=3)
    first, better = program("a", 0, 1.0), program("b", 1, 2.0)
    for number, one in enumerate((first, better), start=1):
        step.apply(recorded(one, number, (0,), None))
    assert step.choose(sampling(better)) is None, "nothing is written yet"
    step.texts = TEXTS
    assert step.choose(sampling(better)) == REFINE
    assert step.choose(sampling(first)) is None
    assert step.choose(sampling(better, idea_id="i")) is None
    for number in (3, 4, 5):
        step.apply(recorded(program(f"c{number}", number, None if number == 3 else 1.5), number, (0,), None))
    assert step.choose(sampling(better)) == step.choose(sampling(first)) == DIVERGE
    assert step.words(sampling(first, direction=DIVERGE)) == TEXTS.diverge
    assert step.words(sampling(first)) == ""
    step.apply(recorded(program("d", 6, 3.0), 6, (0,), None))
    assert step.choose(sampling(program("d", 6, 3.0))) == REFINE
    assert [number for number in range(9) if step.due(number)] == [AT]


def _answering(direct: str) -> Any:
    def answer(messages: list[dict[str, Any]], number: int) -> str:
        return direct if messages[0]["content"] == directions.SYSTEM else patch_for(messages, number)

    return answer


async def test_they_are_asked_for_once_shown_and_read_back_by_a_resume(tmp_path: Path) -> None:
    async with ModelServer(Script(answer=_answering(ANSWER))) as server:
        known = MODELS | {"llm_base_url": server.url, "num_generations": 6, "directions_after": 2, "ideas": None}
        told = settings(tmp_path / "r", make_task(tmp_path / "task"), evolve=known, widths=(1, 1))
        async with open_run(told) as run:
            run.launcher = FakeLauncher()
            step = run.directions
            assert step is not None
            await step.open(run)
            await step.run_at(run, AT)
            await evolve(run)
            assert step.texts == TEXTS
            asked = [body["messages"] for body in server.bodies]
            costs = (await run.database.summary()).costs
        questions = [messages for messages in asked if messages[0]["content"] == directions.SYSTEM]
        assert len(questions) == 1
        assert "import scoring" in questions[0][1]["content"], "the evaluator"
        assert costs["directions"] > 0
        ends = [messages[1]["content"] for messages in asked if messages[0]["content"] != directions.SYSTEM]
        assert any(end.endswith((TEXTS.refine, TEXTS.diverge)) for end in ends)
        count = len(server.bodies)
        async with open_run(told, resume=True) as run:
            assert run.directions is not None
            await run.directions.open(run)
            assert run.directions.texts == TEXTS
            await run.directions.run_at(run, AT)
        assert len(server.bodies) == count, "nothing is asked twice"


async def test_an_answer_without_them_is_asked_for_again_and_then_done_without(tmp_path: Path) -> None:
    async with ModelServer(Script(answer=_answering("I would rather not."))) as server:
        known = MODELS | {"llm_base_url": server.url, "num_generations": 1, "directions_after": 2, "ideas": None}
        told = settings(tmp_path / "r", make_task(tmp_path / "task"), evolve=known, widths=(1, 1))
        async with open_run(told) as run:
            assert run.directions is not None
            with pytest.raises(UnusableAnswerError, match="hold no directions"):
                await run.directions.run_at(run, AT)
            assert run.directions.texts is None
        assert [body["messages"][-1]["content"] for body in server.bodies][1:] == [AGAIN]


def test_the_role_has_models_of_its_own() -> None:
    config = EvolutionConfig(llm_models=["m"], llm_roles={"directions": ["strong"]}, directions_after=5)
    assert config.meta_models == ["strong"]
