"""Who may ask the live page: a browser on this machine that shows this page, and nobody else's page in it.

A page on the internet may have its reader's browser ask 127.0.0.1, by that name or by one of its own that leads there.
The name in `Host` tells the second, `Origin` and `Sec-Fetch-Site` the first.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost")
POLICY = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Refuses what does not come from this page, and tells the browser what the page may do."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == 80 else set[str]())
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not _among(headers.get("host"), self._hosts):
            refusal = "this page answers to 127.0.0.1 and localhost alone"
        elif ("origin" in headers and not _among(headers["origin"], self._origins)) or headers.get(
            "sec-fetch-site"
        ) not in (None, "same-origin", "none"):
            refusal = "this page answers to itself alone"
        elif scope["method"] not in ("GET", "HEAD"):
            refusal = "there is nothing to change here"
        else:
            await self._app(scope, receive, _with_headers(send))
            return
        await PlainTextResponse(refusal, status_code=403, headers=HEADERS)(scope, receive, send)


def _among(value: str | None, known: Collection[str]) -> bool:
    return value is not None and value.lower() in known


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return sending
