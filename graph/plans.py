"""The plans of statements, which Neo4j loses when it ends: one caller has them made again, all others wait for that.

Making the gate's takes seconds of every processor. Were all callers of a busy service to ask for it at once, as they
do when Neo4j has come back, each would have one of its own made, and none would be ready for minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

_SOON = 1.0  # seconds in which a transaction begins, unless the server was away or the machine is too busy
_DOUBT = 30.0  # seconds after plans were made in which slowness alone is no reason to make them again


class Plans:
    """Those of one server, as far as this process knows."""

    def __init__(self) -> None:
        self.make: Callable[[], Awaitable[None]] | None = None
        """Has Neo4j make them; by a `Database` of its own, as one that has these would wait for itself."""
        self._lost = False
        self._made_at = 0.0
        self._making = asyncio.Lock()

    def lose(self) -> None:
        """The server was away."""
        self._lost = True

    async def there(self, asked_at: float) -> None:
        """Returns when they are there. `asked_at` is when the transaction was asked for that begins now."""
        if self._made_at + _DOUBT < asked_at < monotonic() - _SOON:
            self._lost = True
        if self._lost and self.make:
            async with self._making:
                if self._lost:
                    await self.make()
                    self._lost, self._made_at = False, monotonic()
