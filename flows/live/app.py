"""What the live page's server answers."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from flows.live.guard import Guard
from flows.live.watched import Watching
from shinka_core.errors import DatabaseError
from shinka_core.report.build import page
from shinka_core.report.page import LIBRARIES, library, script


def app_of(watching: Watching, port: int) -> Guard:
    """The application for runs that are looked at.

    Args:
        port: That it is served on, at 127.0.0.1.
    """
    scripts = {**{name: library(name) for name in LIBRARIES}, "page.js": script("live")}
    tags = "".join(f'<script src="scripts/{name}"></script>\n' for name in scripts)
    frame = page(title="Evolutions", policy="", data="", scripts=tags)

    async def frame_of(_: Request) -> Response:
        return HTMLResponse(frame)

    async def script_of(request: Request) -> Response:
        text = scripts.get(request.path_params["name"])
        return (
            PlainTextResponse("no such script", 404) if text is None else Response(text, media_type="text/javascript")
        )

    async def runs(_: Request) -> Response:
        parts = [await run.whole() for run in watching.runs]
        return Response(b"[" + b",".join(parts) + b"]", media_type="application/json")

    async def generation(request: Request) -> Response:
        number, of = int(request.path_params["run"]), int(request.path_params["generation"])
        if number >= len(watching.runs):
            return PlainTextResponse("no such run", 404)
        return JSONResponse(await watching.runs[number].details(of))

    async def news(_: Request) -> Response:
        return StreamingResponse(watching.news(), media_type="text/event-stream")

    async def away(_: Request, error: Exception) -> Response:
        return PlainTextResponse(f"the record cannot be read now: {error}", 503)

    routes = [
        Route("/", frame_of),
        Route("/scripts/{name}", script_of),
        Route("/runs", runs),
        Route("/runs/{run:int}/generations/{generation:int}", generation),
        Route("/news", news),
    ]
    return Guard(Starlette(routes=routes, exception_handlers={DatabaseError: away}), port)
