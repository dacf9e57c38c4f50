"""The way to Neo4j: named statements, in transactions that are tried again when the server asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from time import monotonic
from typing import Any, Protocol, TypeVar

from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncManagedTransaction,
    AsyncSession,
    Query,
    unit_of_work,
)
from neo4j.exceptions import (
    AuthError,
    BrokenRecordError,
    ClientError,
    DatabaseError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
)

from graph import fault_points
from graph.errors import BadInputError, UnavailableError, UnknownOutcomeError
from graph.metrics import RETRIES
from graph.plans import Plans
from graph.queries import migrations, query

Row = dict[str, Any]
Result = TypeVar("Result")

_LONGEST = 120  # seconds of one transaction; whatever takes longer has gone astray, and holds locks
# Of one that looks at a permit, which holds its lock: a holder that is frozen keeps others from it until this is over.
# What takes hundreds of messages together is done within a second or two; what needs longer is tried with fewer.
_LONGEST_UNDER = 30
# Two actions at once may deadlock over the nodes they share; Neo4j undoes one at once, and it is tried again soon.
_OPTIONS: dict[str, Any] = {"notifications_min_severity": "OFF", "initial_retry_delay": 0.02}

GONE = "Neo.ClientError.Statement.EntityNotFound"
"""Said of a node that was taken away meanwhile; `in_transaction` tries again."""
# What is said of a statement. All else is said of the server, its state and that of the transaction, such as one that
# was ended from outside, or a time that ran out: it may have waited for somebody else's locks.
_OF_STATEMENTS = ("Neo.ClientError.Statement.", "Neo.ClientError.Schema.", "Neo.ClientError.Procedure.")
# A server that cannot write, such as one whose disk is full; other errors of it may be the fault of one statement.
_OF_THE_SERVER = ("Neo.DatabaseError.Transaction.", "Neo.DatabaseError.Database.")
_GONE_MEANWHILE = "Neo.DatabaseError.Schema.ConstraintDropFailed"
_MADE_MEANWHILE = "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists"
_AWAY = "Neo4j does not answer; the request can be sent again."
_TRIES = 5  # for a unit of work under whose feet nodes were taken away


class MovedError(Exception):
    """A task was moved to another story while the locks were waited for; `in_transaction` tries again."""


class Access(Enum):
    """What a transaction is for: a reader of a cluster may serve the first, the leader the others."""

    READ = auto()
    NEWEST = auto()
    WRITE = auto()


class Permit(Protocol):
    """What a writer must hold, such as a lease; each of its transactions looks at it first."""

    async def check(self, tx: Transaction) -> None:
        """What it raises keeps the rest of the transaction from being done."""

    def terms(self) -> Row:
        """What a statement needs that looks at it itself. Raises as `check`."""

    def kept(self, began: float) -> None:
        """Such a statement found it, in a transaction that was at work since then (`monotonic`)."""


class Transaction:
    """One open transaction that runs statements by name."""

    def __init__(self, tx: AsyncManagedTransaction, permit: Permit | None = None) -> None:
        self._tx = tx
        self._permit = permit

    async def run(self, name: str, /, **parameters: Any) -> list[Row]:
        """The rows of `cypher/<name>.cypher`."""
        if permit := self._first():
            await permit.check(self)
        return await self._run(name, **parameters)

    async def run_checking(self, name: str, batch: Row) -> list[Row]:
        """The same for one that looks at `$batch.lease` itself, if there is one, and finds nothing when it is lost.

        What is in the batch must be fit to be stored, which nobody looks at here.
        """
        permit, began = self._first(), monotonic()
        if permit is None:
            return await self._send(name, {"batch": batch})
        found = await self._send(name, {"batch": batch | {"lease": permit.terms()}})
        if found:
            permit.kept(began)
        else:
            # It is lost, which this says, or what is missing is something else.
            await permit.check(self)
        return found

    def _first(self) -> Permit | None:
        """The permit, before the first statement."""
        permit, self._permit = self._permit, None
        return permit

    async def _run(self, name: str, /, **parameters: Any) -> list[Row]:
        _check(parameters)
        return await self._send(name, parameters)

    async def _send(self, name: str, parameters: Row) -> list[Row]:
        try:
            result = await self._tx.run(query(name), parameters)
            return [dict(record) async for record in result]
        except (ClientError, DatabaseError) as error:
            # Told apart here, because further up it would count as one of a rule that cannot be run.
            if is_away(error) and not error.is_retryable():
                raise UnavailableError(_AWAY) from error
            raise


def _check(value: Any) -> None:
    """Raises here what would break the connection when the driver meets it."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, str):
            if not value.isascii():
                value.encode()
        elif isinstance(value, dict):
            if not all(map(str.isascii, value)):
                left += value
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise OverflowError


class Database:
    """Neo4j by its driver. `open` it, hand it down, `close` it."""

    def __init__(self, driver: AsyncDriver, name: str = "neo4j") -> None:
        self._driver = driver
        self._name = name
        # What this process wrote is read by it, whichever server of a cluster answers.
        self._bookmarks = AsyncGraphDatabase.bookmark_manager()
        self._permit: Permit | None = None
        self.wrote = asyncio.Event()
        """Set after each commit of a write, for whoever waits for new events; the waiter clears it."""
        self.plans = Plans()

    @classmethod
    def connect(cls, uri: str, user: str, password: str) -> Database:
        return cls(AsyncGraphDatabase.driver(uri, auth=(user, password), **_OPTIONS))

    def under(self, permit: Permit) -> Database:
        """The same database, where each transaction that writes begins with a look at a permit, such as a lease."""
        checked = Database(self._driver, self._name)
        checked._permit, checked.wrote, checked._bookmarks = permit, self.wrote, self._bookmarks
        checked.plans = self.plans
        return checked

    def at_once(self) -> Database:
        """The same database, for what needs no plan of the gate and cannot wait until there is one, such as a lease."""
        prompt = Database(self._driver, self._name)
        prompt._bookmarks, prompt.wrote = self._bookmarks, self.wrote
        return prompt

    @property
    def driver(self) -> AsyncDriver:
        return self._driver

    def _session(self, **options: Any) -> AsyncSession:
        return self._driver.session(database=self._name, bookmark_manager=self._bookmarks, **options)

    async def close(self) -> None:
        await self._driver.close()

    async def check(self) -> None:
        """Raises `UnavailableError` when Neo4j does not answer."""
        await self.read("health/ping")

    async def read(self, name: str, /, **parameters: Any) -> list[Row]:
        """The rows of one statement that writes nothing."""
        return await self._read(name, parameters, Access.READ)

    async def read_newest(self, name: str, /, **parameters: Any) -> list[Row]:
        """As `read`, but where is written: who only reads may lag behind what another process has told us of."""
        return await self._read(name, parameters, Access.NEWEST)

    async def _read(self, name: str, parameters: dict[str, Any], access: Access) -> list[Row]:
        # A statement alone goes to the server and back once, a transaction goes three times; what a second try may help
        # is asked again in one, which knows when and how often.
        mode = READ_ACCESS if access is Access.READ else WRITE_ACCESS
        try:
            with self._told():
                _check(parameters)
                async with self._session(default_access_mode=mode) as session:
                    result = await session.run(Query(query(name), timeout=_LONGEST), parameters)
                    return [dict(record) async for record in result]
        except UnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, Neo4jError) and not cause.is_retryable():
                raise
        except ClientError as error:
            if error.code != GONE:
                raise
        return await self._read_in_transaction(name, parameters, access)

    async def _read_in_transaction(self, name: str, parameters: dict[str, Any], access: Access) -> list[Row]:
        async def work(tx: Transaction) -> list[Row]:
            return await tx.run(name, **parameters)

        return await self._execute(work, access)

    async def write(self, name: str, /, **parameters: Any) -> list[Row]:
        """The rows of one statement in a transaction of its own."""

        async def work(tx: Transaction) -> list[Row]:
            return await tx.run(name, **parameters)

        return await self._execute(work, Access.WRITE)

    async def in_transaction(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """What `work` returns; it may be run more than once, only one run is committed.

        Deadlocks and other passing failures are tried again with growing pauses of random length, for half a minute.

        Raises:
            UnknownOutcomeError: the connection was lost while committing.
            UnavailableError: Neo4j is away; nothing was written.
        """
        return await self._execute(work, Access.WRITE)

    async def _execute(self, work: Callable[[Transaction], Awaitable[Result]], access: Access) -> Result:
        tries, asked_at = 0, monotonic()
        permit = self._permit if access is Access.WRITE else None

        @unit_of_work(timeout=_LONGEST if permit is None else _LONGEST_UNDER)
        async def unit(tx: AsyncManagedTransaction) -> Result:
            nonlocal tries
            tries += 1
            if tries > 1:
                RETRIES.inc()
            if access is not Access.READ:
                await self.plans.there(asked_at)
            result = await work(Transaction(tx, permit))
            if access is Access.WRITE:
                fault_points.passing("before-commit")
            return result

        for left in reversed(range(_TRIES)):
            try:
                return await self._once(unit, access)
            except MovedError as error:
                if not left:
                    raise UnavailableError("A task is moved again and again; the request can be sent again.") from error
            except ClientError as error:
                # Rules that were read have been published anew meanwhile; the work is done again, under the new ones.
                if error.code != GONE or not left:
                    raise
        raise AssertionError("The last try returns or raises.")

    async def _once(self, unit: Callable[[AsyncManagedTransaction], Awaitable[Result]], access: Access) -> Result:
        with self._told():
            async with self._session() as session:
                if access is Access.READ:
                    return await session.execute_read(unit)
                result = await session.execute_write(unit)
                if access is Access.NEWEST:
                    return result
                fault_points.passing("after-commit")
                self.wrote.set()
                return result

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the driver and the server in our words; those of statements as they are."""
        try:
            yield
        except UnicodeEncodeError as error:
            raise BadInputError("A text has half of a character (a lone surrogate), which cannot be stored.") from error
        except OverflowError as error:
            raise BadInputError("A number is too large; integers have 64 bits.") from error
        except IncompleteCommit as error:
            self.plans.lose()
            raise UnknownOutcomeError("Neo4j went away while it committed; it may have been done.") from error
        except (DriverError, Neo4jError) as error:
            if is_away(error):
                self.plans.lose()
                raise UnavailableError(_AWAY) from error
            raise

    async def migrate(self) -> None:
        """Brings the schema to the newest state; safe to run at every start and by several services at once."""
        for _, statements in migrations():
            for statement in statements:
                async with self._session() as session:
                    try:
                        await session.execute_write(_run_migration, statement)
                    except ClientError as error:
                        # IF NOT EXISTS does not keep two services that start at once from making the same index,
                        if error.code != _MADE_MEANWHILE:
                            raise
                    except DatabaseError as error:
                        # nor IF EXISTS from taking the same one away.
                        if error.code != _GONE_MEANWHILE:
                            raise


async def _run_migration(tx: AsyncManagedTransaction, statement: str) -> None:
    await (await tx.run(statement)).consume()


def is_away(error: DriverError | Neo4jError) -> bool:
    """Whether an error says that the server, or the leader of a cluster, is away or busy, and so nothing was done."""
    if isinstance(error, DriverError | AuthError):
        # A record with a value that Python has no type for, such as a year above 9999, says nothing about the server.
        return not isinstance(error, BrokenRecordError)
    if error.is_retryable():
        return True
    code = error.code or ""
    return code.startswith(_OF_THE_SERVER) or (isinstance(error, ClientError) and not code.startswith(_OF_STATEMENTS))
