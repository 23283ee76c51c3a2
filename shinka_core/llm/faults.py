"""From what a provider complains about to our errors, which know what to try instead."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from shinka_core.errors import (
    EndpointError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    PromptRefusedError,
    PromptTooLongError,
    QuotaExhaustedError,
    RateLimitedError,
    Scope,
    UnusableAnswerError,
)
from shinka_core.llm.complaint import Complaint, phrases
from shinka_core.llm.endpoint import Endpoint
from shinka_core.providers import INVOKED, provider_at

# Seconds: who asks to wait longer has a quota that is worth stopping for, with the generations kept.
LONGEST_WAIT = 600.0
# Seconds: what a limit per day asks to wait longer than, since it lets one call through at a time from then on.
SHORT_WAIT = 60.0

TOO_LONG = phrases(
    r"context_length_exceeded|exceed_context_size|prompt_too_long|context_window|string_above_max_length"
    r"|(maximum|max|model'?s?|available) context (length|window|size)|context (length|window|size) (of|is|exceed|limit)"
    r"|exceed\w*\W+(the )?(\w+'?s? ){0,3}(context|input (token|length))|maximum input length"
    r"|(prompt|inputs?|messages?|request) (is|are|was|were) too (long|large)|request too large|payload too large"
    r"|max(imum)? prompt length|model token limit|(greater|larger) than the context|context the overflows"
    r"|`?inputs`? tokens \+ `?max_new_tokens`? must be"
    r"|input token count|too many (input |prompt )?tokens|reduce the length|range of input length|longer than the (model|max)"
)
FILTERED = phrases(
    r"content[ _-]?filter|content[ _-](management[ _-])?polic|responsibleaipolicy|data_?inspection|content_moderation"
    r"|moderation|inappropriate content|usage polic|prohibited_?content|(prompt|input|content|message)s? \w* ?flagged"
    r"|flagged (as|by|for)|safety (filter|system|reason|check|polic)|blocked (by|due to|for) .{0,20}(safety|polic|content)"
    r"|violates? (\w+ ){0,2}(usage|content|safety) |safety_check"
    r"|(contain|with) sensitive|sensitive (content|words?|information)|content (risk|exists risk)|^1301$"
)
NO_MONEY = phrases(
    r"insufficient_(quota|balance|credit|user_quota|fund)|billing_(hard_limit|not_active)|exceeded_current_quota|arrear"
    r"|payment_required|spend_limit_reached|account .{0,60}suspended|(reached|hit|exceeded) \w* ?(your|its|the) (\w+ ){0,3}(spend(ing)? limit|usage limits?)"
    r"|used all available credits|credit limit exceeded|(used up|exhausted|exceeded) (\w+ ){0,3}(included|available) credits|free tier .{0,40}exhausted"
    r"|insufficient (account )?(balance|credit|fund|quota)|credit balance|out of credits"
    r"|not enough (credit|balance)|payment required|billing (hard )?limit|(add|purchase|buy) (more )?credits|overdue"
    r"|credits (are|is|have been) (depleted|exhausted|used up)|(no|n't have (any|enough)) credits\b|key limit exceeded"
)
# Gemini says it of every limit, with how long to wait.
NO_QUOTA = phrases(r"exceeded your current (token )?quota(?!.*(metric|quotaid|retry|try again))")
# Gemini's `quotaId` says per day and asks to wait for seconds all the same.
DAILY_ID = phrases(r"[a-z]PerDay|per-day\b")
DAILY = phrases(r"per[ _-]?(day|week|month)|daily|weekly|monthly|\b[RT]PD\b")
OF_ONE_MODEL = phrases(r"PerModel|per[ _-]model|for (the )?model|limit reached for")
BUSY = phrases(
    r"rate.?limit|too.?many.?requests|throttl|resource_exhausted|concurrency.?limit|^130[2-5]$|quota exceeded|exceeded your current quota"
)
BAD_KEY = phrases(
    r"invalid.?api.?key|api.?key.{0,20}(not valid|invalid|incorrect|missing|required)|incorrect api key|authentication"
    r"|unauthorized|unauthenticated|subscription key|no auth credentials|invalid.{0,10}(token|credential)"
    r"|api.?key (\w+ ){0,4}(leaked|blocked|disabled|revoked|expired|suspended|deactivated)|token has expired"
    r"|unregistered callers|organization has been (disabled|restricted)"
)
ELSEWHERE = phrases(
    r"unexpected endpoint|invalid url|unknown (url|endpoint|path|route|request url)|unrecognized request url"
    r"|no (such )?(route|path|handler)|no (such )?endpoint(?!s? found)|cannot (post|get)\b|page not found|method not allowed"
    r"|resource not found|not found: */|url .{0,80}not found|path .{0,80}not found|^\W*not found\W*$|unsupported_country"
    r"|(location|country|region|territory) (is )?not supported|firewall rules|^\W*request not allowed"
)
OF_THE_MODEL = phrases(r"model|deployment|engine|no endpoints found")
AWAY = phrases(
    r"overload|unavailable|timed? ?out|try again|temporar|internal.?(server.?)?error|server_error|upstream|capacity|busy"
    r"|loading|bad gateway|network"
)
# Beside other numbers, where a server names it so.
_N_CTX = phrases(
    r"\d \+ \d[\d,]* > (\d[\d,]{2,})|n_ctx\W{0,3}(\d[\d,]*)|with (\d[\d,]{2,}) maximum context|<= ?(\d[\d,]{2,})|\[1, ?(\d[\d,]{2,})\]"
)
_CONTEXT = phrases(
    r"(?:context (?:length|window|size)|limit|maximum|available|at most|n_ctx)\D{0,40}?(\d[\d,]{2,})|> ?(\d[\d,]{2,}) maximum"
)
_ASKED = phrases(
    r"(?:resulted in|requested(?: about)?|request contains|given:|keep the first|n_keep:|prompt of|current length is|prompt (?:contains|has)|too long:|length \(|request \(|token count (?:of )?\()\D{0,20}?(\d[\d,]*)"
)


def fault_of(complaint: Complaint, model: str, endpoint: Endpoint) -> ModelError:
    """The `ModelError` that says the same as a provider's complaint."""
    status = f"HTTP {complaint.status}" if complaint.status else "an error in place of an answer"
    said = f"{model}: {status}: {complaint.words or 'no words'}"
    for judge in (_of_the_prompt, _of_money, _of_haste, _of_the_key, _of_the_address, _of_the_hour):
        fault = judge(complaint, said, model, endpoint)
        if fault is not None:
            return fault
    if complaint.status:
        return ModelRefusedError(said + _refusal(complaint), model=model, said=complaint.words)
    return UnusableAnswerError(said, model=model, said=complaint.words)


def _of_the_prompt(complaint: Complaint, said: str, model: str, endpoint: Endpoint) -> ModelError | None:
    del endpoint
    if complaint.status in (401, 404) or (complaint.status == 429 and not _never_fits(complaint)):
        return None
    if complaint.status == 413 or complaint.mentions(TOO_LONG):
        return PromptTooLongError(
            f"{said}; a shorter prompt or a smaller max_tokens would fit",
            context=_number(_N_CTX, complaint.words) or _number(_CONTEXT, complaint.words),
            asked=_number(_ASKED, complaint.words),
            model=model,
            said=complaint.words,
        )
    if complaint.mentions(FILTERED) and complaint.status in (0, 400, 403, 422, 451, 500):
        return PromptRefusedError(f"{said}; another prompt may pass", model=model, said=complaint.words)
    return None


def address_remedy(base: str) -> str:
    """What to do about an address at which no model answers."""
    if "/v1" in base or "/openai" in base or base.endswith(INVOKED):
        return f"; check the address {base}"
    there = provider_at(urlsplit(base).hostname or "")
    return f"; check the address {base}, perhaps {base}{'/openai/v1' if there and there.prefix == 'azure' else '/v1'}"


def _never_fits(complaint: Complaint) -> bool:
    """A single prompt larger than what is allowed in a minute."""
    return "request too large" in complaint.words.lower()


def _of_money(complaint: Complaint, said: str, model: str, endpoint: Endpoint) -> ModelError | None:
    provider = endpoint.provider
    if (
        complaint.status == 429
        and provider is not None
        and provider.passes
        and complaint.mentions(phrases(provider.passes))
    ):
        return None
    no_quota = complaint.wait is None and complaint.mentions(NO_QUOTA)
    if complaint.status == 402 or complaint.mentions(NO_MONEY) or no_quota:
        return QuotaExhaustedError(
            f"{said}; the account at {endpoint.address.host} has no quota or money left",
            model=model,
            said=complaint.words,
        )
    return None


def _of_haste(complaint: Complaint, said: str, model: str, endpoint: Endpoint) -> ModelError | None:
    del endpoint
    limited = complaint.status == 429 or (complaint.status in (0, 400, 403) and complaint.mentions(BUSY))
    wait = complaint.wait
    if not limited and not (complaint.status in (503, 529) and wait is not None):
        return None
    daily = (
        complaint.used_up
        or complaint.mentions(DAILY_ID)
        or (complaint.mentions(DAILY) and (wait is None or wait > SHORT_WAIT))
    )
    if daily or (wait is not None and wait > LONGEST_WAIT):
        return QuotaExhaustedError(
            f"{said}; {_when(wait) if wait and wait > LONGEST_WAIT else 'a quota of a day or longer is used up'}",
            model=model,
            retry_after=wait if wait and wait > SHORT_WAIT else None,
            said=complaint.words,
            scope=Scope.MODEL if complaint.mentions(OF_ONE_MODEL) else None,
        )
    return RateLimitedError(f"{said} (rate limited)", model=model, retry_after=wait, said=complaint.words)


def _when(seconds: float) -> str:
    return (
        f"it asks to come back in {seconds / 3600:.1f} hours"
        if seconds >= 5400
        else f"it asks to come back in {seconds / 60:.0f} minutes"
    )


def _of_the_key(complaint: Complaint, said: str, model: str, endpoint: Endpoint) -> ModelError | None:
    if complaint.status == 401 or (
        complaint.status in (0, 400, 403) and complaint.mentions(BAD_KEY) and not complaint.mentions(OF_THE_MODEL)
    ):
        return EndpointError(f"{said}; {endpoint.remedy_for_key()}", model=model, said=complaint.words)
    return None


def _of_the_address(complaint: Complaint, said: str, model: str, endpoint: Endpoint) -> ModelError | None:
    remedy = address_remedy(endpoint.address.base)
    if 300 <= complaint.status < 400:
        return EndpointError(f"{said}{remedy}", model=model, said=complaint.words)
    if complaint.status in (405, 501) or (complaint.status in (0, 400, 403, 404) and complaint.mentions(ELSEWHERE)):
        return EndpointError(f"{said}{remedy}", model=model, said=complaint.words)
    if complaint.page and complaint.status < 500:
        return EndpointError(f"{said} (a web page and no model's answer){remedy}", model=model, said=complaint.words)
    if complaint.status == 404 and not complaint.mentions(OF_THE_MODEL):
        return EndpointError(f"{said}{remedy}", model=model, said=complaint.words)
    return None


def _of_the_hour(complaint: Complaint, said: str, model: str, endpoint: Endpoint) -> ModelError | None:
    del endpoint
    passing = complaint.status in (408, 409, 425) or complaint.status >= 500
    if passing or (complaint.status == 0 and complaint.mentions(AWAY)):
        return ModelUnavailableError(said, model=model, said=complaint.words)
    return None


def _refusal(complaint: Complaint) -> str:
    if complaint.status == 403:
        return "; the key may not use this model"
    if complaint.status == 404 or re.search(
        r"model.{0,60}(not (exist|found|supported by)|invalid|unknown|decommissioned|on-demand throughput)|invalid model",
        complaint.words,
        re.IGNORECASE,
    ):
        return "; check the model's name and --base-url"
    return "; options for this model alone go into llm_model_kwargs"


def _number(pattern: re.Pattern[str], words: str) -> int | None:
    found = pattern.search(words)
    digits = next((group for group in found.groups() if group), "") if found else ""
    return int(digits.replace(",", "")) if digits.replace(",", "").isdigit() else None
