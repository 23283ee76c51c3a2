"""A scripted model on loopback that speaks the OpenAI protocol, slowly and badly if told to.

    python -m tests.support.model_server --latency 2 --fault rate_limit=0.1

prints its URL. Its answers are real patches: it reads the program out of the prompt and changes
one number of it, so every child is a valid and different program. `GET /stats` tells how many
requests there were, how many at once, and when each began.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support import model_replies as replies
from tests.support.prompt_cache import PromptCache, text_of

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
}

# What a provider does in a bad hour, all of it at once; and after which of these it wants money.
FAULTS = (
    "rate_limit", "rate_limit_bare", "error_500", "reset", "hang", "half_json", "empty", "no_code", "refusal_text",
    "truncated", "huge",
)  # fmt: skip
PAID = ("answered", "empty", "no_code", "refusal_text", "truncated", "huge")


@dataclass
class Request:
    """One answered (or broken) request, in seconds since the server started.

    Attributes:
        came: When, in seconds since the epoch, for who compares it with what other processes wrote.
        said: When its answer was about to be sent, in seconds since the epoch.
    """

    model: str
    outcome: str
    start: float
    end: float = 0.0
    came: float = field(default_factory=time.time)
    said: float = 0.0


@dataclass
class Script:
    """How the server behaves.

    Attributes:
        latency: Seconds until an answer.
        together: Nobody is answered until so many have asked.
        faults: Probability of each fault; the rest is answered.
        sequence: Faults of the first requests in order, "" for an answer; wins over `faults`.
        weights: Of the embedding model: others make other vectors.
        dimensions: Of its vectors.
        embedding_limit: Bytes of a text above which embedding it is refused as providers do; 0: none.
        context: Characters of a prompt above which it is refused as too long; 0: none.
        listed: Models that it says it has.
        cache: Count the tokens of prompts, and those that were read before, as a provider's cache does; otherwise
            every prompt has `prompt_tokens`.
        shape: What the fault `odd_shape` sends instead of a completion.
        dialect: Answers in the place of all this, as an endpoint of its own kind does; None: not this time.
        answer: Makes the text of an answer from the messages; by default a patch.
    """

    latency: float = 0.0
    together: int = 0
    faults: dict[str, float] = field(default_factory=dict)
    sequence: list[str] = field(default_factory=list)
    seed: int = 0
    retry_after: float = 0.2
    answer: Callable[[list[dict[str, str]], int], str] | None = None
    prompt_tokens: int = 1000
    completion_tokens: int = 100
    shape: Any = None
    dialect: Callable[[Asked], Said | None] | None = None
    weights: int = 0
    dimensions: int = 64
    embedding_limit: int = 0
    context: int = 0
    cache: bool = False
    listed: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Asked:
    """One request, and what would be answered.

    Attributes:
        headers: Names in lower case.
        number: Of the request, from 0.
    """

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    number: int
    text: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.body.get("messages") or self.body.get("input") or []


@dataclass(frozen=True)
class Said:
    """One reply; a body that is no text is sent as JSON."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])


class ModelServer:
    """The server; `async with ModelServer(script) as server: server.url`."""

    def __init__(self, script: Script | None = None, host: str = "127.0.0.1") -> None:
        self.script = script or Script()
        self.host = host
        self.requests: list[Request] = []
        self.bodies: list[dict[str, Any]] = []
        self.asked: list[Asked] = []
        self.embedded: list[list[str]] = []  # texts of every request for embeddings
        self.prompts = PromptCache()
        self.key = ""  # of the last request, which real providers quote in their errors
        self.now = 0
        self.peak = 0
        self.port = 0
        self._rng = random.Random(self.script.seed)
        self._started = time.monotonic()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/v1"

    @property
    def born(self) -> float:
        """When the seconds of the requests began, in seconds since the epoch."""
        return time.time() - (time.monotonic() - self._started)

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(request.outcome for request in self.requests)

    async def __aenter__(self) -> ModelServer:
        await self.start(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int) -> None:
        self._server = await asyncio.start_server(self._connection, self.host, port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._connections):
            writer.transport.abort()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    def _list(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in self.script.listed]}

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *headers = head.split("\r\n")
        method, path, _ = line.split(" ", 2)
        length = next((int(h.split(":")[1]) for h in headers if h.lower().startswith("content-length:")), 0)
        named = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
        self.key = named.get("authorization", "").removeprefix("Bearer ")
        body = json.loads(await reader.readexactly(length)) if length else {}
        if method == "GET":
            await _send(writer, 200, self.stats() if path == "/stats" else self._list())
            return True
        if path.endswith("/embeddings"):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            self.embedded.append(texts)
            limit = self.script.embedding_limit
            if limit and max(len(text.encode()) for text in texts) > limit:
                await _send(writer, 400, replies.too_long(limit, len(max(texts, key=len)), "input"))
            else:
                await _send(writer, 200, replies.embeddings(body, self.script.weights, self.script.dimensions))
            return True
        return await self._answer(path, named, body, writer)

    async def _answer(
        self, path: str, headers: dict[str, str], body: dict[str, Any], writer: asyncio.StreamWriter
    ) -> bool:
        number = len(self.requests)
        fault = self._fault(number)
        request = Request(str(body.get("model")), fault or "answered", time.monotonic() - self._started)
        self.requests.append(request)
        messages: list[dict[str, str]] = body.get("messages") or body.get("input") or []
        asked = Asked(path, headers, body, number, self._text(messages, number, fault))
        if len(self.bodies) < 1000:
            self.bodies.append(body)
            self.asked.append(asked)
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            if fault == "hang":
                await asyncio.sleep(3600)
            while len(self.requests) < self.script.together:
                await asyncio.sleep(0.02)
            await asyncio.sleep(self.script.latency)
            request.said = time.time()
            said = self.script.dialect(asked) if self.script.dialect is not None else None
            if said is not None:
                text = said.body if isinstance(said.body, str) else json.dumps(said.body)
                await _send_raw(writer, said.status, text.encode(), said.headers)
                return True
            return await self._reply(asked, fault, writer)
        finally:
            self.now -= 1
            request.end = time.monotonic() - self._started

    async def _reply(self, asked: Asked, fault: str, writer: asyncio.StreamWriter) -> bool:
        if fault == "reset":
            writer.transport.abort()
            return False
        if fault in ("rate_limit", "rate_limit_bare"):
            headers = {"retry-after": str(self.script.retry_after)} if fault == "rate_limit" else {}
            await _send(writer, 429, {"error": {"message": "slow down", "type": "rate_limit_exceeded"}}, headers)
            return True
        if fault in ("error_500", "error_401", "error_404", "error_400"):
            await _send(writer, int(fault[-3:]), {"error": {"message": f"scripted {fault}, your key: {self.key}"}})
            return True
        length = sum(len(text_of(message["content"])) for message in asked.messages)
        if self.script.context and length > self.script.context:
            await _send(writer, 400, replies.too_long(self.script.context // 3, length // 3, "messages"))
            return True
        make = replies.response if asked.path.endswith("/responses") else replies.completion
        tokens, cached = self.script.prompt_tokens, 0
        if self.script.cache:
            tokens, cached = self.prompts.take(str(asked.body.get("model")), asked.messages)
        reply = make(asked.body, asked.text, fault, tokens, self.script.completion_tokens, cached)
        if fault == "half_json":
            data = json.dumps(reply).encode()
            await _send_raw(writer, 200, data[: len(data) // 2], {})
            return True
        if fault == "trickle":
            data = json.dumps(reply).encode()
            writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(data)}\r\n\r\n".encode())
            for byte in data:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
            return True
        await _send(writer, 200, self.script.shape if fault == "odd_shape" else reply)
        return True

    def _fault(self, number: int) -> str:
        if number < len(self.script.sequence):
            return self.script.sequence[number]
        draw = self._rng.random()
        for fault, probability in self.script.faults.items():
            draw -= probability
            if draw < 0:
                return fault
        return ""

    def _text(self, messages: list[dict[str, str]], number: int, fault: str) -> str:
        if fault == "empty":
            return ""
        if fault == "no_code":
            return "I would make the constants better."
        if fault == "refusal_text":
            return "I'm sorry, but I can't help with that request."
        if self.script.answer is not None and not fault:
            return self.script.answer(messages, number)
        text = replies.patch_for(messages, number)
        if fault == "truncated":
            return text[: int(len(text) * 0.7)]
        if fault == "huge":
            return "x" * 5_000_000
        return text

    def stats(self) -> dict[str, Any]:
        return {
            "requests": len(self.requests),
            "peak": self.peak,
            "outcomes": dict(self.outcomes),
            "first": min((request.start for request in self.requests), default=0.0),
            "last": max((request.end for request in self.requests), default=0.0),
            "starts": [round(request.start, 4) for request in self.requests[:1000]],
            "born": self.born,
            "prompts": self.prompts.totals(),
            "read": self.prompts.read,
        }


async def _send(writer: asyncio.StreamWriter, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
    await _send_raw(writer, status, json.dumps(value).encode(), headers or {})


async def _send_raw(writer: asyncio.StreamWriter, status: int, data: bytes, headers: dict[str, str]) -> None:
    sent = {"content-type": "application/json", "content-length": str(len(data))} | headers
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Odd')}", *(f"{name}: {value}" for name, value in sent.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + data)
    await writer.drain()


async def _serve(script: Script, port: int) -> None:
    server = ModelServer(script)
    await server.start(port)
    print(server.url, flush=True)
    await asyncio.to_thread(sys.stdin.read)  # lives as long as whoever started it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--fault", action="append", default=[], help="name=probability")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", action="store_true", help="count the tokens of prompts, and those read before")
    parser.add_argument("--prompt-tokens", type=int, default=1000, help="counted for every prompt")
    arguments = parser.parse_args()
    faults = {name: float(value) for name, value in (fault.split("=") for fault in arguments.fault)}
    script = Script(
        latency=arguments.latency,
        faults=faults,
        seed=arguments.seed,
        prompt_tokens=arguments.prompt_tokens,
        cache=arguments.cache,
    )
    asyncio.run(_serve(script, arguments.port))


if __name__ == "__main__":
    main()
