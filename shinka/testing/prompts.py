"""What every prompt builder has to do: subclass `PromptBuilderContract` and say how yours is made."""

from __future__ import annotations

from dataclasses import replace

from shinka.testing.operators import PARENT, sampling_of
from shinka_core.prompts import PROMPT_BUILDERS, Instruction, Prompt, PromptBuilder, PromptContext
from shinka_core.registry import spec_of

WANTED = Instruction("Do something about the second constant.", "Answer with one number in brackets.")
TASK = "Make it larger."
HISTORY = ("An earlier answer in three words.", "It did not apply.")


class PromptBuilderContract:
    """The same prompt for the same context; task, request, form and the whole program in it, and a bound that holds."""

    def make(self) -> PromptBuilder:
        """A new builder, always the same."""
        raise NotImplementedError

    def context(self, inspirations: int = 2, *, room: int | None = None) -> PromptContext:
        """What a prompt is made of."""
        sampling = sampling_of("diff", 3, inspirations)
        told = replace(sampling.parent, text_feedback="The evaluator says a lot. " * 40)
        return PromptContext(replace(sampling, parent=told), self.make(), task=TASK, history=HISTORY, room=room)

    def test_the_same_context_gives_the_same_prompt(self) -> None:
        for inspirations in range(3):
            context = self.context(inspirations)
            prompt = self.make().build(context, WANTED)
            assert prompt == self.make().build(context, WANTED)
            assert prompt.fits
            assert prompt.tokens > 0

    def test_task_request_form_and_program_are_told(self) -> None:
        for inspirations in range(3):
            self._tells_what_is_needed(self.make().build(self.context(inspirations), WANTED))

    def test_what_was_learned_is_told(self) -> None:
        told = self.make().build(replace(self.context(), advice="Larger steps fail."), WANTED)
        assert "Larger steps fail." in told.system + told.user

    def test_earlier_answers_go_along_in_their_order(self) -> None:
        assert self.make().build(self.context(), WANTED).history == HISTORY

    def test_no_prompt_is_larger_than_its_room_and_the_needed_is_in_all(self) -> None:
        whole = self.make().build(self.context(), WANTED)
        fitting = 0
        for room in range(whole.tokens, 0, -max(whole.tokens // 20, 1)):
            prompt = self.make().build(self.context(room=room), WANTED)
            assert prompt.tokens <= room or not prompt.fits
            if prompt.fits:
                fitting += 1
                assert bool(prompt.left_out) == (prompt != whole)
                self._tells_what_is_needed(prompt)
        assert fitting
        assert not self.make().build(self.context(room=1), WANTED).fits

    def test_settings_can_name_it(self) -> None:
        assert type(PROMPT_BUILDERS.create(spec_of(self.make()))) is type(self.make())

    def _tells_what_is_needed(self, prompt: Prompt) -> None:
        said = prompt.system + prompt.user
        for needed in (TASK, WANTED.request, WANTED.form, *PARENT.splitlines()):
            assert needed in said, needed
