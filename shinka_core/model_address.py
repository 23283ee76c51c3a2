"""The address of a model: what its name says of where it is asked, what an address may hold, and whose key goes where."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from shinka_core.errors import ConfigError
from shinka_core.providers import OPENAI_KEY, ModelProvider, provider_at
from shinka_core.secrets import is_secret_name, looks_like_key

# How names begin that have no address.
BUILTIN = "builtin/"
SENTENCE_TRANSFORMERS = "sentence-transformers/"

# Names hold `@` for other reasons too: Cloudflare's begin with `@cf/`.
_SEPARATOR = re.compile(r"@(?=https?://)", re.IGNORECASE)
# `name@host:8000/v1`: an address that lacks its beginning.
_NO_SCHEME = re.compile(r".+@((localhost|[\w.-]+:\d+)(/|$)|[\w-]+(\.[\w-]+)*\.[a-zA-Z]{2,}/)")
# What the calls add by themselves, and people copy along.
_CALL_PATHS = ("/chat/completions", "/responses", "/completions", "/embeddings", "/messages")
# In an address, as ShinkaEvolve writes it: taken out, and read as the name of a variable.
KEY_VARIABLE = "api_key_env"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AZURE_CLASSIC = re.compile(r"/openai/deployments/[^/]+$")


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint's address in parts.

    Attributes:
        base: What paths are added to; without a slash at the end.
        query: Sent with every call, such as Azure's `api-version`.
        key_variable: Names the variable of the key (`?api_key_env=NAME`); never sent.
    """

    base: str
    query: tuple[tuple[str, str], ...] = ()
    key_variable: str | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a key belongs to."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @property
    def host(self) -> str:
        """The host's name alone."""
        return urlsplit(self.base).hostname or ""

    @property
    def key_header(self) -> str:
        """The header that a key goes into; Azure's classic form has one of its own."""
        return "api-key" if _AZURE_CLASSIC.search(urlsplit(self.base).path) else "authorization"

    @property
    def provider(self) -> ModelProvider | None:
        """Whose host it is, if everybody knows that."""
        return provider_at(self.host)


def split_model(model: str) -> tuple[str, str | None]:
    """`name@https://host/v1` as name and address; every other `@` belongs to the name."""
    separators = list(_SEPARATOR.finditer(model))
    if not separators:
        return model, None
    return model[: separators[-1].start()], model[separators[-1].end() :]


def is_builtin(model: str) -> bool:
    """Whether a name is that of something of ours, which is asked nowhere."""
    return model.startswith(BUILTIN)


def check_model_name(field: str, model: str) -> None:
    """Refuses names that no endpoint can know.

    Raises:
        ConfigError: The name is empty, or an address in it lacks `http://`.
    """
    name, address = split_model(model)
    if not name.strip() or name != name.strip() or not name.isprintable():
        shown = without_secrets(address) if address else ""
        raise ConfigError(f"{field} holds {name!r} as a model's name{f' at {shown}' if shown else ''}; name a model")
    if "://" in name:
        shown = f"{name.partition('@')[0]}@..." if "@" in name else without_secrets(name)
        raise ConfigError(f"{field} holds {shown!r}, whose address needs http:// or https:// at its beginning")
    if address is None and _NO_SCHEME.match(name):
        before, _, after = name.rpartition("@")
        raise ConfigError(
            f"{field} holds {name!r}, whose address has no scheme; write {before}@{_with_scheme(after)!s} instead"
        )


def parse_address(field: str, url: str) -> Address:
    """Takes an endpoint's address apart.

    Raises:
        ConfigError: It is no http(s) address, or holds a key or password (which is not repeated).
    """
    url = url.strip()
    try:
        parts = urlsplit(url) if "://" in url else None
    except ValueError as error:
        raise ConfigError(f"{field}={without_secrets(url)!r} is no address: {error}") from None
    if parts is None or parts.scheme.lower() not in ("http", "https"):
        shown = without_secrets(url)
        raise ConfigError(
            f"{field}={shown!r} needs http:// or https:// at its beginning"
            + (f"; did you mean {_with_scheme(shown)!r}?" if parts is None else "")
        )
    if "@" in parts.netloc:
        raise ConfigError(
            f"{field} holds a user name or a password before '@', which would be stored with the run; "
            f"set the key in the environment ({OPENAI_KEY}, or api_key_env in llm_endpoints)"
        )
    try:
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not parts.netloc.isprintable() or " " in url:
        raise ConfigError(f"{field}={without_secrets(url)!r} names no host and port that can be asked")
    if parts.fragment:
        raise ConfigError(f"{field}={without_secrets(url)!r} holds a '#'; an address ends before it")
    query = parse_qsl(parts.query, keep_blank_values=True)
    variables = [value for name, value in query if name == KEY_VARIABLE]
    if len(variables) > 1 or any(not _VARIABLE.fullmatch(value) or looks_like_key(value) for value in variables):
        raise ConfigError(
            f"{field} holds {KEY_VARIABLE}=..., which is no name of one environment variable; put the key into one and "
            "name it"
        )
    query = tuple((name, value) for name, value in query if name != KEY_VARIABLE)
    for name, value in query:
        if is_secret_name(name) or looks_like_key(value):
            raise ConfigError(
                f"{field} holds a key in its query ({name}=...), which would be stored with the run; remove it and "
                f"name the environment variable of the key in llm_endpoints (api_key_env, key_header)"
            )
    path = parts.path.rstrip("/")
    for call in _CALL_PATHS:
        path = path.removesuffix(call)
    return Address(f"{parts.scheme.lower()}://{parts.netloc}{path}", query, next(iter(variables), None))


def without_secrets(url: str) -> str:
    """An address as it may be shown: without what stands before `@` and after `?`."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    place, slash, path = rest.partition("/")
    return scheme + separator + place.rpartition("@")[2] + slash + path


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified  # servers tell people the latter


def shown_model(model: str) -> str:
    """A model's name as it may be shown."""
    name, address = split_model(model)
    return name if address is None else f"{name}@{without_secrets(address)}"


def _with_scheme(address: str) -> str:
    if mistyped := re.match(r"(https?):/*", address, re.IGNORECASE):
        return f"{mistyped[1].lower()}://{address[mistyped.end() :]}"
    host = re.split(r"[:/]", address, maxsplit=1)[0]
    try:
        near = ipaddress.ip_address(host).is_private
    except ValueError:
        near = "." not in host
    return f"{'http' if near or re.match(r'[^/]*:', address) else 'https'}://{address}"
