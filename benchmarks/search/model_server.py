"""The scripted model on loopback, for every system: `python -m benchmarks.search.model_server --seed 0`.

Speaks the OpenAI protocol (chat completions, responses, embeddings), prints its URL, and goes when its standard
input ends. What it says depends on the seed, the prompt and how often that prompt came, never on the order of
requests. It counts calls, prompt tokens, and how many of them a provider's prefix cache would have known.
`GET /stats` tells. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, ClassVar

from benchmarks.search.answers import answer
from benchmarks.search.asked import read, text_of
from benchmarks.search.embedding import embedding
from benchmarks.search.prefixes import Prefixes, tokens

Body = Mapping[str, Any]

COUNTED = ("calls", "prompt", "cached", "completion", "embeddings")


class Model:
    """What the server knows: how often each prompt came, and what it is asked to count."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lock = threading.Lock()
        self.came: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.prefixes = Prefixes()

    def say(self, messages: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, int]]:
        """An answer, and the tokens of prompt, cached prompt and answer."""
        prompt = "\n".join(f"{each.get('role')}: {text_of(each)}" for each in messages)
        name = hashlib.sha256(prompt.encode()).hexdigest()
        with self.lock:
            times = self.came[name]
            self.came[name] += 1
            cached = self.prefixes.add(prompt)
        text, kind = answer(read(messages), Random(f"{self.seed}|{name}|{times}"))
        used = {"prompt": tokens(prompt), "cached": cached, "completion": tokens(text)}
        with self.lock:
            self.kinds[kind] += 1
            self.counts.update({"calls": 1, **used})
        return text, used

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text; alike for texts that are."""
        with self.lock:
            self.counts["embeddings"] += 1
        return [embedding(text) for text in texts]

    def stats(self) -> dict[str, Any]:
        """All counts so far."""
        with self.lock:
            counted = {name: self.counts[name] for name in COUNTED}
            return {**counted, "kinds": dict(self.kinds)}


def chat(model: Model, body: Body) -> dict[str, Any]:
    text, used = model.say(body["messages"])
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": used["prompt"],
            "completion_tokens": used["completion"],
            "total_tokens": used["prompt"] + used["completion"],
            "prompt_tokens_details": {"cached_tokens": used["cached"]},
        },
    }


def responses(model: Model, body: Body) -> dict[str, Any]:
    asked = body["input"]
    messages: list[Mapping[str, Any]] = [{"role": "user", "content": asked}] if isinstance(asked, str) else [*asked]
    if body.get("instructions"):
        messages.insert(0, {"role": "system", "content": body["instructions"]})
    text, used = model.say(messages)
    content = [{"type": "output_text", "text": text, "annotations": list[Any]()}]
    return {
        "id": "resp-0",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": body.get("model"),
        "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content}],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": used["prompt"],
            "input_tokens_details": {"cached_tokens": used["cached"]},
            "output_tokens": used["completion"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": used["prompt"] + used["completion"],
        },
    }


def embeddings(model: Model, body: Body) -> dict[str, Any]:
    asked = body["input"]
    texts: Sequence[str] = [asked] if isinstance(asked, str) else asked
    data = [{"object": "embedding", "index": k, "embedding": each} for k, each in enumerate(model.embed(texts))]
    used = sum(map(tokens, texts))
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "model": body.get("model"), "data": data, "usage": usage}


ROUTES: dict[str, Callable[[Model, Body], dict[str, Any]]] = {
    "/chat/completions": chat,
    "/responses": responses,
    "/embeddings": embeddings,
}


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open."""

    protocol_version = "HTTP/1.1"
    # Small answers at once: with the algorithm that waits for more, each would take 40 ms.
    disable_nagle_algorithm = True
    model: ClassVar[Model]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        route = next((each for path, each in ROUTES.items() if self.path.endswith(path)), None)
        if route is None:
            self._send(404, {"error": {"message": f"no route {self.path}"}})
        else:
            self._send(200, route(self.model, body))

    def do_GET(self) -> None:
        known = {"object": "list", "data": list[Any]()}
        self._send(200, self.model.stats() if self.path.endswith("/stats") else known)

    def _send(self, status: int, value: Mapping[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted, not logged."""


def server(seed: int) -> ThreadingHTTPServer:
    """A server on a free port of loopback, which is yet to serve."""
    handler = type("Handler", (Handler,), {"model": Model(seed)})
    made = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.daemon_threads = True
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    serving = server(parser.parse_args().seed)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{serving.server_address[1]}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
