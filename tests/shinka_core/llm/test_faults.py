"""What providers say when they do not answer, in their own words, and what each of it means here."""

from __future__ import annotations

import json
from email.utils import formatdate
from time import time
from typing import Any

import pytest

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
from shinka_core.llm.complaint import LONGEST_WAIT, LONGEST_WORDS, is_complaint, read_complaint
from shinka_core.llm.endpoint import Endpoint
from shinka_core.llm.faults import fault_of
from shinka_core.llm.roster import Roster
from shinka_core.model_address import parse_address

HERE = Endpoint(parse_address("llm_base_url", "http://127.0.0.1:8000"), key_name="MY_KEY")


def fault(status: int, body: Any, **headers: str) -> ModelError:
    text = body if isinstance(body, str) else json.dumps(body)
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return fault_of(read_complaint(status, names, text, said), "m", HERE)


def openai(message: str, code: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": None, "param": None, "code": code} | fields}


OPENAI_QUOTA = "You exceeded your current quota, please check your plan and billing details."
GEMINI_DAY = (
    f"{OPENAI_QUOTA} Quota exceeded for metric: generate_content_free_tier_requests, limit: 50, "
    "quotaId: GenerateRequestsPerDayPerProjectPerModel-FreeTier"
)
GEMINI_MINUTE = f"{OPENAI_QUOTA}\n* Quota exceeded for metric: generate_content_free_tier_requests, limit: 5\nPlease retry in 23.5s."


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        # Later.
        (429, openai("Rate limit reached for gpt-4o on requests per min (RPM)", "rate_limit_exceeded"), RateLimitedError),
        (429, "", RateLimitedError),
        (429, [{"error": {"code": 429, "message": GEMINI_MINUTE, "status": "RESOURCE_EXHAUSTED"}}], RateLimitedError),
        (500, openai("litellm.RateLimitError: upstream", "429"), RateLimitedError),
        (500, openai("The server had an error"), ModelUnavailableError),
        (502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", ModelUnavailableError),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, ModelUnavailableError),
        (408, "", ModelUnavailableError),
        # This prompt.
        (400, openai("This model's maximum context length is 800 tokens. However, your messages resulted in 933 tokens.", "context_length_exceeded"), PromptTooLongError),
        (400, {"object": "error", "message": "'max_tokens' is too large: 500. This model's maximum context length is 4096 tokens and your request has 4000 input tokens", "code": 400}, PromptTooLongError),
        (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}}, PromptTooLongError),
        (400, [{"error": {"code": 400, "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}}], PromptTooLongError),
        (400, {"error": {"code": 400, "message": "the request exceeds the available context size, try increasing it", "type": "exceed_context_size_error"}}, PromptTooLongError),
        (413, "<html><h1>413 Request Entity Too Large</h1></html>", PromptTooLongError),
        (429, openai("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.", "rate_limit_exceeded"), PromptTooLongError),
        (400, openai("The response was filtered due to the prompt triggering the content management policy.", "content_filter"), PromptRefusedError),
        (403, openai('Input was flagged: requires moderation on "OpenInference"', "403"), PromptRefusedError),
        (400, {"code": "DataInspectionFailed", "message": "Input data may contain inappropriate content."}, PromptRefusedError),
        (500, openai("Content Exists Risk", "invalid_request_error"), PromptRefusedError),
        # This model.
        (404, openai("The model `gpt-9` does not exist or you do not have access to it.", "model_not_found"), ModelRefusedError),
        (404, openai("No endpoints found for acme/unknown.", "404"), ModelRefusedError),
        (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}}, ModelRefusedError),
        (404, {"error": "model 'qwen9' not found, try pulling it first"}, ModelRefusedError),
        (400, openai("Unsupported parameter: 'temperature' is not supported with this model.", "unsupported_parameter"), ModelRefusedError),
        (422, {"detail": [{"loc": ["body", "top_k"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}]}, ModelRefusedError),
        (403, openai("Project proj_1 does not have access to model gpt-5", "model_not_found"), ModelRefusedError),
        # This endpoint.
        (401, openai("Incorrect API key provided: sk-abc***xyz.", "invalid_api_key"), EndpointError),
        (400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}], EndpointError),
        (404, "", EndpointError),
        (404, "404 page not found", EndpointError),
        (404, {"detail": "Not Found"}, EndpointError),
        (404, openai("Resource not found", "404"), EndpointError),
        (404, openai("Invalid URL (POST /v1/models/chat/completions)"), EndpointError),
        (405, {"detail": "Method Not Allowed"}, EndpointError),
        (403, "<!DOCTYPE html><html><title>Just a moment...</title></html>", EndpointError),
        (301, "", EndpointError),
        # Its quota.
        (429, openai(OPENAI_QUOTA, "insufficient_quota", type="insufficient_quota"), QuotaExhaustedError),
        (429, openai(OPENAI_QUOTA), QuotaExhaustedError),
        (429, openai(GEMINI_DAY, "429", type="RESOURCE_EXHAUSTED"), QuotaExhaustedError),
        (402, openai("Insufficient Balance", "invalid_request_error"), QuotaExhaustedError),
        (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access the API."}}, QuotaExhaustedError),
        (429, openai("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day", "429"), QuotaExhaustedError),
        # Inside a 200.
        (200, {"choices": None, "error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "model-x is temporarily rate-limited upstream"}}}, RateLimitedError),
        (200, {"error": {"message": "Provider returned error", "code": 502}}, ModelUnavailableError),
        (200, {"error": {"message": "Insufficient credits", "code": 402}}, QuotaExhaustedError),
        (200, {"error": {"message": "No auth credentials found", "code": 401}}, EndpointError),
        (200, {"error": {"message": "maximum context length is 8192 tokens", "code": 400}}, PromptTooLongError),
        (200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}, EndpointError),
        (200, {"error": {"message": "The engine is currently overloaded, please try again later"}}, ModelUnavailableError),
        (200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit exceeded"}}, RateLimitedError),
        (200, {"error": {"code": "1301", "message": "unsafe"}}, PromptRefusedError),
        (200, {"error": "something that nobody foresaw"}, UnusableAnswerError),
        (200, "<!doctype html><html><title>Sign in</title><body>Welcome to the guest network</body></html>", EndpointError),
    ],
)  # fmt: skip
def test_each_complaint_has_its_class(status: int, body: Any, kind: type[ModelError]) -> None:
    assert type(fault(status, body)) is kind


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        (openai("slow down"), {"retry_after": "3"}, 3.0),
        (openai("slow down"), {"retry_after": "600"}, 600.0),
        (openai("Rate limit reached. Please try again in 7m12s."), {}, 432.0),
        (openai("Please try again in 850ms."), {}, 0.85),
        ([{"error": {"message": GEMINI_MINUTE, "details": [{"retryDelay": "23s"}]}}], {}, 23.0),
        ([{"error": {"message": GEMINI_MINUTE}}], {}, 23.5),
        (openai("slow down"), {"retry_after": "1m30s"}, 90.0),
        (openai("slow down"), {"retry_after": "-5"}, 0.0),
        (openai("slow down"), {"retry_after": "nan"}, None),
        (openai("slow down"), {"retry_after": "inf"}, None),
        (openai("slow down"), {"retry_after": "soon"}, None),
        (openai("slow down"), {"retry_after_ms": "soon", "retry_after": "3"}, 3.0),
        (openai("slow down"), {}, None),
    ],
)
def test_a_short_wait_is_told_to_whoever_asks_again(body: Any, headers: dict[str, str], wait: float | None) -> None:
    limited = fault(429, body, **headers)
    assert isinstance(limited, RateLimitedError)
    assert limited.retry_after == wait


@pytest.mark.parametrize("asked", ["9" * 12, "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_without_end_is_a_year(asked: str) -> None:
    used_up = fault(429, openai("slow down"), retry_after=asked)
    assert isinstance(used_up, QuotaExhaustedError | RateLimitedError)
    assert used_up.retry_after in (LONGEST_WAIT, None)
    roster = Roster({"m": object()})
    roster.failed("m", used_up)
    assert str(roster.nobody(["m"]))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x_ratelimit_remaining_tokens_month": "0", "x_ratelimit_remaining_req_minute": "59"}, None),
        ({"x_ratelimit_remaining_requests_day": "0", "x_ratelimit_reset_requests_day": "33011.382"}, 33011.382),
    ],
)
def test_headers_tell_the_day_and_the_month_where_the_words_do_not(headers: dict[str, str], wait: float | None) -> None:
    used_up = fault(429, openai("Rate limit exceeded"), **headers)
    assert isinstance(used_up, QuotaExhaustedError)
    assert used_up.retry_after == wait
    left = {name: "12" if "remaining" in name else value for name, value in headers.items()}
    assert isinstance(fault(429, openai("Rate limit exceeded"), **left), RateLimitedError)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Your API key was reported as leaked. Please use another API key."),
        (403, "Method doesn't allow unregistered callers (callers without established identity). Please use API Key."),
        (403, "API key is currently blocked: xai-..."),
        (403, "Bearer Token has expired"),
        (400, "This organization has been disabled."),
        (400, "User location is not supported for the API use."),
        (403, "Access denied due to Virtual Network/Firewall rules."),
    ],
)
def test_what_shuts_all_models_out_is_no_fault_of_one(status: int, words: str) -> None:
    assert type(fault(status, openai(words))) is EndpointError


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (429, "Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing."),
        (403, "Your newly created team doesn't have any credits or licenses yet."),
        (403, "Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys"),
    ],
)
def test_no_money_is_told_in_many_ways(status: int, words: str) -> None:
    assert isinstance(fault(status, openai(words)), QuotaExhaustedError)


def test_a_context_is_not_taken_for_the_prompt_that_stands_beside_it() -> None:
    words = "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length"
    too_long = fault(400, openai(words))
    assert isinstance(too_long, PromptTooLongError)
    assert too_long.context == 200_000


def test_a_date_to_wait_for_is_a_wait() -> None:
    limited = fault(429, openai("slow down"), retry_after=formatdate(time() + 20, usegmt=True))
    assert isinstance(limited, RateLimitedError)
    assert limited.retry_after == pytest.approx(20, abs=2)


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        (openai("Rate limit reached: 200 requests per day. Try again in 11h6m."), {"retry_after": "39960"}, 39960.0),
        (openai("Rate limit reached: 200 requests per day. Try again in 11h6m."), {}, 39960.0),
        (openai("slow down"), {"retry_after": formatdate(time() + 7200, usegmt=True)}, 7200.0),
        (openai(GEMINI_DAY), {}, None),
    ],
)
def test_half_a_day_is_not_cut_and_no_longer_a_matter_of_waiting(
    body: Any, headers: dict[str, str], wait: float | None
) -> None:
    used_up = fault(429, body, **headers)
    assert isinstance(used_up, QuotaExhaustedError)
    assert not used_up.retryable
    assert used_up.retry_after == (wait if wait is None else pytest.approx(wait, abs=1_800))
    if wait is not None:
        assert "hours" in str(used_up)


def test_a_quota_is_of_the_model_or_of_the_whole_endpoint() -> None:
    # Gemini asks to wait for seconds when the day's quota is used up.
    assert fault(429, openai(f"{GEMINI_DAY} Please retry in 37s.")).scope is Scope.MODEL
    assert fault(429, openai(OPENAI_QUOTA, "insufficient_quota")).scope is Scope.ENDPOINT
    violation = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
    assert isinstance(fault(429, [openai(OPENAI_QUOTA, details=[violation])]), QuotaExhaustedError)


def test_a_long_prompt_says_how_long_it_was() -> None:
    words = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9,121 tokens."
    long = fault(400, openai(words, "context_length_exceeded"))
    assert isinstance(long, PromptTooLongError)
    assert (long.context, long.asked) == (8192, 9121)


def test_the_providers_own_words_are_kept_bounded_and_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "plain-looking-key")
    body = {
        "error": {
            "message": "Provider returned error",
            "metadata": {"raw": '{"message": "no GPU\\nfor plain-looking-key"}'},
        }
    }
    said = fault(500, body)
    assert said.said == "Provider returned error; no GPU for [key]"
    assert said.said in str(said)
    assert len(fault(500, openai("x" * 10_000)).said) == LONGEST_WORDS
    page = fault(404, "<html><style>p {}</style><title>Oops</title><p>Nothing&nbsp;here</html>")
    assert page.said == "Oops Nothing here"


def test_the_remedy_names_the_setting() -> None:
    assert "perhaps http://127.0.0.1:8000/v1" in str(fault(404, "404 page not found"))
    assert "api_key_env" in str(fault(401, openai("no")))
    keyed = Endpoint(HERE.address, key="k", key_name="MY_KEY")
    assert "check the key in MY_KEY" in str(fault_of(read_complaint(401, {}, "no", None), "m", keyed))
    assert "llm_model_kwargs" in str(fault(400, openai("Unsupported parameter: 'temperature'")))


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"message": {"content": "a"}}]}, {"output": [{}]}, {"choices": [{}], "error": None},
        {"object": "list", "data": []}, {}, None, 3, "text", [], [1],
    ],
)  # fmt: skip
def test_what_is_no_complaint_is_not_taken_for_one(body: Any) -> None:
    assert not is_complaint(body)


def test_a_body_without_bottom_is_read_as_far_as_anybody_goes() -> None:
    deep: Any = "end"
    for _ in range(500):
        deep = {"error": deep}
    assert isinstance(fault(500, deep), ModelUnavailableError)
