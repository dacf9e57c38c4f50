"""NATS, as a command uses it: one that is away is told at once, and not waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client
from nats.errors import Error as NatsError

from consumers.bus import connected
from stategate.errors import SetupError
from stategate.servers.check import check_nats


@asynccontextmanager
async def asking(url: str, name: str) -> AsyncIterator[Client]:
    """A connection. Raises `SetupError` when there is none, or when NATS does not answer as it should."""
    await check_nats(url)
    try:
        async with connected(url, name, attempts=2) as connection:
            yield connection
    except (NatsError, OSError, TimeoutError) as error:
        raise SetupError(f"NATS does not answer as it should: {error or type(error).__name__}") from error
