"""How each provider answers, refuses and complains, as its documentation and public reports of its users show it.

One `Manners` for each row of the provider table; `test_providers.py` goes through all of them. Names, ids and numbers in
the bodies are made up, their shapes are not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from shinka_core.program import Usage
from tests.support.model_server import Said

Body = dict[str, Any]
PROMPT, ANSWER, THOUGHT, CACHED = 1200, 350, 256, 1024
COUNTED = Usage(PROMPT, ANSWER, CACHED, THOUGHT)
UNCACHED = Usage(PROMPT, ANSWER, 0, THOUGHT)
PLAIN = Usage(PROMPT, ANSWER)


@dataclass(frozen=True)
class Manners:
    """What a provider's server says, and as what it is to be understood.

    Attributes:
        model: A name that the provider has.
        answer: A whole answer with the text "the answer", thoughts and counts.
        usage: Its tokens as they are to be counted.
        refused: The prompt is refused or filtered; None where nothing filters.
        cut: The longest answer is used up by thinking.
        minute: Too many requests, for a moment; None for servers of one's own, which queue.
        day: Too many for longer, or no money; None for those.
        overloaded: The provider's own trouble.
        overflow: The prompt is too long; None where that is not said.
        context: Tokens that the complaint names as the most there are.
        wrong_key: None where no key is asked for.
        unknown_model: Nobody has that name.
        option: Refused by name, and how.
    """

    model: str
    answer: Said
    usage: Usage
    cut: Said
    overloaded: Said
    unknown_model: Said
    option: tuple[str, Said]
    refused: Said | None = None
    minute: Said | None = None
    day: Said | None = None
    overflow: Said | None = None
    context: int | None = None
    wrong_key: Said | None = None
    options: Body = field(default_factory=dict[str, Any])


def _chat(content: Any = "the answer", finish: str = "stop", usage: Body | None = None, **message: Any) -> Said:
    counted = _usage() if usage is None else usage
    choice = {"index": 0, "message": {"role": "assistant", "content": content} | message, "finish_reason": finish}
    return Said(200, {"id": "c", "object": "chat.completion", "created": 0, "choices": [choice], "usage": counted})


def _usage(**fields: Any) -> Body:
    return {"prompt_tokens": PROMPT, "completion_tokens": ANSWER, "total_tokens": PROMPT + ANSWER} | fields


DETAILS = {
    "prompt_tokens_details": {"cached_tokens": CACHED},
    "completion_tokens_details": {"reasoning_tokens": THOUGHT},
}


def _error(status: int, message: str, kind: str = "invalid_request_error", code: Any = None, **headers: str) -> Said:
    """As OpenAI forms it, and most others."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, sent)


def _google(status: int, message: str, kind: str, *details: Body) -> Said:
    return Said(status, [{"error": {"code": status, "message": message, "status": kind, "details": list(details)}}])


def _anthropic(status: int, kind: str, message: str, details: Body | None = None, **headers: str) -> Said:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    error = {"type": kind, "message": message} | ({} if details is None else {"details": details})
    return Said(status, {"type": "error", "error": error, "request_id": "req_1"}, sent)


def _message(content: list[Body], stop: str, **fields: Any) -> Said:
    usage = {
        "input_tokens": 100, "cache_creation_input_tokens": 76, "cache_read_input_tokens": CACHED, "output_tokens": ANSWER,
        "service_tier": "standard",
    }  # fmt: skip
    body = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": content, "stop_reason": stop,
        "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    return Said(200, body | fields)


def _mistral(status: int, message: Any, kind: str, code: str | None = None) -> Said:
    return Said(status, {"object": "error", "message": message, "type": kind, "param": None, "code": code})


def _quota(of: str) -> Body:
    kind = "type.googleapis.com/google.rpc.QuotaFailure"
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    return {
        "@type": kind,
        "violations": [{"quotaMetric": metric, "quotaId": f"GenerateRequestsPer{of}PerProjectPerModel-FreeTier"}],
    }


_RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.2s"}
_GOOGLES_WORDS = "You exceeded your current quota, please check your plan and billing details."

OPENAI = Manners(
    "gpt-4.1",
    _chat(usage=_usage(**DETAILS)), COUNTED,
    cut=_chat("", "length", _usage(**DETAILS)),
    refused=_chat(None, refusal="I'm sorry, but I can't assist with that."),
    minute=_error(429, "Rate limit reached for gpt-4.1 in organization org-1 on tokens per min (TPM): Limit 30000, Used "
                  "29000, Requested 2000. Please try again in 200ms.", "tokens", "rate_limit_exceeded"),
    day=_error(429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota",
               "insufficient_quota"),
    overloaded=_error(503, "The engine is currently overloaded, please try again later.", "server_error"),
    overflow=_error(400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
                    "tokens. Please reduce the length of the messages.", code="context_length_exceeded"),
    context=8192,
    wrong_key=_error(401, "Incorrect API key provided: sk-12***. You can find your API key at https://platform.openai.com.",
                     code="invalid_api_key"),
    unknown_model=_error(404, "The model `gpt-4.1` does not exist or you do not have access to it.", code="model_not_found"),
    option=("top_k", _error(400, "Unrecognized request argument supplied: top_k")),
)  # fmt: skip

ANTHROPIC = Manners(
    "claude-sonnet-4-6",
    _message([{"type": "thinking", "thinking": "let me see", "signature": "x"}, {"type": "redacted_thinking", "data": "y"},
              {"type": "text", "text": "the answer"}], "end_turn"),
    Usage(PROMPT, ANSWER, CACHED, 0, 76),
    cut=_message([{"type": "thinking", "thinking": "let me see", "signature": "x"}], "max_tokens"),
    refused=_message([], "refusal", stop_details={"type": "refusal", "category": "cyber", "explanation": "Not this."}),
    minute=_anthropic(429, "rate_limit_error", "This request would exceed your organization's rate limit of 50,000 input "
                      "tokens per minute.", retry_after="1"),
    day=_anthropic(429, "rate_limit_error", "Your organization has reached its monthly spend limit.",
                   {"error_code": "enforced_spend_limit_reached"}),
    overloaded=_anthropic(529, "overloaded_error", "Overloaded"),
    overflow=_anthropic(400, "invalid_request_error", "prompt is too long: 211180 tokens > 200000 maximum"),
    context=200_000,
    wrong_key=_anthropic(401, "authentication_error", "invalid x-api-key"),
    unknown_model=_anthropic(404, "not_found_error", "model: claude-sonnet-4-6"),
    option=("top_k", _anthropic(400, "invalid_request_error", "`top_k` is deprecated for this model.")),
)  # fmt: skip

GEMINI = Manners(
    "gemini-2.5-flash",
    # Its thoughts are in the total alone.
    _chat(usage={"prompt_tokens": PROMPT, "completion_tokens": ANSWER - THOUGHT, "total_tokens": PROMPT + ANSWER}), UNCACHED,
    cut=_chat(None, "length", {"prompt_tokens": PROMPT, "completion_tokens": 0, "total_tokens": PROMPT + ANSWER}),
    refused=_chat(None, "content_filter: PROHIBITED_CONTENT"),
    minute=_google(429, _GOOGLES_WORDS, "RESOURCE_EXHAUSTED", _quota("Minute"), _RETRY),
    day=_google(429, _GOOGLES_WORDS, "RESOURCE_EXHAUSTED", _quota("Day"), _RETRY),
    overloaded=_google(503, "The model is overloaded. Please try again later.", "UNAVAILABLE"),
    overflow=_google(400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                     "INVALID_ARGUMENT"),
    context=1_048_576,
    wrong_key=_google(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT",
                      {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}),
    unknown_model=_google(404, "models/gemini-2.5-flash is not found for API version v1main, or is not supported for "
                          "generateContent.", "NOT_FOUND"),
    option=("presence_penalty", _google(400, "Penalty is not enabled for models/gemini-2.5-flash", "INVALID_ARGUMENT")),
)  # fmt: skip

OPENROUTER = Manners(
    "meta-llama/llama-3.3-70b-instruct",
    _chat(usage=_usage(**DETAILS, cost=0.001), reasoning="let me see",
          reasoning_details=[{"type": "reasoning.text", "text": "let me see"}]), COUNTED,
    cut=_chat("", "length", _usage(**DETAILS), reasoning="let me see"),
    refused=Said(403, {"error": {"code": 403, "message": "meta-llama/llama-3.3-70b-instruct requires moderation. Your input was flagged",
                                 "metadata": {"reasons": ["violence"], "flagged_input": "x"}}}),
    # Of the upstream, inside of a 200.
    minute=Said(200, {"error": {"code": 429, "message": "Provider returned error", "metadata": {
        "raw": "llama is temporarily rate-limited upstream. Please retry shortly", "provider_name": "X"}}}),
    day=Said(429, {"error": {"code": 429, "message": "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock "
             "1000 free model requests per day", "metadata": {"headers": {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0"}}}}),
    overloaded=Said(200, {"error": {"code": 502, "message": "Provider returned error", "metadata": {"raw": "overloaded"}}}),
    overflow=Said(400, {"error": {"code": 400, "message": "This endpoint's maximum context length is 131072 tokens. However, "
                  "you requested about 140000 tokens (139000 of text input, 1000 in the output)."}}),
    context=131_072,
    wrong_key=Said(401, {"error": {"code": 401, "message": "No auth credentials found"}}),
    unknown_model=Said(400, {"error": {"code": 400, "message": "meta-llama/llama-3.3-70b-instruct is not a valid model ID"}}),
    option=("verbosity", Said(400, {"error": {"code": 400, "message": "Provider returned error", "metadata": {
        "raw": "{\"error\":{\"message\":\"Unsupported parameter: 'verbosity'\",\"param\":\"verbosity\"}}"}}})),
)  # fmt: skip

DEEPSEEK = Manners(
    "deepseek-chat",
    _chat(reasoning_content="let me see", usage=_usage(
        prompt_cache_hit_tokens=CACHED, prompt_cache_miss_tokens=PROMPT - CACHED,
        completion_tokens_details={"reasoning_tokens": THOUGHT})), COUNTED,
    cut=_chat("", "length", reasoning_content="let me see"),
    refused=_error(400, "Content Exists Risk"),
    minute=_error(429, "Rate limit reached", "rate_limit_error"),
    day=_error(402, "Insufficient Balance", "unknown_error"),
    overloaded=_error(503, "Service is too busy. We advise users to temporarily switch to alternative LLM API service "
                      "providers.", "service_unavailable_error"),
    overflow=_error(400, "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens "
                    "(139000 in the messages, 1000 in the completion). Please reduce the length of the messages or completion."),
    context=131_072,
    wrong_key=_error(401, "Authentication Fails, Your api key: ****1234 is invalid", "authentication_error", "invalid_request_error"),
    unknown_model=_error(400, "Model Not Exist"),
    option=("logit_bias", _error(400, "deepseek does not support the parameter logit_bias")),
)  # fmt: skip

AZURE = Manners(
    "my-deployment",
    _chat(usage=_usage(**DETAILS), annotations=[]), COUNTED,
    cut=_chat("", "length", _usage(**DETAILS)),
    refused=Said(400, {"error": {"message": "The response was filtered due to the prompt triggering Azure OpenAI's content "
        "management policy. Please modify your prompt and retry.", "type": None, "param": "prompt", "code": "content_filter",
        "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}}}),
    minute=_error(429, "Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current "
                  "pricing tier. Please retry after 1 second.", "requests", "429", retry_after="1"),
    day=_error(429, "Your requests to gpt have exceeded token rate limit. Please retry after 86400 seconds.", "requests",
               "429", retry_after="86400"),
    overloaded=_error(503, "The service is temporarily unable to process your request. Please try again later.", "server_error"),
    overflow=_error(400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
                    "tokens. Please reduce the length of the messages.", code="context_length_exceeded"),
    context=8192,
    wrong_key=_error(401, "Access denied due to invalid subscription key or wrong API endpoint.", code="401"),
    unknown_model=_error(404, "The API deployment for this resource does not exist.", code="DeploymentNotFound"),
    option=("top_k", _error(400, "Unrecognized request argument supplied: top_k")),
)  # fmt: skip

BEDROCK = Manners(
    "openai.gpt-oss-120b-1:0",
    _chat("<reasoning>let me see</reasoning>the answer", usage=_usage()), PLAIN,
    cut=_chat("", "length"),
    refused=_chat(None, "content_filter"),
    minute=_error(429, "Too many requests, please wait before trying again.", "throttling_error", "ThrottlingException"),
    day=_error(429, "Too many tokens per day, please wait before trying again.", "throttling_error", "ThrottlingException"),
    overloaded=_error(503, "Bedrock is unable to process your request.", "service_unavailable", "ServiceUnavailableException"),
    overflow=_error(400, "This model's maximum context length is 131072 tokens. Please reduce the length of the prompt",
                    "validation_error", "ValidationException"),
    context=131_072,
    wrong_key=_error(401, "Invalid API Key format: Must start with pre-defined prefix", "authentication_error"),
    unknown_model=_error(404, "The model 'openai.gpt-oss-120b-1:0' does not exist", code="model_not_found"),
    option=("top_k", _error(400, "extraneous key [top_k] is not permitted", "validation_error")),
)  # fmt: skip

_LIMIT = ("Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_1` service tier `on_demand` on tokens "
          "per {0}: Limit 100000, Used 97050, Requested 3619. Please try again in {1}. Need more tokens? Upgrade to Dev "
          "Tier today at https://console.groq.com/settings/billing")  # fmt: skip
GROQ = Manners(
    "llama-3.3-70b-versatile",
    _chat(usage=_usage(**DETAILS, queue_time=0.01, total_time=0.3), reasoning="let me see"), COUNTED,
    cut=_chat("", "length", reasoning="let me see"),
    minute=_error(429, _LIMIT.format("minute (TPM)", "1.98s"), "tokens", "rate_limit_exceeded", retry_after="2"),
    day=_error(429, _LIMIT.format("day (TPD)", "9m38.016s"), "tokens", "rate_limit_exceeded", retry_after="578"),
    overloaded=_error(503, "llama-3.3-70b-versatile is currently over capacity. Please try again and back off "
                      "exponentially.", "internal_server_error"),
    overflow=_error(413, "Request too large for model `llama-3.3-70b-versatile` in organization `org_1` on tokens per minute "
                    "(TPM): Limit 6000, Requested 12328, please reduce your message size and try again.", "tokens",
                    "rate_limit_exceeded"),
    context=6000,
    wrong_key=_error(401, "Invalid API Key", code="invalid_api_key"),
    unknown_model=_error(404, "The model `llama-3.3-70b-versatile` does not exist or you do not have access to it.",
                         code="model_not_found"),
    option=("top_k", _error(400, "property 'top_k' is unsupported")),
)  # fmt: skip

MISTRAL = Manners(
    "magistral-medium-latest",
    _chat([{"type": "thinking", "thinking": [{"type": "text", "text": "let me see"}]}, {"type": "text", "text": "the answer"}]),
    PLAIN,
    cut=_chat([{"type": "thinking", "thinking": [{"type": "text", "text": "let me see"}]}], "length"),
    minute=_mistral(429, "Rate limit exceeded", "rate_limited", "1300"),
    # The same words as for a minute: only the headers tell.
    day=replace(_mistral(429, "Rate limit exceeded", "rate_limited", "1300"),
                headers={"x-ratelimit-remaining-tokens-month": "0", "x-ratelimit-remaining-req-minute": "59"}),
    overloaded=_mistral(503, "Service unavailable.", "service_unavailable", "3505"),
    overflow=_mistral(400, "Prompt contains 140005 tokens and 0 draft tokens, too large for model with 131072 maximum "
                      "context length", "invalid_request_prompt", "3051"),
    context=131_072,
    wrong_key=Said(401, {"detail": "Unauthorized"}),
    unknown_model=_mistral(400, "Invalid model: magistral-medium-latest", "invalid_model", "1500"),
    option=("top_k", _mistral(422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"],
            "msg": "Extra inputs are not permitted", "input": 5}]}, "invalid_request_error")),
)  # fmt: skip

_XAI = "Your team 1 has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit."
XAI = Manners(
    "grok-code-fast-1",
    _chat(usage=_usage(**DETAILS) | {"completion_tokens": ANSWER - THOUGHT}, reasoning_content="let me see", refusal=None), COUNTED,
    cut=_chat("", "length", _usage(**DETAILS), reasoning_content="let me see"),
    refused=Said(403, {"code": "The caller does not have permission to execute the specified operation", "error":
        "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}),
    minute=Said(429, {"code": "Some resource has been exhausted", "error": "Too many tokens for team 1 and model grok. Your "
        "team's rate limit is - Tokens per Minute (actual/limit): 65605/16000."}),
    day=Said(429, {"code": "Some resource has been exhausted", "error": _XAI}),
    overloaded=Said(503, {"code": "The service is currently unavailable", "error": "The model is at capacity."}),
    overflow=Said(400, {"code": "Client specified an invalid argument", "error": "This model's maximum prompt length is "
        "131072 but the request contains 140005 tokens."}),
    context=131_072,
    wrong_key=Said(400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***78. You "
        "can obtain an API key from https://console.x.ai."}),
    unknown_model=Said(404, {"code": "Some requested entity was not found", "error": "The model grok-code-fast-1 does not "
        "exist or your team 1 does not have access to it."}),
    # By the names of its own interface.
    option=("logit_bias", Said(400, {"code": "Client specified an invalid argument", "error": "Argument not supported on "
        "this model: logitBias"})),
)  # fmt: skip

TOGETHER = Manners(
    "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    _chat(usage=_usage(cached_tokens=CACHED), tool_calls=[], reasoning="let me see"), Usage(PROMPT, ANSWER, CACHED),
    cut=_chat("", "length", reasoning="let me see"),
    minute=_error(429, "You have reached the rate limit specific to this model. The maximum rate limit for this model is 6.0 "
                  "queries per minute.", "model_rate_limit", retry_after="1"),
    day=_error(402, "Credit limit exceeded, please navigate to https://api.together.ai/settings/billing to upgrade your plan.",
               "credit_limit", "credit_limit_exceeded"),
    overloaded=_error(503, "The server is overloaded or not ready yet.", "service_unavailable"),
    overflow=_error(422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 131073. Given: 139000 "
                    "`inputs` tokens and 1000 `max_new_tokens`"),
    context=131_073,
    wrong_key=_error(401, "Invalid API key provided. You can find your API key at https://api.together.ai/settings/api-keys.",
                     code="invalid_api_key"),
    unknown_model=_error(404, "Unable to access model meta-llama/Llama-3.3-70B-Instruct-Turbo. Please visit "
                         "https://api.together.ai/models to view the list of supported models.", code="model_not_available"),
    option=("verbosity", _error(400, "Unknown parameter: verbosity")),
)  # fmt: skip

FIREWORKS = Manners(
    "llama-v3p3-70b-instruct",
    _chat(usage=_usage(prompt_tokens_details={"cached_tokens": CACHED}), reasoning_content="let me see"),
    Usage(PROMPT, ANSWER, CACHED),
    cut=_chat("", "length", reasoning_content="let me see"),
    minute=Said(429, {"error": {"object": "error", "type": "invalid_request_error", "code": "rate_limit_exceeded",
                                "message": "Rate limit exceeded, please try again later"}}),
    day=Said(412, {"error": {"object": "error", "type": "invalid_request_error", "code": "PRECONDITION_FAILED", "message":
        "Account x is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices."}}),
    overloaded=Said(503, {"error": {"object": "error", "type": "server_error", "message": "service overloaded"}}),
    overflow=Said(400, {"error": {"object": "error", "type": "invalid_request_error", "code": "invalid_request_error",
        "message": "The prompt is too long: 139005, model maximum context length: 131071"}}),
    context=131_071,
    wrong_key=Said(401, {"error": {"object": "error", "type": "unauthorized", "message": "The API key you provided is invalid."}}),
    unknown_model=Said(404, {"error": {"object": "error", "type": "invalid_request_error", "code": "NOT_FOUND", "message":
        "Model not found, inaccessible, and/or not deployed"}}),
    option=("verbosity", Said(400, {"error": {"object": "error", "type": "invalid_request_error", "message":
        "Extra inputs are not permitted, field: 'verbosity', value: 'low'"}})),
)  # fmt: skip

CEREBRAS = Manners(
    "gpt-oss-120b",
    _chat(usage=_usage(**DETAILS), reasoning="let me see"), COUNTED,
    cut=_chat("", "length", reasoning="let me see"),
    minute=Said(429, {"message": "Requests per minute limit exceeded - too many requests sent.", "type":
        "too_many_requests_error", "param": "quota", "code": "request_quota_exceeded"}),
    day=Said(429, {"message": "Tokens per day limit exceeded - too many tokens processed.", "type":
        "too_many_tokens_error", "param": "quota", "code": "token_quota_exceeded"}),
    overloaded=Said(503, {"message": "We're experiencing high traffic right now! Please try again soon.", "type":
        "too_many_requests_error", "param": "queue", "code": "queue_exceeded"}),
    overflow=Said(400, {"message": "Please reduce the length of the messages or completion. Current length is 140000 while "
        "limit is 131072", "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}),
    context=131_072,
    wrong_key=Said(401, {"message": "Wrong API Key", "type": "invalid_request_error", "param": "api_key", "code": "wrong_api_key"}),
    unknown_model=Said(404, {"message": "Model gpt-oss-120b does not exist or you do not have access to it.", "type":
        "not_found_error", "param": "model", "code": "model_not_found"}),
    option=("frequency_penalty", Said(400, {"message": "property 'frequency_penalty' is unsupported", "type":
        "invalid_request_error", "param": "frequency_penalty", "code": "wrong_api_format"})),
)  # fmt: skip

MOONSHOT = Manners(
    "kimi-k2-thinking",
    _chat(usage=_usage(cached_tokens=CACHED), reasoning_content="let me see"), Usage(PROMPT, ANSWER, CACHED),
    cut=_chat("", "length", reasoning_content="let me see"),
    refused=_error(400, "The request was rejected because it was considered high risk", "content_filter"),
    minute=_error(429, "Your account org-1 request reached organization max RPM: 3, please try again after 1 seconds",
                  "rate_limit_reached_error"),
    day=_error(429, "You exceeded your current token quota: 0, please check your account balance", "exceeded_current_quota_error"),
    overloaded=_error(429, "The engine is currently overloaded, please try again later", "engine_overloaded_error"),
    overflow=_error(400, "Invalid request: Your request exceeded model token limit: 131072"),
    context=131_072,
    wrong_key=_error(401, "Invalid Authentication", "invalid_authentication_error"),
    unknown_model=_error(404, "Not found the model kimi-k2-thinking or Permission denied", "resource_not_found_error"),
    option=("temperature", _error(400, "invalid temperature: only 1 is allowed for this model")),
)  # fmt: skip

DASHSCOPE = Manners(
    "qwen-plus",
    _chat(usage=_usage(**DETAILS), reasoning_content="let me see"), COUNTED,
    cut=_chat("", "length", reasoning_content="let me see"),
    refused=_error(400, "Input data may contain inappropriate content.", code="data_inspection_failed"),
    # Of the tokens of a minute; at OpenAI the same words say that the money is gone.
    minute=_error(429, "You exceeded your current quota, please check your plan and billing details. For details, see the "
                  "documentation.", "insufficient_quota", "insufficient_quota"),
    day=_error(403, "The free tier of the model has been exhausted. If you wish to continue, disable the use free tier only "
               "mode.", "AllocationQuota.FreeTierOnly", "AllocationQuota.FreeTierOnly"),
    overloaded=_error(503, "Too many requests. Your requests are being throttled due to system capacity limits.",
                      "ServiceUnavailable", "ServiceUnavailable"),
    overflow=_error(400, "Range of input length should be [1, 129024]", code="invalid_parameter_error"),
    context=129_024,
    wrong_key=_error(401, "Incorrect API key provided.", code="invalid_api_key"),
    unknown_model=_error(404, "The model `qwen-plus` does not exist or you do not have access to it.", code="model_not_found"),
    option=("verbosity", _error(400, "Unsupported parameter: 'verbosity'", code="invalid_parameter_error")),
)  # fmt: skip

HUGGINGFACE = Manners(
    "Qwen/Qwen3-32B",
    _chat(usage=_usage(), reasoning_content="let me see"), PLAIN,
    cut=_chat("", "length", reasoning_content="let me see"),
    minute=_error(429, "Too Many Requests", "rate_limit", retry_after="1"),
    day=Said(402, {"error": "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to "
        "get 20x more monthly included credits."}),
    overloaded=Said(503, {"error": "Model Qwen/Qwen3-32B is currently loading", "estimated_time": 20.0}),
    overflow=_error(422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 131073. Given: 139000 "
                    "`inputs` tokens and 1000 `max_new_tokens`"),
    context=131_073,
    wrong_key=Said(401, {"error": "Invalid credentials in Authorization header"}),
    unknown_model=_error(400, "The requested model 'Qwen/Qwen3-32B' does not exist", code="model_not_found"),
    option=("verbosity", _error(400, "Unknown parameter: verbosity")),
)  # fmt: skip

OLLAMA = Manners(
    "qwen3:4b",
    _chat(usage=_usage(), reasoning="let me see"), PLAIN,
    cut=_chat("", "length", reasoning="let me see"),
    minute=None, day=None,
    overloaded=_error(503, "server busy, please try again.  maximum pending requests exceeded", "api_error"),
    overflow=_error(400, "the prompt of 9000 tokens exceeds the context length of 4096 tokens", "invalid_request_error"),
    context=4096,
    unknown_model=_error(404, "model 'qwen3:4b' not found", "not_found_error"),
    option=("reasoning_effort", _error(400, '"qwen3:4b" does not support thinking', "api_error")),
)  # fmt: skip

OLLAMA_CLOUD = Manners(
    "gpt-oss:120b",
    _chat(usage=_usage(), reasoning="let me see"), PLAIN,
    cut=_chat("", "length", reasoning="let me see"),
    minute=_error(429, "too many concurrent requests", "rate_limit_error"),
    day=Said(429, {"error": "you (somebody) have reached your weekly usage limit, upgrade for higher limits: "
                   "https://ollama.com/upgrade or add extra usage: https://ollama.com/settings (ref: 1)"}),
    overloaded=_error(503, "service temporarily unavailable", "api_error"),
    overflow=_error(400, "prompt is too long: 140000 tokens > 131072 maximum", "invalid_request_error"),
    context=131_072,
    wrong_key=_error(401, "unauthorized", "authentication_error"),
    unknown_model=_error(404, "model 'gpt-oss:120b' not found", "not_found_error"),
    option=("verbosity", _error(400, "unknown field verbosity")),
)  # fmt: skip


def _vllm(status: int, message: str, kind: str, param: str | None = None) -> Said:
    return Said(status, {"object": "error", "message": message, "type": kind, "param": param, "code": status})


VLLM = Manners(
    "Qwen/Qwen3-8B",
    _chat(usage=_usage(prompt_tokens_details={"cached_tokens": CACHED}), reasoning_content="let me see"),
    Usage(PROMPT, ANSWER, CACHED),
    cut=_chat(None, "length", reasoning_content="let me see"),
    overloaded=_vllm(503, "EngineCore encountered an issue", "ServiceUnavailableError"),
    overflow=_vllm(400, "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens in the "
                   "messages, Please reduce the length of the messages.", "BadRequestError"),
    context=32_768,
    wrong_key=Said(401, {"error": "Unauthorized"}),
    unknown_model=_vllm(404, "The model `Qwen/Qwen3-8B` does not exist.", "NotFoundError", "model"),
    option=("verbosity", _vllm(400, "[{'type': 'extra_forbidden', 'loc': ('body', 'verbosity'), 'msg': 'Extra inputs are not "
                               "permitted'}]", "BadRequestError")),
)  # fmt: skip

LMSTUDIO = Manners(
    "qwen3-4b",
    _chat(usage=_usage(completion_tokens_details={"reasoning_tokens": THOUGHT}), reasoning_content="let me see"), UNCACHED,
    cut=_chat("", "length", reasoning_content="let me see"),
    overloaded=Said(500, {"error": "The model has crashed without additional information. (Exit code: null)"}),
    # Inside of a 200, as its users report.
    overflow=Said(200, {"error": "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: "
        "9000 >= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter input."}),
    context=4096,
    unknown_model=_error(404, "Model \"qwen3-4b\" not found. Please specify a valid model.", code="model_not_found"),
    option=("verbosity", Said(400, {"error": "Unrecognized key(s) in object: 'verbosity'"})),
)  # fmt: skip

LLAMACPP = Manners(
    "smollm2",
    _chat(usage=_usage(prompt_tokens_details={"cached_tokens": CACHED}), reasoning_content="let me see"),
    Usage(PROMPT, ANSWER, CACHED),
    cut=_chat("", "length", reasoning_content="let me see"),
    overloaded=Said(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}),
    overflow=Said(400, {"error": {"code": 400, "message": "request (1407 tokens) exceeds the available context size (256 "
        "tokens), try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 1407, "n_ctx": 256}}),
    context=256,
    wrong_key=Said(401, {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}}),
    unknown_model=Said(400, {"error": {"code": 400, "message": "model 'smollm2' not found", "type": "invalid_request_error"}}),
    option=("verbosity", Said(400, {"error": {"code": 400, "message": "unknown field verbosity", "type": "invalid_request_error"}})),
)  # fmt: skip

LOCAL = replace(VLLM, wrong_key=None)

MANNERS: dict[str, Manners] = {
    "openai": OPENAI, "anthropic": ANTHROPIC, "gemini": GEMINI, "openrouter": OPENROUTER, "deepseek": DEEPSEEK,
    "azure": AZURE, "bedrock": BEDROCK, "groq": GROQ, "mistral": MISTRAL, "xai": XAI, "together": TOGETHER,
    "fireworks": FIREWORKS, "cerebras": CEREBRAS, "moonshot": MOONSHOT, "dashscope": DASHSCOPE,
    "huggingface": HUGGINGFACE, "ollama": OLLAMA, "ollama-cloud": OLLAMA_CLOUD, "vllm": VLLM, "lmstudio": LMSTUDIO,
    "llamacpp": LLAMACPP, "local": LOCAL,
}  # fmt: skip
