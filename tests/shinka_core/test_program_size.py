"""Sizes are refused at the start, and prompts fit into what models read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.checks import check_settings
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError, PromptTooLongError
from shinka_core.generation.asking import ask
from shinka_core.llm.question import CallKey, Message, Question, RawAnswer
from shinka_core.program import Answer, Candidate, Failure, Program, Purpose, Sampling, Usage
from shinka_core.program_size import SizeLimit
from shinka_core.prompts.bounding import GAP
from shinka_core.run import Run, open_run
from shinka_core.settings import RunSettings
from shinka_core.source import Source
from tests.support.prompting import apply_answer


def settings(folder: Path, code: str, **evolve: Any) -> RunSettings:
    (folder / "initial.py").write_text(code)
    (folder / "evaluate.py").write_text("")
    config = EvolutionConfig(init_program_path=str(folder / "initial.py"), **evolve)
    job = LocalJobConfig(eval_program_path=str(folder / "evaluate.py"), isolation="none")
    return RunSettings("run", folder / "results", config, job, DatabaseConfig(), 2, 2)


def marked(block: str, around: str = "") -> str:
    return f"{around}# EVOLVE-BLOCK-START\n{block}# EVOLVE-BLOCK-END\n{around}"


def test_a_seed_over_the_limit_is_refused_with_size_limit_and_setting(tmp_path: Path) -> None:
    huge = marked("x = 1\n", "# padding\n" * 165_000)
    with pytest.raises(ConfigError, match=r"initial.py'.*3300046 characters.*1000000.*max_program_size"):
        check_settings(settings(tmp_path, huge))
    assert check_settings(settings(tmp_path, huge, max_program_size=4_000_000))[0].code == huge


def test_a_seed_whose_block_no_model_can_read_is_refused_with_numbers(tmp_path: Path) -> None:
    block = "".join(f"value_{n} = {n}\n" for n in range(3_000))
    with pytest.raises(ConfigError, match=r"tokens, and gpt-4 takes 6080.*llm_context_tokens"):
        check_settings(settings(tmp_path, marked(block), llm_models=["gpt-4o", "gpt-4"], llm_base_url="http://h/v1"))
    check_settings(settings(tmp_path, marked(block), llm_models=["gpt-4o"], llm_base_url="http://h/v1"))
    check_settings(settings(tmp_path, marked("x = 1\n", block), llm_models=["gpt-4"], llm_base_url="http://h/v1"))
    check_settings(settings(tmp_path, marked(block), llm_models=["builtin/mutate"]))


def test_a_seed_that_holds_the_mark_of_a_gap_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lines that a prompt leaves out"):
        check_settings(settings(tmp_path, marked(f"# {GAP}\n")))


def sampling(code: str, model: str = "m") -> Sampling:
    parent = Program("p", 0, Source.of(code, "python"), 0, 1.0, True)
    other = Program("o", 1, Source.of(code, "python"), 0, 0.5, True)
    return Sampling(parent, (other,), 0, "full", model, 0, 0)


def test_a_candidate_that_no_parent_could_be_is_refused_and_told_why() -> None:
    limit = SizeLimit(EvolutionConfig(llm_models=["gpt-4"], llm_base_url="http://h/v1"), "python")
    grown = marked("".join(f"value_{n} = {n}\n" for n in range(3_000)))
    outcome = apply_answer(sampling(marked("x = 1\n")), Answer(f"```python\n{grown}```", "gpt-4"), limit)
    assert isinstance(outcome, Failure)
    assert outcome.reason == "program_too_large"
    assert "gpt-4 takes 6080" in outcome.detail
    small = SizeLimit(EvolutionConfig(max_program_size=100), "python")
    outcome = apply_answer(sampling(marked("x = 1\n")), Answer(f"```python\n{grown}```", "gpt-4"), small)
    assert isinstance(outcome, Failure)
    assert "at most 100" in outcome.detail


def test_the_mark_of_a_gap_never_gets_into_a_program() -> None:
    limit = SizeLimit(EvolutionConfig(), "python")
    code = marked(f"# 12 lines {GAP}\ny = 2\n")
    outcome = apply_answer(sampling(marked("x = 1\n")), Answer(f"```python\n{code}```", "m"), limit)
    assert isinstance(outcome, Failure)
    assert outcome.reason == "gap_in_program"
    code = marked("y = 2\n")
    assert isinstance(apply_answer(sampling(marked("x = 1\n")), Answer(f"```python\n{code}```", "m"), limit), Candidate)


async def test_a_long_prompt_for_an_operator_that_reads_programs_is_not_kept(tmp_path: Path) -> None:
    code = marked("x = 1\n" * 40_000)
    async with open_run(settings(tmp_path, code), resume=False) as run:
        await run.database.journal.claim(1)
        await ask(run, CallKey(1, Purpose.PROPOSAL, 0, 0), sampling(code, "builtin/mutate"), ())
        assert run.contexts.room("builtin/mutate") is None


AROUND = "".join(f"value_{n} = {n}\n" for n in range(2_000))


class ShortSighted:
    """A provider whose model reads so many characters."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> RawAnswer:
        self.asked.append(question)
        length = sum(len(message.content) for message in question.messages)
        if length > self.limit:
            raise PromptTooLongError("too long", model=question.model, context=self.limit // 3, asked=length // 3)
        return RawAnswer("an answer", Usage(1, 1))

    async def close(self) -> None:
        pass


async def ask_short_sighted(run: Run, model: ShortSighted, code: str, turn: int, *history: Message) -> None:
    run.client._providers["builtin/mutate"] = model
    run.contexts._rooms["builtin/mutate"] = 100_000
    await ask(run, CallKey(1, Purpose.PROPOSAL, 0, turn), sampling(code, "builtin/mutate"), history)


async def test_a_prompt_that_was_too_long_is_asked_again_in_fewer_words(tmp_path: Path) -> None:
    code, model = marked("x = 1\n", AROUND), ShortSighted(20_000)
    async with open_run(settings(tmp_path, code), resume=False) as run:
        await run.database.journal.claim(1)
        history = (Message("assistant", "first answer"), Message("user", "what was wrong"))
        await ask_short_sighted(run, model, code, 0, *history)
        sent = model.asked[-1].messages
        assert len(model.asked) == 2
        assert [message.content for message in sent[2:]] == ["first answer", "what was wrong"]
        assert "x = 1" in sent[1].content
        room = run.contexts.room("builtin/mutate")
        assert room is not None
        assert room < 20_000, "learnt once"


async def test_a_prompt_that_cannot_be_shorter_is_refused_for_good(tmp_path: Path) -> None:
    code, model = marked("x = 1\n" * 50), ShortSighted(100)
    async with open_run(settings(tmp_path, code), resume=False) as run:
        await run.database.journal.claim(1)
        with pytest.raises(PromptTooLongError):
            await ask_short_sighted(run, model, code, 0)
    assert len(model.asked) < 5
