"""Every prompt builder of the registry, and those of others, hold to the contract; what `changes` shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from shinka.testing import PromptBuilderContract
from shinka.testing.operators import sampling_of
from shinka_core.config import EvolutionConfig
from shinka_core.edit.unified import unified_diff
from shinka_core.errors import ConfigError
from shinka_core.program import Program
from shinka_core.prompts import (
    PROMPT_BUILDERS,
    STANDARD,
    ChangesPrompts,
    Instruction,
    Prompt,
    PromptBuilder,
    PromptContext,
    prompt_builder_of,
)
from shinka_core.source import Source


class TestStandard(PromptBuilderContract):
    def make(self) -> PromptBuilder:
        return PROMPT_BUILDERS.create("standard")


class TestChanges(PromptBuilderContract):
    def make(self) -> PromptBuilder:
        return PROMPT_BUILDERS.create({"name": "changes", "longest": 200})


@dataclass(frozen=True)
class Warned:
    """Somebody's own: the usual prompt with one more sentence for the system."""

    sentence: str = "Mind the units."

    def build(self, context: PromptContext, instruction: Instruction) -> Prompt:
        smaller = replace(context, room=None if context.room is None else context.room - 20)
        prompt = STANDARD.build(smaller, instruction)
        return replace(prompt, system=f"{prompt.system}\n\n{self.sentence}", tokens=prompt.tokens + 20)


class TestOneOfSomebodyElse(PromptBuilderContract):
    def make(self) -> PromptBuilder:
        return Warned()


WANTED = Instruction("Improve it.", "Any form.")
ROWS = [f"x{number} = {number}\n" for number in range(200)]
OLD = Source.of("".join(ROWS), "python")
NEW = Source.of("".join(ROWS[:100]) + "x100 = 1000\n" + "".join(ROWS[101:]), "python")


def version(**known: str) -> Program:
    return Program("v", 3, NEW, 0, 2.5, True, parent_id="p", diff=unified_diff(OLD, NEW), **known)


def test_changes_tells_what_made_a_version_and_shows_the_current_one_whole() -> None:
    sampling = replace(
        sampling_of("diff", 3), inspirations=(version(description="A larger\nnumber.", text_feedback="good"),)
    )
    context = PromptContext(sampling, ChangesPrompts())
    told = ChangesPrompts().build(context, WANTED).user
    assert "## Version 1\nScore: 2.5\n" in told
    assert "What was meant: A larger number." in told
    assert "-x100 = 100\n+x100 = 1000" in told
    assert "x7 = 7" not in told
    assert "good" in told
    whole = STANDARD.build(context, WANTED)
    assert "x7 = 7" in whole.user
    assert ChangesPrompts().build(context, WANTED).tokens < whole.tokens
    silent = replace(context, use_text_feedback=False)
    assert "good" not in ChangesPrompts().build(silent, WANTED).user


def test_a_version_without_a_change_is_shown_whole_and_a_long_change_in_part() -> None:
    seed = replace(version(), diff="")
    long = replace(version(), diff="".join(f"-{row}+{row}" for row in ROWS))
    sampling = replace(sampling_of("diff", 3), inspirations=(seed, long))
    told = ChangesPrompts(longest=200).build(PromptContext(sampling, STANDARD), WANTED).user
    first, second = told.split("## Version 2")
    assert "x7 = 7" in first
    assert len(second.split("# The current program")[0]) < 500


def test_settings_name_a_builder_and_its_parameters() -> None:
    assert EvolutionConfig(prompt_builder=Warned("Quick.")).prompt_builder == {
        "name": f"{__name__}:Warned",
        "sentence": "Quick.",
    }
    with pytest.raises(
        ConfigError, match=r"^prompt_builder: there is no prompt builder 'standart'; did you mean 'standard'"
    ):
        prompt_builder_of("standart")
    with pytest.raises(ConfigError, match=r"^prompt_builder: prompt builder 'changes': longest=3"):
        prompt_builder_of({"name": "changes", "longest": 3})
