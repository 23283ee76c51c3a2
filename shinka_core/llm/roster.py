"""Which models can be asked at present, and who said that the others cannot.

What a provider refuses for good is refused for every question. A refusal may still be the question's own, so a
model is left out after `STRIKES` of them with nothing good between, and after more of them when it has answered
before; a quota that is used up counts at once.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from shinka_core.errors import ModelError, ModelsOutError, QuotaExhaustedError, Scope

logger = logging.getLogger("shinka.llm")

STRIKES = 3
STRIKES_AFTER_ANSWERS = 12
# Seconds that a model whose retries are used up is spared when another can take its questions.
REST = 60.0


class Roster:
    """The models of one run, by who can be asked."""

    def __init__(self, endpoints: Mapping[str, object]) -> None:
        """Begins with everybody in.

        Args:
            endpoints: Whom each model is asked through; models with the same one fail together.
        """
        self._endpoints = dict(endpoints)
        self._strikes: Counter[str] = Counter()
        self._answered: set[str] = set()
        self._until: dict[str, float] = {}
        self._why: dict[str, ModelError] = {}
        self._rest: dict[str, float] = {}

    def reaches(self, error: ModelError, model: str) -> list[str]:
        """The models that an error says something about."""
        if error.scope is not Scope.ENDPOINT:
            return [model]
        return [other for other, endpoint in self._endpoints.items() if endpoint is self._endpoints[model]]

    def answered(self, model: str) -> None:
        """The model's endpoint works, and takes its questions."""
        self._answered.add(model)
        for other, endpoint in self._endpoints.items():
            if endpoint is self._endpoints[model]:
                self._strikes.pop(f"endpoint of {other}", None)
        self._strikes.pop(model, None)

    def failed(self, model: str, error: ModelError) -> None:
        """Takes note of an error; leaves out whom it has been refused for too often."""
        if error.scope is Scope.PROMPT:
            self.answered(model)
        if error.scope not in (Scope.MODEL, Scope.ENDPOINT):
            return
        reached = self.reaches(error, model)
        for other in reached:
            key = other if error.scope is Scope.MODEL else f"endpoint of {other}"
            self._strikes[key] += 1
            most = STRIKES_AFTER_ANSWERS if other in self._answered else STRIKES
            if self._strikes[key] >= most or isinstance(error, QuotaExhaustedError):
                self._leave_out(other, error)

    def rest(self, model: str) -> None:
        """Spares a model for a while, if there is another."""
        self._rest[model] = time.monotonic() + REST

    def out(self, model: str) -> ModelError | None:
        """Why a model is not asked, or None when it is."""
        if self._until.get(model, -math.inf) <= time.monotonic():
            return None
        return self._why[model]

    def resting(self, model: str) -> bool:
        """Whether another should be asked rather."""
        return self._rest.get(model, -math.inf) > time.monotonic()

    def nobody(self, models: Sequence[str]) -> ModelsOutError:
        """The error that says why none of the models can be asked, and until when."""
        reasons = dict.fromkeys(str(error) for model in models if (error := self.out(model)))
        when = _when([error for model in models if (error := self.out(model))])
        return ModelsOutError(f"no model is left to ask{when}: {'; '.join(reasons)}")

    def _leave_out(self, model: str, error: ModelError) -> None:
        if self.out(model) is None:
            logger.warning("%s is not asked any more%s: %s", model, _when([error]), error)
        self._why[model] = error
        self._until[model] = math.inf if error.retry_after is None else time.monotonic() + error.retry_after


def _when(errors: Sequence[ModelError]) -> str:
    """From when on the first of them can be asked again, where a provider said it."""
    waits = [error.retry_after for error in errors if error.retry_after is not None]
    if not waits:
        return ""
    end = datetime.now().astimezone() + timedelta(seconds=min(waits))
    hours, minutes = divmod(math.ceil(min(waits) / 60), 60)
    return f" (again from {end:%Y-%m-%d %H:%M %Z}, in {hours} h {minutes} min)"
