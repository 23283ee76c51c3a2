"""Which options the interfaces of providers know, so that a mistyped one is found before it is paid for."""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from shinka_core.config import EvolutionConfig
from shinka_core.config.options import PLURALS, WEIGHTS, names_model, singular
from shinka_core.errors import ConfigError
from shinka_core.llm.dialect import LIMITS
from shinka_core.llm.options import choices
from shinka_core.model_address import shown_model

# Options that are not of the body, or say so.
EXTRAS = ("extra_headers", "extra_query", "extra_body")
# Settings of ours, or what every call holds anyway.
_NOT_OPTIONS = {
    "model": "name models in llm_models",
    "model_name": "name models in llm_models",
    "model_names": "name models in llm_models",
    "messages": "the prompt is made from the task",
    "input": "the prompt is made from the task",
    "system": "the prompt is made from the task",
    "instructions": "the prompt is made from the task",
    "prompt": "the prompt is made from the task",
    "timeout": "set llm_timeout",
    "api_key": "set the key in the environment",
    "base_url": "set llm_base_url",
    "max_retries": "set llm_retries",
    WEIGHTS: "models of a role are asked in turn",
}
# What our own requests hold under another name where an interface wants it so.
_TRANSLATED = frozenset({*LIMITS, "reasoning_effort", "verbosity", *PLURALS})
# What servers with the same interface take beside OpenAI's own options, in the body like these.
_OF_SERVERS = frozenset(
    {
        "bad_words", "best_of", "cache_prompt", "chat_template_kwargs", "dry_multiplier", "dynatemp_range", "effort",
        "enable_thinking", "grammar", "guided_choice", "guided_grammar", "guided_json", "guided_regex", "ignore_eos",
        "include_reasoning", "json_schema", "keep_alive", "length_penalty", "min_p", "min_tokens", "mirostat",
        "mirostat_eta", "mirostat_tau", "models", "num_ctx", "options", "plugins", "priority", "prompt_mode",
        "prompt_truncate_len", "provider", "random_seed", "reasoning", "reasoning_format", "reasoning_split",
        "repeat_penalty", "repetition_penalty", "route", "safe_prompt", "samplers", "search_parameters", "seed",
        "session_id", "stop", "stop_token_ids", "structured_outputs", "think", "thinking", "thinking_budget", "top_a",
        "top_k", "transforms", "typical_p", "usage", "xtc_probability",
    }
)  # fmt: skip
# Of Anthropic's own interface, where its library is not there to be asked.
_OF_ANTHROPIC = frozenset(
    {
        "cache_control", "container", "context_management", "inference_geo", "max_tokens", "mcp_servers", "metadata",
        "output_config", "service_tier", "stop_sequences", "stream", "temperature", "thinking", "tool_choice", "tools",
        "top_k", "top_p",
    }
)  # fmt: skip
_NUMBERS = frozenset(
    {"temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty"}
)


@cache
def known_options(interface: str) -> frozenset[str]:
    """The options of an interface by name, as the provider's own library has them, and those of servers beside it.

    Args:
        interface: `chat`, `responses`, or Anthropic's `messages`.
    """
    if interface == "messages":
        return _signature_of_anthropic() | _TRANSLATED | {*EXTRAS}
    # Imported here: it takes a while to load, which a run with built-in models has not to spend.
    from openai.resources.chat.completions import AsyncCompletions
    from openai.resources.responses import AsyncResponses

    of = AsyncResponses if interface == "responses" else AsyncCompletions
    return _parameters(of.create) | _OF_SERVERS | _TRANSLATED


def _signature_of_anthropic() -> frozenset[str]:
    try:
        from anthropic.resources.messages import AsyncMessages  # pyright: ignore
    except ImportError:
        return _OF_ANTHROPIC
    return _parameters(AsyncMessages.create) | _OF_ANTHROPIC  # pyright: ignore


def _parameters(function: Any) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters) - {"self", *_NOT_OPTIONS}


def check_options(config: EvolutionConfig, interfaces: Mapping[str, str]) -> None:
    """Finds options that cannot be sent, all of them at once.

    Args:
        interfaces: Of the models that are asked over the network.

    Raises:
        ConfigError: Naming each, the nearest name, and the remedy.
    """
    problems: list[str] = []
    for field, options in config.option_fields.items():
        problems += _problems(field, options, config.models, interfaces)
    if problems:
        raise ConfigError("; ".join(dict.fromkeys(problems)))


def _problems(
    field: str, options: Mapping[str, Any], models: Collection[str], interfaces: Mapping[str, str]
) -> Iterator[str]:
    if field.startswith("llm_model_kwargs["):
        of = [model for model in interfaces if f"llm_model_kwargs[{model!r}]" == field]
        yield from _problems_of_one(_shown(field), options, {interfaces[model] for model in of}, ())
        return
    sections = {
        name: cast("dict[str, Any]", value)
        for name, value in options.items()
        if isinstance(value, dict) and names_model(name, models)
    }
    common = {name: value for name, value in options.items() if name not in sections}
    yield from _problems_of_one(field, common, set(interfaces.values()), models)
    for name, section in sections.items():
        of = {interface for model, interface in interfaces.items() if names_model(name, [model])}
        yield from _problems_of_one(f"{field}[{shown_model(name)!r}]", section, of, ())


def _shown(field: str) -> str:
    name = field.removeprefix("llm_model_kwargs['").removesuffix("']")
    return f"llm_model_kwargs[{shown_model(name)!r}]"


def _problems_of_one(
    field: str, options: Mapping[str, Any], interfaces: Iterable[str], models: Collection[str]
) -> Iterator[str]:
    known = frozenset[str]().union(*(known_options(interface) for interface in interfaces))
    for name, value in options.items():
        if name in _NOT_OPTIONS:
            yield f"{field} holds {name!r}; remove it and {_NOT_OPTIONS[name]}"
        elif known and name not in known:
            yield _unknown(field, name, value, known, models)
        elif (one := PLURALS.get(name)) in options:
            yield f"{field} holds {name!r} and {one!r}; say one of them"
    yield from _forms(field, singular(options))
    if known:
        yield from _values(field, singular(options))
    try:
        json.dumps(options, allow_nan=False)
    except (TypeError, ValueError) as error:
        yield f"{field} holds what cannot be sent as JSON: {error}"


def _forms(field: str, options: Mapping[str, Any]) -> Iterator[str]:
    for name in EXTRAS:
        if not isinstance(options.get(name) or {}, dict):
            yield f"{field} holds {name!r}, which must have names and values"
    for name, several in choices(dict(options), ""):
        if not several:
            yield f"{field} gives {name!r} nothing to choose from; give it a value, or several"


def _values(field: str, options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        several = cast("list[Any]", value) if isinstance(value, list) else [value]
        if name in _NUMBERS and not all(each is None or _is_number(each) for each in several):
            yield f"{field} gives {name!r} {value!r}; it is a number, or a list of them"
        if name in LIMITS and not all(
            each is None or (isinstance(each, int) and _is_number(each) and each > 0) for each in several
        ):
            yield f"{field} gives {name!r} {value!r}; it is a count of tokens above 0, or a list of them"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unknown(field: str, name: str, value: Any, known: Collection[str], models: Collection[str]) -> str:
    sections = [shown_model(model) for model in models]
    near = difflib.get_close_matches(name, [*known, *sections], n=1)
    if isinstance(value, dict) and not (near and near[0] in known):
        remedy = f"did you mean {near[0]!r}?" if near else f"models: {', '.join(sections)}"
        return f"{field} holds {shown_model(name)!r}, which is no model of this run and no option; {remedy}"
    hint = f"did you mean {near[0]!r}? " if near else ""
    return (
        f"{field} holds {name!r}, which is no option of its models' interface; {hint}"
        f"(what only a server of your own takes goes into extra_body: {{{name}: ...}})"
    )
