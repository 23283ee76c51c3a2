"""The endpoints of a run, and which key goes to which: to its own host, and to no other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.util import find_spec

from shinka_core.config import EndpointOptions, EvolutionConfig
from shinka_core.errors import ConfigError
from shinka_core.llm.option_names import check_options
from shinka_core.model_address import (
    BUILTIN,
    SENTENCE_TRANSFORMERS,
    Address,
    check_model_name,
    is_builtin,
    is_loopback,
    parse_address,
    shown_model,
)
from shinka_core.model_place import Given, Place, known_prefixes, place_of
from shinka_core.providers import INVOKED, OPENAI_KEY, Interface, ModelProvider
from shinka_core.secrets import read_key, refuse_stored_secrets

OPENAI_HOST = "https://api.openai.com"
ANTHROPICS_HEADER = "x-api-key"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Where others than Anthropic speak its interface: Bedrock, Moonshot, DeepSeek.
_ANTHROPICS_PATH = re.compile(r"/anthropic(/v1)?$")
_HEADER = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and as who.

    Attributes:
        key: None when nothing is to be sent.
        key_name: The variable that holds the key, or should: what to look at when it is refused.
        key_header: `authorization` sends it as bearer token, any other header as it is.
        provider: Whose manners are to be expected.
    """

    address: Address
    key: str | None = field(default=None, repr=False)
    key_name: str = ""
    key_header: str = "authorization"
    query: tuple[tuple[str, str], ...] = ()
    api: Interface = "chat"
    reasoning_is_answer: bool = False
    provider: ModelProvider | None = None

    def remedy_for_key(self) -> str:
        """What to do about a key that is missing or wrong."""
        if self.key is not None:
            return f"check the key in {self.key_name}"
        return (
            f"no key is sent to {self.address.origin}: name the environment variable that holds its key, "
            f"llm_endpoints: {{'{self.address.origin}': {{api_key_env: NAME}}}}"
        )


def endpoint_of(model: str, config: EvolutionConfig) -> Endpoint:
    """Where a model of a run is asked, and with which key.

    Raises:
        ConfigError: The address is none, or the key is missing or cannot be one.
    """
    place = _place(model, config)
    address = place.address
    options = _options(address, config)
    key_name, key = _key(model, place, options, config)
    api = options.api or _interface(place, config)
    return Endpoint(
        address=address,
        key=key,
        key_name=key_name,
        key_header=(options.key_header or _key_header(place, api)).lower(),
        query=tuple((dict(address.query) | options.query).items()),
        api=api,
        reasoning_is_answer=options.reasoning_is_answer,
        provider=place.provider,
    )


def sent_name(model: str, config: EvolutionConfig) -> str:
    """What a model is called where it is asked: its name without prefix and address."""
    return _place(model, config).name


def models_of(config: EvolutionConfig) -> list[str]:
    """The models of a run, those that judge included."""
    return config.models


def remote_models(config: EvolutionConfig) -> list[str]:
    """Those of them that are asked over the network."""
    return [model for model in models_of(config) if not is_builtin(model)]


def remote_embedding(config: EvolutionConfig) -> str | None:
    """The embedding of a run, when it is asked for over the network."""
    embedding = config.embedding_model
    return None if embedding is None or embedding.startswith((BUILTIN, SENTENCE_TRANSFORMERS)) else embedding


def priced_models(config: EvolutionConfig) -> list[str]:
    """All that a run may pay for: its models, and its embedding where that is asked for."""
    embedding = remote_embedding(config)
    return [*models_of(config), *([] if embedding is None else [embedding])]


def provider_of(model: str, config: EvolutionConfig) -> str:
    """Who answers for a model or an embedding: host of its endpoint, and port where the address has one; "" for nobody's."""
    if model.startswith((BUILTIN, SENTENCE_TRANSFORMERS)):
        return ""
    return _place(model, config).address.origin.partition("://")[2]


def providers_of(config: EvolutionConfig) -> list[str]:
    """All of them that a run may ask."""
    embedding = remote_embedding(config)
    asked = [*remote_models(config), *([embedding] if embedding is not None else [])]
    return list(dict.fromkeys(provider_of(model, config) for model in asked))


def check_models(config: EvolutionConfig) -> None:
    """Finds what is wrong with names, addresses, keys and options before anything is asked.

    Raises:
        ConfigError: Naming the setting and the remedy, never a key.
    """
    if config.llm_base_url is not None:
        parse_address("llm_base_url", config.llm_base_url)
    for place, special in config.llm_endpoints.items():
        _check_special(f"llm_endpoints[{_checked_place(place)!r}]", special)
    interfaces: dict[str, str] = {}
    for model in remote_models(config):
        check_model_name(_field_of(model, config), model)
        endpoint = endpoint_of(model, config)
        check_library(endpoint)
        interfaces[model] = endpoint.api
    if (embedding := remote_embedding(config)) is not None:
        check_model_name("embedding_model", embedding)
        if endpoint_of(embedding, config).api == "messages":
            raise ConfigError(
                f"embedding_model={shown_model(embedding)!r} is asked in Anthropic's interface, which has no embeddings; "
                "name a model of another provider, or 'builtin/hashed-ngrams'"
            )
    for field_name, options in config.option_fields.items():
        refuse_stored_secrets(urls={}, options={field_name: options})
    check_options(config, interfaces)


def _field_of(model: str, config: EvolutionConfig) -> str:
    if model in config.llm_models:
        return "llm_models"
    return "llm_roles" if model in (*config.proposal_models, *config.meta_models) else "novelty_llm_models"


def _check_special(field_name: str, special: EndpointOptions) -> None:
    refuse_stored_secrets(urls={}, options={f"{field_name}.query": special.query})
    if special.api_key_env and not _VARIABLE.fullmatch(special.api_key_env):
        raise ConfigError(
            f"{field_name}.api_key_env is no name of an environment variable; put the key into one and name it"
        )
    if special.key_header and not _HEADER.fullmatch(special.key_header):
        raise ConfigError(f"{field_name}.key_header={special.key_header!r} is no name of a header, such as api-key")


def _place(model: str, config: EvolutionConfig) -> Place:
    return place_of(model, config.llm_base_url)


def _interface(place: Place, config: EvolutionConfig) -> Interface:
    """What is spoken there: Anthropic's own interface only where its row or the path of the address say so."""
    invoked = place.provider is not None and place.provider.prefix == "bedrock" and place.address.base.endswith(INVOKED)
    if invoked or _ANTHROPICS_PATH.search(place.address.base):
        return "messages"
    if place.provider is None or (place.given is not Given.PROVIDER and not place.provider.server):
        return config.llm_api
    spoken = place.provider.interfaces
    if spoken[0] == "messages":
        return "messages" if has_anthropic() else "chat"
    return config.llm_api if config.llm_api in spoken else "chat"


def _key_header(place: Place, api: Interface) -> str:
    """The header of the key; of those that speak Anthropic's interface it alone has one of its own."""
    anthropic = place.provider is not None and place.provider.prefix == "anthropic"
    return ANTHROPICS_HEADER if anthropic and api == "messages" else place.address.key_header


def has_anthropic() -> bool:
    """Whether Anthropic's library is there, which its own interface takes."""
    return find_spec("anthropic") is not None


def check_library(endpoint: Endpoint) -> None:
    """Refuses an interface whose library is not there.

    Raises:
        ConfigError: Naming what to install.
    """
    if endpoint.api == "messages" and not has_anthropic():
        raise ConfigError(
            f"{endpoint.address.base} is asked in Anthropic's own interface, whose library is not installed: "
            "pip install 'shinka-prefect[anthropic]', or set api: chat for it in llm_endpoints if it speaks that too"
        )


def _options(address: Address, config: EvolutionConfig) -> EndpointOptions:
    """Those of the longest name that the address begins with."""
    fitting = [name for name in config.llm_endpoints if _covers(name, address)]
    return config.llm_endpoints[max(fitting, key=len)] if fitting else EndpointOptions()


def _covers(name: str, address: Address) -> bool:
    place = _checked_place(name)
    known = address.base if "://" in place else address.base.partition("://")[2]
    known, place = known.lower(), place.lower()
    return known == place or known.startswith((f"{place}/", *(() if "/" in place else (f"{place}:",))))


def _checked_place(name: str) -> str:
    if "://" in name:
        return parse_address("llm_endpoints", name).base
    return parse_address("llm_endpoints", f"https://{name}").base.partition("://")[2]


def _key(model: str, place: Place, options: EndpointOptions, config: EvolutionConfig) -> tuple[str, str | None]:
    """The variable and the key in it."""
    address, provider = place.address, place.provider
    on_the_way = not (address.base.startswith("https://") or is_loopback(address.base))
    if provider is not None and provider.owns(address.host) and on_the_way:
        raise ConfigError(
            f"{shown_model(model)!r} is asked at {address.base}, where its key would be sent for everybody to read; write https://"
        )
    named = address.key_variable or options.api_key_env
    if named is not None:
        return _named_key(named, address, by="its address" if address.key_variable else "llm_endpoints (api_key_env)")
    usual = provider.keys if provider is not None and _is_home_of(provider, place) else ()
    names = [*usual, *([OPENAI_KEY] if address.origin == _home(config) else [])]
    for name in names:
        if key := read_key(name):
            return name, key
    if usual and provider is not None and not provider.server:
        several = len(dict.fromkeys(names)) > 1
        raise ConfigError(
            f"{' and '.join(dict.fromkeys(names))} {'are' if several else 'is'} not set, which {address.host} asks for to "
            f"answer as {shown_model(model)!r}; set it in the environment, name an endpoint with llm_base_url "
            "(--base-url) or another variable with llm_endpoints, or use the model 'builtin/mutate'" + _hint(place)
        )
    return "", None


def _named_key(variable: str, address: Address, by: str) -> tuple[str, str | None]:
    if not variable:
        return "", None
    key = read_key(variable)
    if key is None:
        # Somebody may have written the key itself there.
        shown = variable if variable.isupper() else "the variable"
        raise ConfigError(
            f"{shown} is not set, which {by} names for {address.origin}; "
            "set it in the environment, or name another variable"
        )
    return variable, key


def _is_home_of(provider: ModelProvider, place: Place) -> bool:
    """Whether a provider's key belongs there: to its hosts, and to where its row leads."""
    return provider.owns(place.address.host) or place.given is Given.PROVIDER


def _hint(place: Place) -> str:
    """What may have been meant by a name with a slash that went to OpenAI."""
    if place.given is not Given.PROVIDER or "/" not in place.name or place.provider is None:
        return ""
    if place.provider.prefix != "openai":
        return ""
    return f"; a provider is named by one of {', '.join(known_prefixes())}"


def _home(config: EvolutionConfig) -> str:
    """The origin that `OPENAI_API_KEY` belongs to: OpenAI's when it is asked, or else the run's first.

    Never one that a provider's row or the prefix of a server gives: none of them was meant by it.
    """
    models = remote_models(config)
    if (embedding := remote_embedding(config)) is not None:
        models.append(embedding)
    places = [_place(model, config) for model in models]
    if any(place.address.origin == OPENAI_HOST for place in places):
        return OPENAI_HOST
    shared = [place for place in places if place.given is Given.SETTINGS]
    others = [place for place in places if place.given is Given.NAME and place.provider is None]
    return next((place.address.origin for place in (*shared, *others)), "")
