"""What an island may have of its own: an evolution's islands may be searches of different kinds."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from shinka_core.config.base import Section, check_weights
from shinka_core.registry import Spec
from shinka_core.secrets import URL_WITHOUT_PASSWORD


class IslandConfig(Section):
    """What one island does in its own way; what is left out is as for the whole run."""

    parents: Spec | None = Field(default=None, description="Instead of parent_selection_strategy.")
    inspirations: list[Spec] | None = Field(default=None, description="Instead of inspiration_strategies.")
    operators: list[Spec] | None = Field(default=None, min_length=1, description="Instead of patch_types.")
    operator_weights: list[float] | None = Field(
        default=None, description="One per operator; None weighs the island's own equally."
    )
    models: list[Annotated[str, Field(json_schema_extra=URL_WITHOUT_PASSWORD)]] | None = Field(
        default=None, min_length=1, description="Of the run's models, equally; instead of llm_models and llm_roles."
    )
    prompt_builder: Spec | None = Field(default=None, description="Instead of the run's prompt_builder.")
    task_sys_msg: str | None = Field(default=None, description="Instead of the run's task_sys_msg.")
    prompt: str | None = Field(default=None, description="Added to the task on this island.")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        names = self.operator_names or []
        if len(set(names)) != len(names):
            raise ValueError(f"operators names one twice: {names}; use operator_weights instead")
        if "fix" in names:
            raise ValueError("operators holds 'fix', which is used by itself when no program is correct; remove it")
        if self.operator_weights is not None:
            if self.operators is not None and len(self.operator_weights) != len(names):
                raise ValueError(
                    f"operator_weights has {len(self.operator_weights)} values for {len(names)} operators; give one each"
                )
            check_weights("operator_weights", self.operator_weights)
        if self.models is not None and len(set(self.models)) != len(self.models):
            raise ValueError(f"models names a model twice: {self.models}; name each once")
        return self

    @property
    def operator_names(self) -> list[str] | None:
        """The names that programs have for the operators of the island; None: those of the run."""
        if self.operators is None:
            return None
        return [spec if isinstance(spec, str) else str(spec.get("name", "")) for spec in self.operators]
