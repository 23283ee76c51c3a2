"""HTTP clients as the environment lets them be: through its proxy to the world, and past it to this machine.

On a company's network HTTP_PROXY is set, often without NO_PROXY, and no proxy reaches 127.0.0.1 of another machine:
Ollama and vLLM would be out of reach beside a proxy that works.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from shinka_core.errors import ConfigError
from shinka_core.model_address import is_loopback
from shinka_core.secrets import redact

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def http_client(library: Any, url: str, *, limits: Any = None, **options: Any) -> Any:
    """A client for one address.

    Args:
        library: httpx, or its successor.
        limits: Of its connections; None: the library's own.
        options: For the client.

    Raises:
        ConfigError: The environment names a proxy or certificates that nobody here can use.
    """
    bounded = {} if limits is None else {"limits": limits}
    try:
        if is_loopback(url):
            # With a transport of its own a client asks no proxy, and still takes the certificates of the environment.
            return library.AsyncClient(transport=library.AsyncHTTPTransport(**bounded), **options)
        return library.AsyncClient(**bounded, **options)
    except (ImportError, ValueError) as error:
        said = redact(str(error)).split(". ")[0]
        raise ConfigError(
            f"the proxy that {_named(_proxies())} names cannot be used: {said}; unset it, name one of http://, or "
            "for socks5:// pip install 'httpx[socks]'"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"the certificates that {_named(_CERTIFICATES)} names cannot be read ({error.strerror or error}); "
            "correct or unset it"
        ) from None


def proxy_for(url: str) -> str:
    """The variable whose proxy an address is asked through; "" for none."""
    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.netloc):
        return ""
    known = getproxies_environment()
    kind = next((kind for kind in (parts.scheme, "all") if known.get(kind)), None)
    return "" if kind is None else _named([f"{kind}_proxy"])


def _proxies() -> list[str]:
    return [f"{kind}_proxy" for kind in getproxies_environment() if kind in ("all", "https", "http")]


def _named(variables: Any) -> str:
    """Those of the variables that are set, as they are written there."""
    found = [name for each in variables for name in (each.upper(), each) if os.environ.get(name)]
    return " or ".join(dict.fromkeys(found)) or " or ".join(each.upper() for each in variables)
