"""The way to Neo4j: named statements, in transactions that are tried again when the server asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction
from neo4j.exceptions import AuthError, DriverError, IncompleteCommit, ServiceUnavailable, TransientError

from graph.errors import UnavailableError, UnknownOutcomeError
from graph.queries import migrations, query

Row = dict[str, Any]
Result = TypeVar("Result")

# Two actions at once may deadlock over the nodes they share; Neo4j undoes one at once, and it is tried again soon.
_OPTIONS: dict[str, Any] = {"notifications_min_severity": "OFF", "initial_retry_delay": 0.02}


Check = Callable[["Transaction"], Awaitable[None]]
"""Run first in each transaction that writes; what it raises keeps the rest from being done."""


class Transaction:
    """One open transaction that runs statements by name."""

    def __init__(self, tx: AsyncManagedTransaction) -> None:
        self._tx = tx

    async def run(self, name: str, /, **parameters: Any) -> list[Row]:
        """The rows of `cypher/<name>.cypher`."""
        result = await self._tx.run(query(name), parameters)
        return await result.data()


class Database:
    """Neo4j by its driver. `open` it, hand it down, `close` it."""

    def __init__(self, driver: AsyncDriver, name: str = "neo4j") -> None:
        self._driver = driver
        self._name = name
        self._check: Check | None = None
        self.wrote = asyncio.Event()
        """Set after each commit of a write, for whoever waits for new events; the waiter clears it."""

    @classmethod
    def connect(cls, uri: str, user: str, password: str) -> Database:
        return cls(AsyncGraphDatabase.driver(uri, auth=(user, password), **_OPTIONS))

    def under(self, check: Check) -> Database:
        """The same database, where each transaction that writes begins with a check, such as that of a lease."""
        checked = Database(self._driver, self._name)
        checked._check, checked.wrote = check, self.wrote
        return checked

    @property
    def driver(self) -> AsyncDriver:
        return self._driver

    async def close(self) -> None:
        await self._driver.close()

    async def check(self) -> None:
        """Raises `UnavailableError` when Neo4j does not answer."""
        await self.read("health/ping")

    async def read(self, name: str, /, **parameters: Any) -> list[Row]:
        """The rows of one statement that writes nothing."""

        async def work(tx: Transaction) -> list[Row]:
            return await tx.run(name, **parameters)

        return await self._execute(work, write=False)

    async def write(self, name: str, /, **parameters: Any) -> list[Row]:
        """The rows of one statement in a transaction of its own."""

        async def work(tx: Transaction) -> list[Row]:
            return await tx.run(name, **parameters)

        return await self._execute(work, write=True)

    async def in_transaction(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """What `work` returns; it may be run more than once, only one run is committed.

        Deadlocks and other passing failures are tried again with growing pauses of random length, for half a minute.

        Raises:
            UnknownOutcomeError: the connection was lost while committing.
            UnavailableError: Neo4j is away; nothing was written.
        """
        return await self._execute(work, write=True)

    async def _execute(self, work: Callable[[Transaction], Awaitable[Result]], *, write: bool) -> Result:
        async def unit(tx: AsyncManagedTransaction) -> Result:
            if write and self._check:
                await self._check(Transaction(tx))
            return await work(Transaction(tx))

        try:
            async with self._driver.session(database=self._name) as session:
                if not write:
                    return await session.execute_read(unit)
                result = await session.execute_write(unit)
                self.wrote.set()
                return result
        except IncompleteCommit as error:
            raise UnknownOutcomeError("Neo4j went away while it committed; it may have been done.") from error
        except (ServiceUnavailable, AuthError, TransientError, DriverError) as error:
            raise UnavailableError("Neo4j does not answer; the request can be sent again.") from error

    async def migrate(self) -> None:
        """Brings the schema to the newest state; safe to run at every start and by several services at once."""
        for _, statements in migrations():
            for statement in statements:
                async with self._driver.session(database=self._name) as session:
                    result = await session.run(statement)
                    await result.consume()
