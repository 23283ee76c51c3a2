"""What prompts are shown of what is written about the search: which advice, and which system prompt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shinka_core.config import EvolutionConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.errors import ConfigError
from shinka_core.meta import advising, system_prompts
from shinka_core.meta.advising import ADVISERS, Adviser, Advising
from shinka_core.meta.asking import ADVICE, SYSTEM_PROMPTS, Role, models_for
from shinka_core.meta.merits import Merits
from shinka_core.meta.system_prompts import SystemPrompts
from shinka_core.model_address import is_builtin
from shinka_core.operators import Operators
from shinka_core.periodic import Named, OpenRun
from shinka_core.program import Sampling
from shinka_core.record import FRESH, Event, Recorded, Spawned
from shinka_core.registry import Spec

# Draws of their own, so that nothing else of a sampling moves when something is shown.
_ADVICE, _PROMPT = 1, 2


class Guide:
    """Chooses what a proposal's prompt shows, and knows the words.

    A fold over the record.

    Attributes:
        merits: What came of what was shown.
    """

    def __init__(self, advice: Advising | None, prompts: SystemPrompts | None, merits: Merits) -> None:
        """Puts the parts together; `guide_of` makes them from settings."""
        self.merits = merits
        self._advice = advice
        self._prompts = prompts
        self._alone = set[int]()
        self._words: dict[str, str] = {}

    @property
    def steps(self) -> tuple[Named, ...]:
        """The periodic steps that write what is shown."""
        steps = ((advising.NAME, self._advice), (system_prompts.NAME, self._prompts))
        return tuple(Named(name, step) for name, step in steps if step is not None)

    def apply(self, event: Event) -> None:
        """Takes an event up; where nothing is written none matters."""
        if self._advice is None and self._prompts is None:
            return
        self.merits.apply(event)
        if isinstance(event, Spawned) and event.origin in FRESH:
            self._alone.add(event.island)
        if isinstance(event, Recorded) and self._prompts is not None:
            self._prompts.remember(event.sequence)

    def guided(self, sampling: Sampling) -> Sampling:
        """The sampling with what its prompt is to show; the same for the same sampling and what is written by then.

        On an island that was begun over nothing is shown that others have found.
        """
        if sampling.island in self._alone:
            return sampling
        advice, prompt = sampling.advice_id, sampling.system_prompt_id
        if self._advice is not None and (points := self._advice.in_force):
            rng = np.random.default_rng([sampling.seed, _ADVICE])
            if rng.random() < self._advice.share:
                advice = points[int(rng.integers(len(points)))].id
        if self._prompts is not None and self._prompts.written:
            prompt = self._prompts.choose(np.random.default_rng([sampling.seed, _PROMPT])).id
        return replace(sampling, advice_id=advice, system_prompt_id=prompt)

    def expect(self, generation: int, attempt: int, prompt: str | None) -> None:
        """Takes note of a proposal with that system prompt whose outcome comes later."""
        self.merits.expect(generation, attempt, prompt)

    @property
    def advice(self) -> tuple[str, ...]:
        """What is in force, in words."""
        return () if self._advice is None else tuple(one.text for one in self._advice.in_force)

    async def report(self, run: OpenRun) -> None:
        """Writes for people what was written about the search, into the results folder."""
        for part in (self._advice, self._prompts):
            if part is not None:
                await part.report(run)

    async def words(self, sampling: Sampling, database: AsyncProgramDatabase) -> tuple[str, str]:
        """The advice and the opening of the system prompt that a sampling names, "" for none.

        Raises:
            DatabaseError: They are not there.
        """
        shelves = (
            (database.guidance.advice, sampling.advice_id),
            (database.guidance.system_prompts, sampling.system_prompt_id),
        )
        found: list[str] = []
        for shelf, name in shelves:
            if name is not None and name not in self._words:
                self._words[name] = (await shelf.get(name)).text
            found.append("" if name is None else self._words[name])
        return found[0], found[1]


class RecordedGuide(Guide):
    """In the place of a guide where a run is played again: a sampling shows what the record says that it showed.

    What was in force when it was made depends on when a model answered, which is no choice of ours.
    """

    def __init__(self, advice_id: str | None, system_prompt_id: str | None) -> None:
        """Says what the next sampling shows."""
        super().__init__(None, None, Merits())
        self._shown = advice_id, system_prompt_id

    def guided(self, sampling: Sampling) -> Sampling:
        """The sampling with what was recorded of it."""
        advice, prompt = self._shown
        return replace(sampling, advice_id=advice, system_prompt_id=prompt)


def guide_of(evolve: EvolutionConfig) -> Guide:
    """What settings say is shown.

    Raises:
        ConfigError: An adviser is not there, a parameter is wrong, or nobody could be asked or shown it; names the field.
    """
    merits = Merits()
    advice = prompts = None
    if evolve.advice is not None:
        advice = Advising(_adviser(evolve.advice), merits)
        _check_models(evolve, "advice", ADVICE)
    if evolve.system_prompts is not None:
        prompts = SystemPrompts(evolve.system_prompts, merits)
        _check_models(evolve, "system_prompts", SYSTEM_PROMPTS)
    return Guide(advice, prompts, merits)


def _adviser(spec: Spec) -> Adviser:
    try:
        adviser = ADVISERS.create(spec)
    except ConfigError as error:
        raise ConfigError(f"advice: {error}") from error
    every, share = getattr(adviser, "every", None), getattr(adviser, "share", None)
    if not isinstance(every, int) or every < 1:
        raise ConfigError(f"advice: every={every!r} of adviser {spec!r} must be a number of programs, at least 1")
    if not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ConfigError(f"advice: share={share!r} of adviser {spec!r} must be between 0 and 1")
    return adviser


def _check_models(evolve: EvolutionConfig, field: str, role: Role) -> None:
    if not models_for(evolve, role):
        raise ConfigError(
            f"{field} asks a model, and llm_models={evolve.llm_models} are built in, which write no text; name one in "
            f"llm_roles: {{{role.name}: [MODEL]}}, or say {field}: null"
        )
    operators = Operators(evolve.patch_types)
    models = [model for model in evolve.proposal_models if not is_builtin(model)]
    if not models or not any(map(operators.asking, operators.names)):
        raise ConfigError(
            f"{field} is for models that propose, and none does with patch_types={evolve.operator_names} and "
            f"llm_models={evolve.llm_models}; say {field}: null, or have a model propose"
        )
