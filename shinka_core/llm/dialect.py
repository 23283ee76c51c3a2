"""What a model does not take, learned from its refusals: the next request to it has another form.

A model without a system role gets the system message at the head of the user's, one that only streams
is asked for a stream, one that sees nothing gets no images, and an option that it does not know is left out, which
is said once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from shinka_core.llm.complaint import Complaint, phrases
from shinka_core.llm.pictures import has_pictures, without_pictures

logger = logging.getLogger("shinka.llm")

# Bounds of what an answer costs: they may be renamed but never left out.
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_NO_OPTIONS = {"model", "messages", "input", "system"}


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
_UNSUPPORTED = phrases(
    r"unsupported_(parameter|value)|unknown_(parameter|field)|unrecognized|extra_forbidden|extra inputs|not permitted"
    r"|(not|n't|un)[ -]?(be )?(support|recogni[sz]|known|allow|accept|available|valid)\w*|unexpected|deprecated|no longer"
    r"|unknown (parameter|field|argument|name)|cannot find field|does not exist|cannot both be|may only be set"
)


@dataclass(slots=True)
class Dialect:
    """The form that one model's requests have.

    Attributes:
        fixed: Options that the settings name for this very model; they are never left out.
    """

    model: str
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
        if self.stream and "stream" not in self.dropped:
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
        if not self.blind and has_pictures(messages) and complaint.mentions(_BLIND):
            logger.warning(
                "%s sees no images and is asked without them (llm_vision_models names those that see): %s",
                self.model, complaint.words,
            )  # fmt: skip
            self.blind = True
            return True
        if not sent.get("stream") and "stream" not in self.dropped and complaint.mentions(_ONLY_STREAMS):
            logger.info("%s only streams: it is asked for a stream", self.model)
            self.stream = True
            return True
        return self._learn_option(complaint, sent)

    def _learn_option(self, complaint: Complaint, sent: Mapping[str, Any]) -> bool:
        name = _refused_option(complaint, sent)
        if name is None:
            return False
        if name in LIMITS:
            other = next((limit for limit in LIMITS if limit != name and limit in complaint.words), None)
            if other is None or other in sent or other in self.renamed:
                return False
            self.renamed[name] = other
            return True
        if name in self.fixed or not complaint.mentions(_UNSUPPORTED):
            return False
        if name not in ("stream", "stream_options"):
            logger.warning(
                "%s refuses the option %s and is asked without it (llm_kwargs: {MODEL: {...}} sets options of one model): %s",
                self.model, name, complaint.words,
            )  # fmt: skip
        self.dropped.add(name)
        return True


def _thinks(body: Mapping[str, Any]) -> bool:
    """Whether a request asks for reasoning."""
    said: list[Any] = [body.get("reasoning_effort")]
    for section, name in (("reasoning", "effort"), ("output_config", "effort"), ("thinking", "type")):
        inside: Any = body.get(section)
        if isinstance(inside, dict):
            said.append(inside.get(name))  # pyright: ignore[reportUnknownMemberType]
    return any(each not in (None, "", "none", "disabled") for each in said)


def _refused_option(complaint: Complaint, sent: Mapping[str, Any]) -> str | None:
    """The option that is complained about: named as the parameter, in quotes, or in the words."""
    options = [name for name in sent if name not in _NO_OPTIONS]
    steps = re.split(r"[.\[\]/]", complaint.param)
    if complaint.param and (named := next((name for name in options if name in steps), None)):
        return named
    if complaint.param and set(steps) & _NO_OPTIONS:
        return None
    quoted = [name for name in options if re.search(rf"['\"`]{re.escape(name)}['\"`.]", complaint.words)]
    return next(
        iter(quoted or [name for name in options if re.search(rf"\b{re.escape(name)}\b", complaint.words)]), None
    )


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
