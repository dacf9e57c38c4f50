"""Runs one handler over one durable consumer, many messages at once: acknowledged after the commit, or dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from pydantic import BaseModel, ValidationError

from consumers.bus import Subscribed, subscribe, until_reachable
from consumers.dead import bury
from consumers.metrics import RETRIED
from consumers.pull import Pull
from consumers.streams import Streams
from graph import fault_points
from graph.errors import BadInputError, UnavailableError
from graph.events import problems
from graph.lease import Lease, LeaseLostError

log = structlog.get_logger(__name__)

MOST = 250  # messages handled at once
_AHEAD = 2  # times as many are asked for, so that the next are there when these are done
_TRIES = 5  # of a message that fails for a reason nobody foresaw
_BACK_OFF = 0.2  # seconds before the second try; doubled each time
_LONGEST_BACK_OFF = 5.0
_LEAVE = 2.0  # seconds that acknowledgements may take when the reading has ended
_SAVE = 5.0  # seconds after which the place is kept up to which everything was handled
_IDLE = 5.0  # seconds after which is looked whether the consumer is still there

Event = TypeVar("Event", bound=BaseModel)


class UnreadableError(Exception):
    """A message that no later try could read; says what is wrong and what would be right."""


class Delivery(NamedTuple):
    """One message: its raw body, its headers, and a name of its place in its stream that nothing else has."""

    subject: str
    data: bytes
    headers: dict[str, str]
    place: str

    def read(self, kind: type[Event]) -> Event:
        """The body as an event. Raises `UnreadableError`."""
        try:
            return kind.model_validate_json(self.data)
        except ValidationError as error:
            raise UnreadableError(f"{self.subject} cannot be read: {problems(error)}") from error


class Heard(NamedTuple, Generic[Event]):
    """A message that could be read."""

    event: Event
    delivery: Delivery


Handle = Callable[[Sequence[Heard[Event]]], Awaitable[None]]
"""Handles messages in their order; when it fails, each is handled again. Handling one again has no further effect."""


@dataclass(slots=True)
class _Job(Generic[Event]):
    heard: Heard[Event]
    message: Msg
    item: str
    done: bool = False
    error: str = ""


@dataclass(slots=True)
class _Unread:
    """A message that says nothing to us, and why."""

    message: Msg
    delivery: Delivery
    reason: str


@dataclass(slots=True)
class _Parked(Generic[Event]):
    """Messages of one item, of which the first could not be handled; those behind it must not overtake it."""

    jobs: list[_Job[Event]]
    tries: int = 0
    due: float = field(default_factory=lambda: monotonic() + _BACK_OFF)


class Runner(Generic[Event]):
    """Takes the messages of one subject in the order of their stream, when this process holds the lease."""

    def __init__(
        self,
        streams: Streams,
        lease: Lease,
        subject: str,
        durable: str,
        kind: type[Event],
        item: Callable[[Event], str],
        handle: Handle[Event],
        most: int = MOST,
        check: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`item` names what a message is about: messages of one item keep their order, whatever happens.

        `check` raises `UnavailableError` while the database takes nothing; without one, a write of the lease tells.
        """
        self._streams = streams
        self._lease = lease
        self._subject = subject
        self._durable = durable
        self._kind = kind
        self._item = item
        self._handle = handle
        self._most = most
        self._check = check or lease.keep
        self._size = most
        self._parked: dict[str, _Parked[Event]] = {}
        # Places in the stream: of the last message taken, up to which all are handled, and up to which that is kept.
        self._taken = self._handled = self._saved = 0
        self._saved_at = 0.0
        self._acknowledging: asyncio.Future[None] | None = None
        self._wake: Callable[[], None] = lambda: None

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`: stands by, then pulls, handles, acknowledges; what is lost on the way is begun anew."""
        while not stopping.is_set():
            try:
                if await self._lease.until_taken(stopping):
                    await self._lead(stopping)
            except LeaseLostError as error:
                log.warning("stands by", durable=self._durable, reason=str(error))
            except UnavailableError:
                log.warning("neo4j is away", durable=self._durable)
                await asyncio.sleep(_BACK_OFF)
            except (NatsError, APIError, TimeoutError, OSError) as error:
                log.warning("consumer", durable=self._durable, error=str(error) or type(error).__name__)
                await until_reachable(self._streams.js, stopping)
            except Exception:
                log.exception("consumer", durable=self._durable)
                await asyncio.sleep(_LONGEST_BACK_OFF)
        await self._lease.release()

    async def _lead(self, stopping: asyncio.Event) -> None:
        self._parked.clear()
        self._taken = self._handled = self._saved = 0
        self._saved_at = monotonic()
        place = await subscribe(self._streams, self._subject, self._durable, self._lease)
        read = partial(self._read, f"{place.stream}/{place.created}")
        async with Pull(
            self._streams.connection, place.stream, self._durable, place.delivered, self._most * _AHEAD, read
        ) as pull:
            self._wake = pull.wake
            ends = [asyncio.ensure_future(self._lease.keep_on()), asyncio.ensure_future(stopping.wait())]
            for end in ends:
                end.add_done_callback(lambda _: pull.wake())
            try:
                while not stopping.is_set() and self._lease.held:
                    if self._acknowledging and self._acknowledging.done():
                        await self._acknowledged()
                    due = min((parked.due for parked in self._parked.values()), default=monotonic() + _IDLE)
                    taken = await pull.take(self._most, max(0.0, due - monotonic()))
                    await self._retry(stopping)
                    await self._work([job for one in taken if (job := await self._job(one))], stopping)
                    if stopping.is_set():
                        break  # with some of them left in hand
                    self._note(taken)
                    if monotonic() - self._saved_at >= _SAVE:
                        await self._save(place)
                await self._save(place)
                await self._acknowledged()
            finally:
                for end in ends:
                    end.cancel()
                await self._end_acknowledging()

    def _note(self, taken: Sequence[_Job[Event] | _Unread]) -> None:
        """These are done with, but for what is parked."""
        if taken:
            self._taken = taken[-1].message.metadata.sequence.stream
        parked = [job.message.metadata.sequence.stream for one in self._parked.values() for job in one.jobs]
        self._handled = min([self._taken, *(number - 1 for number in parked)])

    async def _save(self, place: Subscribed) -> None:
        """Keeps up to where everything was handled, for when the consumer, which knows it as well, is gone."""
        self._saved_at = monotonic()
        if self._handled > self._saved:
            # Not now is later; who has lost the lease finds out elsewhere.
            with suppress(UnavailableError):
                await self._lease.set_position(f"{place.stream}/{place.created}", self._handled)
                self._saved = self._handled

    def _read(self, stream: str, message: Msg) -> _Job[Event] | _Unread:
        where = f"{stream}/{message.metadata.sequence.stream}"
        delivery = Delivery(message.subject, message.data, message.headers or {}, where)
        try:
            heard = Heard(delivery.read(self._kind), delivery)
        except UnreadableError as error:
            return _Unread(message, delivery, str(error))
        return _Job(heard, message, self._item(heard.event))

    async def _job(self, one: _Job[Event] | _Unread) -> _Job[Event] | None:
        if isinstance(one, _Job):
            return one
        await self._bury(one.message, one.delivery, one.reason)
        return None

    async def _work(self, jobs: list[_Job[Event]], stopping: asyncio.Event) -> None:
        """Handles what is not about an item that has to wait, and puts the rest behind what it waits for."""
        free: list[_Job[Event]] = []
        for job in jobs:
            if parked := self._parked.get(job.item):
                parked.jobs.append(job)
            else:
                free.append(job)
        pause = _BACK_OFF
        while free and not stopping.is_set():
            now, later = free[: self._size], free[self._size :]
            try:
                failed = await self._handle_or_halve(now)
            except LeaseLostError:
                raise
            except UnavailableError as error:
                if len(now) > 1 or not await self._database_is_there():
                    # Away, or too much at once for it; what is in hand keeps its order, so nothing is taken meanwhile.
                    log.warning("neo4j is away", durable=self._durable)
                    self._size = max(1, min(self._size, len(now)) // 2)
                    free = [job for job in free if not job.done]
                    for job in [*free, *(job for parked in self._parked.values() for job in parked.jobs)]:
                        await job.message.in_progress()
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_BACK_OFF)
                    continue
                # For this one alone it is not there, such as one that takes longer than a transaction may.
                failed = self._failed(now[0], error)
            self._size, pause = min(self._most, self._size * 2), _BACK_OFF
            for job in failed:
                self._park(job)
            free = []
            for job in later:
                if parked := self._parked.get(job.item):
                    parked.jobs.append(job)
                else:
                    free.append(job)

    def _park(self, job: _Job[Event]) -> None:
        if job.item in self._parked:
            self._parked[job.item].jobs.append(job)
        else:
            self._parked[job.item] = _Parked([job])

    async def _handle_or_halve(self, jobs: list[_Job[Event]]) -> list[_Job[Event]]:
        """Handles and acknowledges; those that failed even alone, and what is behind them of their items, come back."""
        if not jobs:
            return []
        try:
            await self._handle([job.heard for job in jobs])
        except UnavailableError:
            raise
        except BadInputError as error:
            if len(jobs) == 1:
                await self._bury(jobs[0].message, jobs[0].heard.delivery, str(error))
                jobs[0].done = True
                return []
        except Exception as error:
            if len(jobs) == 1:
                return self._failed(jobs[0], error)
        else:
            for job in jobs:
                job.done = True
            # The next are handled meanwhile; what keeps it from being acknowledged is told before these are.
            await self._acknowledged()
            self._acknowledging = asyncio.ensure_future(_acknowledge(jobs))
            self._acknowledging.add_done_callback(self._wake_if_failed)
            return []
        middle = len(jobs) // 2
        failed = await self._handle_or_halve(jobs[:middle])
        items = {job.item for job in failed}
        held = [job for job in jobs[middle:] if job.item in items]
        free = [job for job in jobs[middle:] if job.item not in items]
        return [*failed, *held, *await self._handle_or_halve(free)]

    def _wake_if_failed(self, acknowledging: asyncio.Future[None]) -> None:
        if not acknowledging.cancelled() and acknowledging.exception():
            self._wake()

    async def _acknowledged(self) -> None:
        """Raises what kept the last ones from being acknowledged."""
        if self._acknowledging:
            acknowledging, self._acknowledging = self._acknowledging, None
            await acknowledging

    async def _end_acknowledging(self) -> None:
        """What was committed is acknowledged also when the reading ends with an error, unless it takes long."""
        if self._acknowledging:
            await asyncio.wait({self._acknowledging}, timeout=_LEAVE)
            self._acknowledging.cancel()
            await asyncio.gather(self._acknowledging, return_exceptions=True)
            self._acknowledging = None

    def _failed(self, job: _Job[Event], error: Exception) -> list[_Job[Event]]:
        log.error("handler failed", durable=self._durable, place=job.heard.delivery.place, exc_info=error)
        job.error = type(error).__name__
        return [job]

    async def _database_is_there(self) -> bool:
        try:
            await self._check()
        except LeaseLostError:
            raise
        except UnavailableError:
            return False
        return True

    async def _retry(self, stopping: asyncio.Event) -> None:
        """Tries again what is due; a message that has failed too often is given up, and the next of its item tried."""
        for item, parked in [(item, parked) for item, parked in self._parked.items() if parked.due <= monotonic()]:
            del self._parked[item]
            parked.tries += 1
            RETRIED.labels(self._durable).inc()
            first = parked.jobs[0]
            await self._work(parked.jobs, stopping)
            again = self._parked.get(item)
            if again is None or again.jobs[0] is not first:
                continue
            again.tries = parked.tries
            if again.tries + 1 >= _TRIES:
                await self._bury(first.message, first.heard.delivery, f"failed {_TRIES} times: {first.error}")
                del again.jobs[0], self._parked[item]
                await self._work(again.jobs, stopping)
            else:
                again.due = monotonic() + min(_BACK_OFF * 2**again.tries, _LONGEST_BACK_OFF)

    async def _bury(self, message: Msg, delivery: Delivery, reason: str) -> None:
        log.warning("dead letter", subject=delivery.subject, place=delivery.place, reason=reason)
        await bury(self._streams, delivery.subject, message.data, delivery.headers, reason, delivery.place)
        await message.ack()


async def _acknowledge(jobs: Sequence[_Job[Any]]) -> None:
    fault_points.passing("before-ack")
    for job in jobs:
        await job.message.ack()
        fault_points.passing("between-acks")
