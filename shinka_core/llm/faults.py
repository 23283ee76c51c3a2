"""From the openai library's exceptions to ours, which know whether asking again may help."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime

import httpx
import openai

from shinka_core.errors import (
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    RateLimitedError,
    UnusableAnswerError,
)
from shinka_core.secrets import redact

# A provider that asks for longer has a quota that will not come back during this run.
LONGEST_WAIT = 600.0
_RETRYABLE_STATUS = {408, 409, 425}


def translate(error: Exception, model: str) -> ModelError:
    """The `ModelError` that says the same as an exception of the openai library."""
    text = _short(error)
    if isinstance(error, openai.RateLimitError):
        if "insufficient_quota" in str(error):
            return ModelRefusedError(f"{model}: the provider's quota is used up: {text}", model=model)
        return RateLimitedError(
            f"{model}: rate limited: {text}", model=model, retry_after=retry_after(dict(error.response.headers))
        )
    if isinstance(error, openai.APITimeoutError):
        return ModelUnavailableError(f"{model}: no answer within the time limit", model=model)
    if isinstance(error, openai.APIStatusError):
        wait = retry_after(dict(error.response.headers))
        if error.status_code in (503, 529) and wait is not None:
            return RateLimitedError(f"{model}: overloaded: {text}", model=model, retry_after=wait)
        if error.status_code >= 500 or error.status_code in _RETRYABLE_STATUS:
            return ModelUnavailableError(f"{model}: HTTP {error.status_code}: {text}", model=model)
        return ModelRefusedError(f"{model}: HTTP {error.status_code}: {text}{_remedy(error.status_code)}", model=model)
    if isinstance(error, TimeoutError):
        return ModelUnavailableError(f"{model}: no whole answer within the time limit", model=model)
    if not isinstance(error, openai.OpenAIError | json.JSONDecodeError | httpx.HTTPError | OSError):
        return UnusableAnswerError(f"{model}: an answer of unknown shape: {type(error).__name__}: {text}", model=model)
    # What remains is a broken connection, or a body that broke off.
    return ModelUnavailableError(f"{model}: {type(error).__name__}: {text}", model=model)


def retry_after(headers: dict[str, str]) -> float | None:
    """Seconds the provider asks to wait, bounded, or None when it does not say.

    Args:
        headers: Response headers, lower-case names.
    """
    milliseconds = headers.get("retry-after-ms")
    value = headers.get("retry-after")
    try:
        if milliseconds is not None:
            seconds = float(milliseconds) / 1000
        elif value is None:
            return None
        elif value.replace(".", "", 1).isdigit():
            seconds = float(value)
        else:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _remedy(status: int) -> str:
    remedies = {
        401: "; check the key in the environment (OPENAI_API_KEY)",
        403: "; the key may not use this model",
        404: "; check the model's name and --base-url",
    }
    return remedies.get(status, "")


def _short(error: Exception) -> str:
    return redact(" ".join(str(error).split()))[:500]
