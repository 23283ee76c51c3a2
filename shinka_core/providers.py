"""Who serves models: one row for each provider, with its place, its key, its interface and its manners.

Nothing here asks anybody. What a row says is what the provider's documentation says of its OpenAI-compatible interface
(of its own, for Anthropic); what it does not say is learned from refusals.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Interface = Literal["chat", "responses", "messages"]

OPENAI_KEY = "OPENAI_API_KEY"

# Options of models that think: what they refuse, by the beginnings of their names as patterns.
_THINKING_GPT = r"o[1-9](-|$)|gpt-5(-(mini|nano|pro|codex)\b|-20\d|$)"
_THINKING_CLAUDE = r"(.*\.)?claude-(opus-(4-[7-9]|[5-9])|sonnet-[5-9]|fable|mythos)"
_SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias")
# Of OpenAI's interfaces, unknown to Anthropic's.
_OPENAIS_ALONE = (
    "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias", "seed", "n", "verbosity", "min_p",
    "repetition_penalty", "response_format",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """Options that the provider's models of some names refuse."""

    models: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelProvider:
    """One row of the table.

    Attributes:
        prefix: What names begin with that are asked here: `prefix/name`.
        base: Address up to where paths are added; None when it is formed from the environment (`base_of`).
        keys: Environment variables of its key, of which the first that is set counts; none for servers without.
        hosts: Whose key it is: these and all below them; `*` is any one label. Nobody else is sent it.
        interfaces: What it speaks, the one that is used by itself first.
        server: Whether it is a kind of server that people run themselves, wherever that is; its key, if any, is optional.
        aliases: Other prefixes that people know it by.
        bare: Pattern of names without a prefix that only it has.
        whole: Pattern of names that begin with its prefix and are really called so.
        inside: What is put before a name that has no slash, where all names have one.
        limit: What the bound of an answer is called in the chat interface.
        refuses: Options that are not sent, by model.
        reasoning: Where an answer's thoughts stand.
        cached: What counts the tokens of a prompt that were read before.
        minute: What a limit looks like that passes in a minute.
        day: What a limit looks like that waiting does not help against.
        passes: Pattern of words that it says of the former and others of the latter.
        overflow: What a prompt looks like that is too long.
        silent: Whether it may cut a prompt that is too long without a word.
        embeddings: Whether it embeds.
        note: What else a user has to know.
    """

    prefix: str
    base: str | None
    keys: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ("chat",)
    server: bool = False
    aliases: tuple[str, ...] = ()
    bare: str = ""
    whole: str = ""
    inside: str = ""
    limit: str = "max_tokens"
    refuses: tuple[Refusal, ...] = ()
    reasoning: str = "reasoning_content"
    cached: str = "prompt_tokens_details.cached_tokens"
    minute: str = "429 with retry-after"
    day: str = ""
    passes: str = ""
    overflow: str = "400"
    silent: bool = False
    embeddings: bool = False
    note: str = ""

    def owns(self, host: str) -> bool:
        """Whether a host is the provider's own."""
        return any(re.fullmatch(_pattern(own), host.lower()) for own in self.hosts)

    def refused(self, model: str) -> tuple[str, ...]:
        """The options that a model is known to refuse."""
        short = model.rpartition("/")[2].lower()
        return tuple(option for each in self.refuses if re.match(each.models, short) for option in each.options)


def _pattern(host: str) -> str:
    return r"([\w-]+\.)*" + re.escape(host).replace(r"\*", r"[\w-]+")


PROVIDERS: tuple[ModelProvider, ...] = (
    ModelProvider(
        "openai", "https://api.openai.com/v1", (OPENAI_KEY,), ("api.openai.com",), ("chat", "responses"),
        bare=r"gpt-|o[1-9](-|$)|chatgpt-|codex-|text-embedding-|ft:", limit="max_completion_tokens",
        refuses=(Refusal(_THINKING_GPT, _SAMPLING),),
        reasoning="hidden; completion_tokens_details.reasoning_tokens",
        day="429 insufficient_quota, or a limit per day with hours to wait",
        overflow="400 context_length_exceeded", embeddings=True,
    ),
    ModelProvider(
        "anthropic", "https://api.anthropic.com/v1", ("ANTHROPIC_API_KEY",), ("api.anthropic.com",),
        ("messages", "chat"), bare=r"claude-", refuses=(Refusal("", _OPENAIS_ALONE), Refusal(_THINKING_CLAUDE, ("temperature", "top_p", "top_k"))), reasoning="blocks `thinking` and `redacted_thinking`",
        cached="cache_read_input_tokens, cache_creation_input_tokens",
        minute="429 rate_limit_error with retry-after, 529 overloaded_error",
        day="429 enforced_spend_limit_reached, 400 credit balance is too low",
        overflow="400 prompt is too long: N tokens > M maximum",
        note="in its own interface with the extra `anthropic`; without it in the compatible one, which counts no cached "
        "tokens and returns no thoughts",
    ),
    ModelProvider(
        "gemini", "https://generativelanguage.googleapis.com/v1beta/openai", ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        ("generativelanguage.googleapis.com",), bare=r"gemini-|gemma-3",
        reasoning="hidden; total_tokens less the others", day="429 RESOURCE_EXHAUSTED, quotaId ...PerDay...",
        minute="429 RESOURCE_EXHAUSTED, quotaId ...PerMinute..., retryDelay",
        overflow="400 INVALID_ARGUMENT, input token count exceeds", embeddings=True,
    ),
    ModelProvider(
        "openrouter", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), ("openrouter.ai",),
        ("chat", "responses"), whole=r"openrouter/[^/]+$", reasoning="reasoning, reasoning_details",
        minute="429, also inside of a 200", day="402 credits, 429 free-models-per-day",
        overflow="400 maximum context length, in metadata.raw of the upstream",
    ),
    ModelProvider(
        "deepseek", "https://api.deepseek.com", ("DEEPSEEK_API_KEY",), ("api.deepseek.com",), bare=r"deepseek-(chat|reasoner|v\d)",
        refuses=(Refusal(r"deepseek-reasoner", ("temperature", "top_p", "presence_penalty", "frequency_penalty")),),
        cached="prompt_cache_hit_tokens", minute="429; 503 server overloaded", day="402 Insufficient Balance",
        overflow="400 maximum context length",
    ),
    ModelProvider(
        "azure", None, ("AZURE_OPENAI_API_KEY",),
        ("openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"), ("chat", "responses"),
        bare=r"azure-", limit="max_completion_tokens",
        refuses=(Refusal(_THINKING_GPT, _SAMPLING),),
        reasoning="hidden; completion_tokens_details.reasoning_tokens",
        minute="429 with retry-after, or retry after N seconds in words", day="429 with a retry-after of hours",
        overflow="400 context_length_exceeded", embeddings=True,
        note="the name is a deployment's; address from AZURE_OPENAI_ENDPOINT, or AZURE_OPENAI_RESOURCE",
    ),
    ModelProvider(
        "bedrock", None, ("AWS_BEARER_TOKEN_BEDROCK",),
        ("bedrock-runtime.*.amazonaws.com", "bedrock-mantle.*.api.aws"), ("chat", "responses"),
        limit="max_completion_tokens", refuses=(Refusal(_THINKING_CLAUDE, ("temperature", "top_p", "top_k")),),
        reasoning="<reasoning> in the text",
        minute="429 ThrottlingException", day="429 Too many tokens per day",
        overflow="400 ValidationException: input is too long, or maximum context length",
        note="region from AWS_REGION; Claude in Anthropic's interface, with the extra `anthropic`, also by an inference "
        "profile (`us.anthropic.claude-...`)",
    ),
    ModelProvider(
        "groq", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",), ("api.groq.com",), ("chat", "responses"),
        whole=r"groq/compound", reasoning="reasoning", minute="429 tokens per minute (TPM), retry-after",
        day="429 tokens per day (TPD)", overflow="400 context_length_exceeded, 413 request too large",
    ),
    ModelProvider(
        "mistral", "https://api.mistral.ai/v1", ("MISTRAL_API_KEY",), ("api.mistral.ai",),
        bare=r"(open-)?(mistral|mixtral|codestral|magistral|ministral|devstral)-",
        reasoning="parts of type `thinking`", cached="none", minute="429 without retry-after",
        day="402; 429 with x-ratelimit-remaining-...-month: 0",
        overflow="400 prompt contains N tokens, too large for model", embeddings=True,
    ),
    ModelProvider(
        "xai", "https://api.x.ai/v1", ("XAI_API_KEY",), ("api.x.ai",), ("chat", "responses"), bare=r"grok-",
        refuses=(Refusal(r"grok-4|grok-3-mini", ("presence_penalty", "frequency_penalty", "stop")),),
        minute="429", day="429 used all available credits, or monthly spending limit",
        overflow="400 maximum prompt length",
    ),
    ModelProvider(
        "together", "https://api.together.ai/v1", ("TOGETHER_API_KEY",), ("api.together.ai", "api.together.xyz"),
        aliases=("together_ai",), reasoning="reasoning, or <think> in the text", cached="cached_tokens",
        day="402 credit limit exceeded", overflow="422 inputs tokens + max_new_tokens must be <= M", embeddings=True,
    ),
    ModelProvider(
        "fireworks", "https://api.fireworks.ai/inference/v1", ("FIREWORKS_API_KEY",), ("api.fireworks.ai",),
        ("chat", "responses"), aliases=("fireworks_ai",), inside="accounts/fireworks/models/",
        minute="429", day="412 account suspended, spending limit", overflow="400 prompt is too long", embeddings=True,
    ),
    ModelProvider(
        "cerebras", "https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",), ("api.cerebras.ai",), reasoning="reasoning",
        limit="max_completion_tokens", minute="429 requests per minute",
        day="429 tokens per day limit exceeded, x-ratelimit-remaining-...-day: 0",
        overflow="400 context_length_exceeded",
    ),
    ModelProvider(
        "moonshot", "https://api.moonshot.ai/v1", ("MOONSHOT_API_KEY",), ("api.moonshot.ai",), bare=r"kimi-|moonshot-",
        cached="cached_tokens", minute="429 rate_limit_reached_error", day="429 exceeded_current_quota_error",
        overflow="400 exceeded model token limit",
    ),
    ModelProvider(
        "dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", ("DASHSCOPE_API_KEY",),
        ("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"),
        minute="429 limit_requests; insufficient_quota, which is of the tokens of a minute here",
        passes=r"(?<!free )allocated quota exceeded|exceeded your current quota", day="403 free tier exhausted, 400 Arrearage", overflow="400 Range of input length should be [1, M]",
        embeddings=True,
    ),
    ModelProvider(
        "huggingface", "https://router.huggingface.co/v1", ("HF_TOKEN",), ("router.huggingface.co",),
        minute="429", day="402 monthly included credits", overflow="422 inputs tokens + max_new_tokens must be <= M",
    ),
    ModelProvider(
        "ollama", "http://127.0.0.1:11434/v1", interfaces=("chat", "responses"), server=True, reasoning="reasoning",
        cached="none", minute="503 server busy", overflow="cut without a word, or 400 exceeds the context", silent=True,
        embeddings=True, note="its context is 4,096 tokens by itself on small machines: set OLLAMA_CONTEXT_LENGTH",
    ),
    ModelProvider(
        "ollama-cloud", "https://ollama.com/v1", ("OLLAMA_API_KEY",), ("ollama.com",), reasoning="reasoning",
        cached="none", minute="429 too many concurrent requests", day="429 session, weekly or monthly usage limit", overflow="400",
    ),
    ModelProvider(
        "vllm", "http://127.0.0.1:8000/v1", ("VLLM_API_KEY",), interfaces=("chat", "responses"), server=True,
        aliases=("hosted_vllm",), minute="none", overflow="400 maximum context length", embeddings=True,
    ),
    ModelProvider(
        "lmstudio", "http://127.0.0.1:1234/v1", interfaces=("chat", "responses"), server=True, aliases=("lm_studio",),
        cached="none", minute="none", overflow="400 greater than the context length", embeddings=True,
    ),
    ModelProvider(
        "llamacpp", "http://127.0.0.1:8080/v1", ("LLAMA_API_KEY",), interfaces=("chat", "responses"), server=True, aliases=("llama.cpp",),
        cached="timings.cache_n, prompt_tokens_details.cached_tokens", minute="503 Loading model",
        overflow="400 exceed_context_size_error", embeddings=True,
    ),
    # Whatever else speaks the protocol, as ShinkaEvolve writes it; asked at the address that is given with it.
    ModelProvider("local", None, interfaces=("chat", "responses"), server=True, minute="none", note="`local/NAME@http://HOST/v1`"),
)  # fmt: skip

BY_PREFIX: Mapping[str, ModelProvider] = {prefix: each for each in PROVIDERS for prefix in (each.prefix, *each.aliases)}

# Whose key belongs to which host, and to all hosts below it.
KEYS_OF_HOSTS: Mapping[str, str] = {host: each.keys[0] for each in PROVIDERS for host in each.hosts if each.keys}


# Of Claude on Bedrock: names as its newer endpoint has them, without region and version, and those with either, or a resource's,
# which are invoked by their name in the path.
_MANTLES_CLAUDE = re.compile(r"anthropic\.claude-(?!.*-v\d)[\w.-]+")
_ANY_CLAUDE = re.compile(r"(^|[./])anthropic\.")
INVOKED = "/model"


def provider_at(host: str) -> ModelProvider | None:
    """The provider that owns a host; None for anybody else's."""
    return next((each for each in PROVIDERS if each.owns(host)), None)


def provider_of_bare(name: str) -> ModelProvider | None:
    """The provider that alone has a name without a prefix; None when nobody says."""
    return next((each for each in PROVIDERS if each.bare and re.match(each.bare, name.lower())), None)


def base_of(provider: ModelProvider, name: str = "") -> tuple[str | None, str]:
    """A provider's address, from the environment where it depends on that.

    Args:
        name: Of the model; on Bedrock it decides the path.

    Returns:
        The address, or None, and the variable that holds it, or should.
    """
    if provider.base is not None:
        return provider.base, ""
    if provider.prefix == "azure":
        return _azure()
    if provider.prefix == "bedrock":
        return _bedrock(name)
    return None, ""


def _azure() -> tuple[str | None, str]:
    variable, endpoint = _set("AZURE_OPENAI_ENDPOINT", "AZURE_API_ENDPOINT")
    if endpoint:
        # People copy it with any part of the path; joined twice it is a 404.
        place = re.sub(r"(/openai)?(/v1)?/*$", "", endpoint.strip().rstrip("/"))
        return f"{place}/openai/v1", variable
    _, resource = _set("AZURE_OPENAI_RESOURCE")
    base = f"https://{resource.strip()}.openai.azure.com/openai/v1" if resource else None
    return base, "AZURE_OPENAI_RESOURCE" if resource else variable


def _bedrock(name: str) -> tuple[str | None, str]:
    variable, region = _set("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION_NAME")
    if not region:
        return None, variable
    if _MANTLES_CLAUDE.fullmatch(name):
        return f"https://bedrock-mantle.{region.strip()}.api.aws/anthropic/v1", variable
    runtime = f"https://bedrock-runtime.{region.strip()}.amazonaws.com"
    return f"{runtime}{INVOKED if _ANY_CLAUDE.search(name) else '/openai/v1'}", variable


def _set(*variables: str) -> tuple[str, str]:
    """The first of the variables that is set and what it holds; the first one when none is."""
    found = next((name for name in variables if os.environ.get(name, "").strip()), None)
    return (found, os.environ[found]) if found else (variables[0], "")
