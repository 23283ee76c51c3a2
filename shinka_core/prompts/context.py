"""What is known when a prompt is made, and who makes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from shinka_core.program import Sampling
from shinka_core.registry import Registry


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent.

    Attributes:
        history: Contents of earlier answers and of what was said about them, in turn, as far as they fit.
        tokens: About how many these are, rather too many.
        fits: Whether that is as few as was asked for.
        left_out: What was left out to make it fit, in words.
    """

    system: str
    user: str
    history: tuple[str, ...] = ()
    tokens: int = 0
    fits: bool = True
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instruction:
    """What an operator wants of a model.

    Attributes:
        request: What to do with the programs shown.
        form: How the answer has to look.
        alone: The request where no program is left to be shown beside the parent; None: the same.
    """

    request: str
    form: str
    alone: str | None = None


class PromptBuilder(Protocol):
    """Puts a prompt together: its words, its order, and what goes first where there is little room."""

    def build(self, context: PromptContext, instruction: Instruction) -> Prompt:
        """The messages of a proposal, the same for the same arguments.

        With less room than they need, what is least needed is left out; when even the least does not fit, the
        prompt says so (`fits`).
        """
        ...


PROMPT_BUILDERS: Registry[PromptBuilder] = Registry("prompt builder", "shinka.prompts", ("build",))


@dataclass(frozen=True, slots=True)
class PromptContext:
    """All that a prompt may be made of.

    Attributes:
        builder: Who makes it.
        task: What the program is for, in the user's words.
        use_text_feedback: Show the evaluator's texts.
        history: Contents of earlier answers and of what was said about them, in turn.
        room: Tokens that all messages together may have; None: any number.
        new_files: Whether files may be added to a program that is a folder.
        approach: Instead of the usual words on what the model is and how it goes about it; "": the usual ones.
        advice: What was learned from earlier versions; "": nothing is shown.
        idea: A direction that the answer is to follow; "" leaves it free.
        direction: How to go about it, in words that were written for the task; "" says nothing.
        pieces: What of the evaluator's feedback in pieces is shown: `instances`, `artifacts`, `stderr`.
        images: Names of the images that go along with the prompt.
    """

    sampling: Sampling
    builder: PromptBuilder
    task: str | None = None
    use_text_feedback: bool = True
    history: Sequence[str] = ()
    room: int | None = None
    new_files: bool = False
    approach: str = ""
    advice: str = ""
    idea: str = ""
    direction: str = ""
    pieces: Collection[str] = ("instances", "artifacts")
    images: Sequence[str] = ()

    def ask(self, instruction: Instruction) -> Prompt:
        """The prompt with which a model is asked for that."""
        return self.builder.build(self, instruction)
