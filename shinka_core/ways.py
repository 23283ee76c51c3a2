"""How proposals are made: by which operators, models and prompts, on each island by its own where it has any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shinka_core.config import EvolutionConfig, IslandConfig
from shinka_core.errors import ConfigError
from shinka_core.model_address import shown_model
from shinka_core.operators import Operators
from shinka_core.prompts import prompt_builder_of
from shinka_core.prompts.context import PromptBuilder


@dataclass(frozen=True, slots=True)
class Ways:
    """How proposals are made on an island.

    Attributes:
        weights: One for each of `operators.names`.
        models: That operators may ask; None: those of the run, and of the roles that operators have.
        task: What the program is for, told to every model.
        tuned: Its best program is tuned beside its proposals: it has no operators of its own.
    """

    operators: Operators
    weights: tuple[float, ...]
    models: tuple[str, ...] | None
    prompt_builder: PromptBuilder
    task: str | None
    tuned: bool = False

    def models_for(self, operator: str, roles: Mapping[str, Sequence[str]]) -> Sequence[str] | None:
        """Those that an operator may ask, weighed equally; None: the models of the run by their weights."""
        return roles.get(operator) if self.models is None else self.models


def ways_of(evolve: EvolutionConfig, islands: Sequence[IslandConfig] = ()) -> tuple[Ways, ...]:
    """How proposals are made by the entry of an island; where there are no entries, the one way of the run.

    Raises:
        ConfigError: A part is not there, or does not fit; names the field.
    """
    run = Ways(
        Operators(evolve.patch_types, "patch_types", *([evolve.tuning.operator] if evolve.tuning else [])),
        tuple(evolve.patch_type_probs),
        None,
        prompt_builder_of(evolve.prompt_builder),
        evolve.task_sys_msg,
        evolve.tuning is not None,
    )
    return tuple(_own(run, evolve, number, own) for number, own in enumerate(islands)) or (run,)


def way_of(ways: Sequence[Ways], entry: int) -> Ways:
    """That of an island with this entry: islands that are made later take the entries in turn."""
    return ways[entry % len(ways)]


def _own(run: Ways, evolve: EvolutionConfig, number: int, own: IslandConfig) -> Ways:
    place = f"islands[{number}]"
    for model in own.models or ():
        if model not in evolve.proposal_models:
            known = [shown_model(other) for other in evolve.proposal_models]
            raise ConfigError(
                f"{place}.models names {shown_model(model)!r}, which is none of the run's models: {known}; "
                "add it to llm_models, or name one of these"
            )
    try:
        operators = run.operators if own.operators is None else Operators(own.operators, "operators")
        builder = run.prompt_builder if own.prompt_builder is None else prompt_builder_of(own.prompt_builder)
    except ConfigError as error:
        raise ConfigError(f"{place}.{error}") from error
    weights = run.weights if own.operators is None else (1.0,) * len(operators.names)
    if own.operator_weights is not None:
        weights = tuple(own.operator_weights)
    if len(weights) != len(operators.names):
        raise ConfigError(
            f"{place}.operator_weights={list(weights)} has {len(weights)} values for the {len(operators.names)} "
            f"patch_types of the run, {operators.names}; give one each, or name the island's own operators"
        )
    task = evolve.task_sys_msg if own.task_sys_msg is None else own.task_sys_msg
    parts = [text.strip() for text in (task, own.prompt) if text and text.strip()]
    return Ways(
        operators,
        weights,
        None if own.models is None else tuple(own.models),
        builder,
        "\n\n".join(parts) if own.prompt else task,
        run.tuned and own.operators is None,
    )
