"""What a model does not take, learned from its refusals: the next request to it has another form.

A model without a system role gets the system message at the head of the user's, one that only streams
is asked for a stream, one that sees nothing gets no images, one that has another interface alone is asked in that, and an
option that it does not know is left out, which is said once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from shinka_core.llm.complaint import Complaint, phrases
from shinka_core.llm.pictures import has_pictures, without_pictures
from shinka_core.llm.refused_option import refused_option
from shinka_core.providers import Interface

logger = logging.getLogger("shinka.llm")

# Bounds of what an answer costs: they may be renamed but never left out.
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
# What the bound is called by those who do not know the other name, in the chat interface.
_SIBLINGS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
# Options that are one of a few words, of which a model knows some.
_WORDS = ("reasoning_effort", "verbosity", "reasoning", "text", "output_config", "service_tier")

_NO_SYSTEM = phrases(
    r"system['\"]? ?(role|message|prompt|instruction)s?.{0,60}(not|n't|un)[ -]?(be )?(support|allow|enabled|permit|accept)"
    r"|(not|n't) (support|allow|accept)\w*.{0,30}['\"]?system\b|(developer|system) instruction is not enabled"
    r"|roles? must alternate|roles? .{0,60}(only|must be).{0,30}user|only ['\"]?user['\"]?,? (and|or)"
    r"|(unsupported|unexpected|invalid|unknown) (message )?role.{0,40}system|['\"]system['\"].{0,60}(not|un) ?support"
)
_ONLY_STREAMS = phrases(
    r"non-?stream|(only|must|need|require)\w*.{0,60}\bstream|\bstream\w*.{0,40}(only|required|must|mandatory)"
)
_BLIND = phrases(
    r"(image|vision|multi-?modal|image_url|input_image)\w*.{0,80}(not|n't|un)[ -]?(be )?(support|allow|accept|process|available|valid)"
    r"|(not|n't|un)[ -]?(be )?(support|allow|accept|process)\w*.{0,60}(image|vision|multi-?modal)"
    r"|no (support for )?(image|vision)|(content|messages?)\b.{0,60}(must|should|expected|valid).{0,30}\bstr(ing)?\b"
    r"|image_url is only supported|no endpoints found that support image|at most 0 images?\b|not a (multimodal|vision)"
    r"|unknown variant .{0,20}image_url|only (supports? )?text"
)
_UNKNOWN = (
    r"unsupported_parameter|unknown_(parameter|field)|unrecognized|extra_forbidden|extra inputs|(is|are) not supported"
    r"|unsupported (parameter|argument)|unknown (parameter|field|argument|name)|cannot find field|extraneous key"
)
_UNSUPPORTED = phrases(
    rf"{_UNKNOWN}|unsupported_value|not permitted|unexpected|deprecated|no longer"
    r"|(not|n't|un)[ -]?(be )?(support|recogni[sz]|known|allow|accept|available|valid|enabled)\w*"
    r"|does not exist|cannot both be|may only be set|only \S{1,12} is (allowed|supported)|\bor unset\b"
)
_NOT_ONE_OF = phrases(r"must be one of|expected one of|supported values|one of the following|input should be '")
_NO_SUCH_LIMIT = phrases(_UNKNOWN)
# OpenAI says the second of newer models, of which it knows better.
_ONLY_RESPONSES = phrases(
    r"only (supported|available) in \W?/?(v1/)?responses|use (the )?\W?/?(v1/)?responses|unsupported_api_for_model"
    r"|not a chat model and thus not supported in the v1/chat/completions"
)


@dataclass(slots=True)
class Dialect:
    """The form that one model's requests have.

    Attributes:
        api: The interface it is asked in.
        has_responses: Whether its endpoint may have OpenAI's second interface.
        fixed: Options that the settings name for this very model; they are never left out.
    """

    model: str
    api: Interface = "chat"
    has_responses: bool = False
    fixed: Collection[str] = ()
    merge_system: bool = False
    stream: bool = False
    blind: bool = False
    cool: bool = False
    renamed: dict[str, str] = field(default_factory=dict[str, str])
    dropped: set[str] = field(default_factory=set[str])

    def form(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A request as this model takes it."""
        formed = dict(body)
        if self.api == "messages":
            # Its events are others, and nothing of it only streams.
            formed.pop("stream", None)
            formed.pop("stream_options", None)
        elif self.stream and "stream" not in self.dropped:
            formed["stream"] = True
        if formed.get("stream") and "messages" in formed:
            # Without it a stream counts no tokens.
            formed.setdefault("stream_options", {"include_usage": True})
        for old, new in self.renamed.items():
            if old in formed:
                formed.setdefault(new, formed.pop(old))
        for name in self.dropped:
            formed.pop(name, None)
        self._cool(formed)
        for name in ("messages", "input"):
            if name in formed and self.blind:
                formed[name] = without_pictures(formed[name])
            if name in formed and self.merge_system:
                formed[name] = _without_system(formed[name])
        return formed

    def _cool(self, formed: dict[str, Any]) -> None:
        """Leaves out a temperature beside an effort, unless it is said of this very model: most that think have one alone."""
        if "temperature" not in formed or "temperature" in self.fixed or not _thinks(formed):
            return
        del formed["temperature"]
        if not self.cool:
            self.cool = True
            logger.info(
                "%s is sent a reasoning effort and no temperature; say both in llm_kwargs: {MODEL: {...}} if it takes both",
                self.model,
            )

    def learn(self, complaint: Complaint, sent: Mapping[str, Any]) -> bool:
        """Takes a refusal to heart; whether the next form is another one.

        Args:
            sent: The request that was refused.
        """
        messages: list[Mapping[str, Any]] = sent.get("messages") or sent.get("input") or []
        if messages and messages[0]["role"] == "system" and complaint.mentions(_NO_SYSTEM):
            logger.info("%s takes no system message: it is put before the user's", self.model)
            self.merge_system = True
            return True
        if complaint.status not in (0, 400, 404, 415, 422):
            return False
        if self.api == "chat" and self.has_responses and complaint.mentions(_ONLY_RESPONSES):
            logger.info("%s has the interface `responses` alone and is asked in it", self.model)
            self.api = "responses"
            return True
        if not self.blind and has_pictures(messages) and complaint.mentions(_BLIND):
            logger.warning(
                "%s sees no images and is asked without them (llm_vision_models names those that see): %s",
                self.model, complaint.words,
            )  # fmt: skip
            self.blind = True
            return True
        if (
            self.api != "messages"
            and not sent.get("stream")
            and "stream" not in self.dropped
            and complaint.mentions(_ONLY_STREAMS)
        ):
            logger.info("%s only streams: it is asked for a stream", self.model)
            self.stream = True
            return True
        return self._learn_option(complaint, sent)

    def _learn_option(self, complaint: Complaint, sent: Mapping[str, Any]) -> bool:
        name = refused_option(complaint, sent)
        if name is None:
            return False
        if name in LIMITS:
            return self._rename_limit(name, complaint, sent)
        wrong_word = name in _WORDS and complaint.mentions(_NOT_ONE_OF)
        if name in self.fixed or not (wrong_word or complaint.mentions(_UNSUPPORTED)):
            return False
        if name not in ("stream", "stream_options"):
            logger.warning(
                "%s refuses the option %s and is asked without it (llm_kwargs: {MODEL: {...}} sets options of one model): %s",
                self.model, name, complaint.words,
            )  # fmt: skip
        self.dropped.add(name)
        return True

    def _rename_limit(self, name: str, complaint: Complaint, sent: Mapping[str, Any]) -> bool:
        other = next((limit for limit in LIMITS if limit != name and limit in complaint.words), None)
        if other is None and complaint.mentions(_NO_SUCH_LIMIT):
            other = _SIBLINGS.get(name)
        if other is None or other in sent or other in self.renamed:
            return False
        logger.info("%s calls the longest answer %s and not %s", self.model, other, name)
        self.renamed[name] = other
        return True


def _thinks(body: Mapping[str, Any]) -> bool:
    """Whether a request asks for reasoning."""
    said: list[Any] = [body.get("reasoning_effort")]
    for section, name in (("reasoning", "effort"), ("output_config", "effort"), ("thinking", "type")):
        inside: Any = body.get(section)
        if isinstance(inside, dict):
            said.append(inside.get(name))  # pyright: ignore[reportUnknownMemberType]
    return any(each not in (None, "", "none", "disabled") for each in said)


def _without_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The system message at the head of the first one of the user's."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    others = [message for message in messages if message["role"] != "system"]
    if not system or not others:
        return messages
    content = others[0]["content"]
    if isinstance(content, str):
        merged: Any = f"{system}\n\n{content}"
    else:
        merged = [{**content[0], "text": f"{system}\n\n{content[0]['text']}"}, *content[1:]]
    return [{**others[0], "content": merged}, *others[1:]]
