"""What the scripted model says, as bodies of the OpenAI protocol."""

from __future__ import annotations

import random
import re
from typing import Any

from tests.support.prompt_cache import text_of

NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
BLOCK = re.compile(r"EVOLVE-BLOCK-START[^\n]*\n(.*?)\n[^\n]*EVOLVE-BLOCK-END", re.DOTALL)


CURRENT, BESIDE = "# The current program", ("\n# Other versions", "\n# Tried before", "\n# What to do")


def current(prompt: str) -> str:
    """What a prompt of ours shows of the program to be changed; all of a prompt of others."""
    shown = prompt[max(prompt.find(CURRENT), 0) :]
    return shown[: min((at for beside in BESIDE if (at := shown.find(beside)) >= 0), default=None)]


def patch_for(messages: list[dict[str, str]], number: int) -> str:
    """A SEARCH/REPLACE patch that changes one number of the program to be changed."""
    prompt = next((text_of(m["content"]) for m in messages if m["role"] == "user"), "")
    program = current(prompt)
    blocks = list(BLOCK.finditer(program))
    # Others than us show the program to be changed last.
    block = (blocks[0] if CURRENT in prompt else blocks[-1]) if blocks else None
    lines = (block.group(1) if block else program).split("\n")
    places = [line for line in lines if NUMBER.search(line) and lines.count(line) == 1]
    if not places:
        return "no number to change"
    line = places[number % len(places)]
    match = NUMBER.search(line)
    assert match is not None
    value = float(match.group()) * (1.0 + 0.001 * (1 + number % 37)) + 1e-6 * (number + 1)
    changed = line[: match.start()] + f"{value:.9f}" + line[match.end() :]
    return (
        f"<NAME>change_{number}</NAME>\n<DESCRIPTION>Moves a constant.</DESCRIPTION>\n"
        f"<<<<<<< SEARCH\n{line}\n=======\n{changed}\n>>>>>>> REPLACE\n"
    )


def too_long(limit: int, asked: int, what: str) -> dict[str, Any]:
    text = f"This model's maximum context length is {limit} tokens. However, your {what} resulted in {asked} tokens."
    error = {"message": f"{text} Please reduce the length of the {what}.", "type": "invalid_request_error"}
    return {"error": error | {"param": what, "code": "context_length_exceeded"}}


def embeddings(body: dict[str, Any], weights: int = 0, dimensions: int = 64) -> dict[str, Any]:
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = []
    for index, text in enumerate(texts):
        rng = random.Random(f"{weights or ''}{text}")
        data.append({"object": "embedding", "index": index, "embedding": [rng.gauss(0, 1) for _ in range(dimensions)]})
    return {
        "object": "list",
        "model": body.get("model"),
        "data": data,
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


def completion(
    body: dict[str, Any], text: str, fault: str, prompt_tokens: int, completion_tokens: int, cached: int = 0
) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text or None}, "finish_reason": "stop"}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model"),
        "choices": [] if fault == "no_choices" else [choice],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }


def response(
    body: dict[str, Any], text: str, fault: str, prompt_tokens: int, completion_tokens: int, cached: int = 0
) -> dict[str, Any]:
    del fault
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "id": "r",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": body.get("model"),
        "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content}],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": prompt_tokens,
            "input_tokens_details": {"cached_tokens": cached},
            "output_tokens": completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }
