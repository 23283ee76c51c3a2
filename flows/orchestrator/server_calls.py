"""Requests to the Prefect server: few at once, repeated while it is away, and never in silence.

Prefect's client repeats a request by itself, but not after every error, with pauses that grow to
minutes, and without a word. What an evolution asks for while its generations run goes through
here instead: an error of the server is waited out, an absence longer than `UNTOLD` is logged and so is
its end, and only one longer than `PATIENCE` ends the run, resumable.

A server on SQLite has one writer. Requests that arrive together meet `database is locked` there,
which costs seconds, so no more than `AT_ONCE` are under way; the others wait their turn here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.concurrency.asyncio import AcquireConcurrencySlotTimeoutError, ConcurrencySlotAcquisitionError
from prefect.context import SettingsContext, get_settings_context
from prefect.exceptions import ObjectNotFound, PrefectException

from flows.orchestrator.slow_server import Pace, tell_slow
from shinka_core.errors import OrchestratorError

T = TypeVar("T")

logger = logging.getLogger("shinka.orchestrator")

# What Prefect raises when its server does not answer, or not as it should.
ORCHESTRATOR_AWAY = (
    httpx.HTTPError,
    PrefectException,
    ConcurrencySlotAcquisitionError,
    AcquireConcurrencySlotTimeoutError,
)

AT_ONCE = 2
# Seconds of errors that a busy server is allowed without a word: one on SQLite answers 503 now and then.
UNTOLD = 5.0
# Seconds that a server may stay away.
PATIENCE = 600.0
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0

Request = Callable[[PrefectClient], Awaitable[T]]


class ServerCalls:
    """The requests of one evolution, inside an `async with` block.

    Attributes:
        away_since: Monotonic seconds of the first error since the last answer, or None.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        """Waits for `patience` seconds at most for a server that is away."""
        self.away_since: float | None = None
        self._patience = patience
        self._told = False
        self._pace = Pace()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._background: set[asyncio.Task[Any]] = set()
        self._held: list[tuple[str, Request[object]]] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._client = await self._stack.enter_async_context(get_client())
        context = get_settings_context()
        # Repeating is done here, where it can be told and has an end.
        # Prefect reads all its settings anew for that, 30 ms and more, which is nothing for the event loop.
        hasty = await asyncio.to_thread(context.settings.copy_with_update, updates={"client.max_retries": 0})
        self._settings = SettingsContext(profile=context.profile, settings=hasty)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._stack.aclose()

    @property
    def waiting(self) -> int:
        """Work in the background that is not done yet."""
        return len(self._background)

    async def call(self, what: str, request: Request[T]) -> T:
        """Makes a request until it is answered.

        Args:
            what: Of the request, in a few words, for the log.

        Raises:
            OrchestratorError: The server stayed away for longer than the patience.
            PrefectException: It answered, and the answer will not change (404, 409, 422, ...).
        """
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._once(request)
            except ORCHESTRATOR_AWAY as error:
                if is_final(error):
                    raise
                self._saw_error(what, error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def later(self, what: str, request: Request[object]) -> None:
        """Makes a request in the background; what it comes to is of interest to the UI alone."""
        self.aside(self._unasked(what, request))

    def sometime(self, what: str, request: Request[object]) -> None:
        """The same for what is no hurry: a slow server is spared it until it is quicker, or everything is to be settled."""
        self._held.append((what, request))
        if not self._pace.slow:
            self._release()

    def aside(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Lets work that makes requests go on in the background; it ends with the calls."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def settled(self, limit: float) -> bool:
        """Waits for the work in the background and what follows it, `limit` seconds at most; returns whether all is done."""
        end = time.monotonic() + limit
        self._release()
        while self._background and (left := end - time.monotonic()) > 0:
            await asyncio.wait(list(self._background), timeout=left)
            self._release()
        return not self._background

    def _release(self) -> None:
        held, self._held = self._held, []
        for what, request in held:
            self.later(what, request)

    async def _once(self, request: Request[T]) -> T:
        async with self._turn:
            began = time.monotonic()
            try:
                with self._settings.model_copy():
                    answer = await request(self._client)
            finally:
                if self._pace.saw(time.monotonic() - began):
                    self.later("a word on the server's pace", tell_slow)
        if self._told and self.away_since is not None:
            logger.warning("the Prefect server answers again after %.0f s", time.monotonic() - self.away_since)
        self.away_since, self._told = None, False
        return answer

    def _saw_error(self, what: str, error: Exception) -> None:
        now = time.monotonic()
        self.away_since = self.away_since or now
        if now - self.away_since > UNTOLD and not self._told:
            self._told = True
            logger.warning(
                "the Prefect server does not answer (%s: %s); waiting up to %.0f s, nothing is lost",
                what, reason_of(error), self._patience,
            )  # fmt: skip
        if now - self.away_since > self._patience:
            raise OrchestratorError(
                f"the Prefect server was away for {now - self.away_since:.0f} s, last: {what}: {reason_of(error)}; "
                "everything done so far is stored, resume when it answers"
            ) from error

    async def _unasked(self, what: str, request: Request[object]) -> None:
        try:
            await self.call(what, request)
        except (*ORCHESTRATOR_AWAY, OrchestratorError) as error:
            # A server that was reset does not know what it is told the end of.
            level = logging.DEBUG if is_final(error) else logging.WARNING
            logger.log(level, "the Prefect UI misses %s: %s", what, reason_of(error))


def is_final(error: BaseException) -> bool:
    """Whether the server understood the request and refuses it: asking again changes nothing."""
    if isinstance(error, ObjectNotFound):
        return True
    response = getattr(error, "response", None)
    return isinstance(response, httpx.Response) and 400 <= response.status_code < 500 and response.status_code not in (
        httpx.codes.REQUEST_TIMEOUT,
        httpx.codes.TOO_MANY_REQUESTS,
    )  # fmt: skip


def reason_of(error: BaseException) -> str:
    """An error in one short line."""
    response = getattr(error, "response", None)
    if isinstance(response, httpx.Response):
        return f"HTTP {response.status_code}"
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
