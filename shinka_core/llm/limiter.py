"""Limits on calls that the client does not know of itself: those that several runs share."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class CallLimiter(Protocol):
    """Permits calls to models: proposals, judgements and embeddings, wherever they are sent in the end."""

    def permitted(self, model: str) -> AbstractAsyncContextManager[None]:
        """Waits until a call to the model may be made; the block is the call.

        Args:
            model: Name as configured.

        Raises:
            RunStoppedError: The run is being stopped meanwhile.
        """
        ...


class Unlimited:
    """Permits every call at once."""

    @asynccontextmanager
    async def permitted(self, model: str) -> AsyncGenerator[None, None]:
        """Permits the call."""
        del model
        yield
