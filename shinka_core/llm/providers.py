"""A provider for every model of a run; models with the same endpoint share one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError
from shinka_core.llm.endpoint import Endpoint, check_models, endpoint_of
from shinka_core.llm.question import Provider


def connect(models: Sequence[str], config: EvolutionConfig, builtin: Mapping[str, Provider]) -> dict[str, Provider]:
    """Prepares connections to whatever the models are asked at; none is opened yet.

    Args:
        builtin: Operators in the place of models, by name.

    Raises:
        ConfigError: A model is unknown, an address wrong, or a key missing.
    """
    # Imported here: it takes a while to load, which a run with built-in models has not to spend.
    from shinka_core.llm.openai_provider import OpenAIProvider

    check_models(config)
    endpoints: dict[Endpoint, OpenAIProvider] = {}
    providers: dict[str, Provider] = {}
    for model in models:
        if model.startswith("builtin/"):
            if model not in builtin:
                raise ConfigError(f"llm_models names {model!r}; built in are: {', '.join(builtin) or 'none'}")
            providers[model] = builtin[model]
            continue
        endpoint = endpoint_of(model, config)
        if endpoint not in endpoints:
            endpoints[endpoint] = OpenAIProvider(endpoint, timeout=config.llm_timeout)
        endpoints[endpoint].add(model, config.options_for(model), config.llm_model_kwargs.get(model, {}))
        providers[model] = endpoints[endpoint]
    return providers
