"""What settings say of one model or endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, field_validator

from shinka_core.config.base import Section
from shinka_core.secrets import NAMES_OF_NO_SECRETS

# Roles in `llm_roles` beside the operators; the models of the others are asked about the search itself.
REPAIR = "repair"  # of a candidate that fails in its evaluation
META_ROLES = ("ideas", "advice", "system_prompts", "bootstrap", "directions")


# US dollars per million tokens: nobody asks less, but whoever says dollars per token says less than that.
LEAST_PRICE = 1e-4


class ModelPrice(Section):
    """US dollars per million tokens."""

    input: float = Field(ge=0, description="Of what is sent.")
    output: float = Field(ge=0, description="Of what is answered, reasoning included.")
    cached_input: float | None = Field(
        default=None, ge=0, description="Of what is sent and was read before; None: as `input`."
    )
    cache_write: float | None = Field(
        default=None, ge=0, description="Of what is sent and kept by the provider for the next time; None: as `input`."
    )

    @field_validator("*")
    @classmethod
    def _is_per_million(cls, dollars: float | None) -> float | None:
        if dollars is not None and 0 < dollars < LEAST_PRICE:
            raise ValueError(
                f"{dollars:g} is too little for dollars per million tokens; "
                f"if it is what one token costs, write {dollars * 1e6:g}"
            )
        return dollars


class EndpointOptions(Section):
    """What is special about one endpoint. Keys themselves are never settings, the variables that hold them are."""

    api_key_env: str | None = Field(
        default=None,
        description="Environment variable with this endpoint's key; empty: ask without one. None: OPENAI_API_KEY for "
        "the run's first endpoint, the usual variable for hosts that everybody knows, none for others.",
    )
    key_header: str | None = Field(
        default=None,
        description="Header for the key; None: `Authorization: Bearer`, or `api-key` in Azure's classic form.",
    )
    query: dict[str, str] = Field(
        default={},
        description="Sent with every call, such as Azure's api-version.",
        json_schema_extra=NAMES_OF_NO_SECRETS,
    )
    api: Literal["chat", "responses", "messages"] | None = Field(
        default=None, description="Instead of llm_api; messages: Anthropic's, with the extra of that name."
    )
    reasoning_is_answer: bool = Field(
        default=False, description="Take the reasoning as the answer where a server puts the whole answer there."
    )


def check_roles(roles: Mapping[str, Sequence[str]], operators: Sequence[str]) -> None:
    """Refuses what `llm_roles` cannot be.

    Args:
        operators: Those of the run, and `fix`.

    Raises:
        ValueError: A role is none, or its models are none; names the role.
    """
    for role, models in roles.items():
        if role == "novelty":
            raise ValueError("llm_roles names 'novelty'; set novelty_llm_models instead")
        if role not in (*operators, REPAIR, *META_ROLES):
            known = [*operators, REPAIR, *META_ROLES]
            raise ValueError(f"llm_roles names {role!r}, which is no operator of this run; known: {known}")
        if not models:
            raise ValueError(f"llm_roles gives {role!r} no model; name one, or leave it out for llm_models")
        if len(set(models)) != len(models):
            raise ValueError(f"llm_roles gives {role!r} a model twice: {list(models)}; name each once")
        if role in META_ROLES and (builtin := [model for model in models if model.startswith("builtin/")]):
            raise ValueError(
                f"llm_roles gives {role!r} the model {builtin[0]!r}, which changes programs and writes no text; "
                "name another, or leave the role out"
            )
