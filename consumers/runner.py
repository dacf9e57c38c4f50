"""Runs one handler over one durable consumer, many messages at once: acknowledged after the commit, or dead letters."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Generic

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from consumers.bus import Subscribed, subscribe, until_reachable
from consumers.dead import bury
from consumers.delivery import Delivery, Event, Heard, UnreadableError
from consumers.metrics import RETRIED
from consumers.order import BACK_OFF, LONGEST_BACK_OFF, Job, Order, Taken, Unread
from consumers.pull import Pull
from consumers.streams import Streams
from graph import fault_points
from graph.errors import BadInputError, UnavailableError
from graph.lease import Lease, LeaseLostError

log = structlog.get_logger(__name__)

MOST = 250  # messages handled at once
_HANDS = 2  # that do so at the same time
_AHEAD = 3  # times as many are asked for, so that the next are there when these are done
_TRIES = 5  # of a message that fails for a reason nobody foresaw
_LEAVE = 30.0  # seconds that what is in hand may take when the reading has ended: as long as its transaction
_SAVE = 5.0  # seconds after which the place is kept up to which everything was handled
_NEVER = 2**31  # messages at once
_IDLE = 5.0  # seconds after which is looked whether the consumer is still there


Handle = Callable[[Sequence[Heard[Event]]], Awaitable[None]]
"""Handles messages in their order; when it fails, each is handled again. Handling one again has no further effect."""


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
        self._begin()

    def _begin(self, *, each: bool = False) -> None:
        """Nothing is known of the messages that are read from now on."""
        self._order = Order[Event](each=each)
        self._turn = asyncio.Lock()
        self._broken = False
        self._unburied: deque[Unread] = deque()
        self._bury_at = 0.0
        self._saved, self._saved_at = 0, monotonic()

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
                await asyncio.sleep(BACK_OFF)
            except (NatsError, APIError, TimeoutError, OSError) as error:
                log.warning("consumer", durable=self._durable, error=str(error) or type(error).__name__)
                await asyncio.sleep(BACK_OFF)
                await until_reachable(self._streams.js, stopping)
            except Exception:
                log.exception("consumer", durable=self._durable)
                await asyncio.sleep(LONGEST_BACK_OFF)
        await self._lease.release()

    async def _lead(self, stopping: asyncio.Event) -> None:
        place = await subscribe(self._streams, self._subject, self._durable, self._lease)
        self._begin(each=place.each)
        read = partial(self._read, f"{place.stream}/{place.created}")
        async with Pull(
            self._streams.connection, place.stream, self._durable, place.delivered, self._most * _AHEAD, read
        ) as pull:
            ends = [asyncio.ensure_future(self._lease.keep_on()), asyncio.ensure_future(stopping.wait())]
            for end in ends:
                end.add_done_callback(lambda _: pull.wake())
            # While Neo4j does what one of them has in hand, the other one reads on.
            hands = [asyncio.ensure_future(self._hand(pull, place, stopping)) for _ in range(_HANDS)]
            try:
                await asyncio.wait(hands, return_when=asyncio.FIRST_EXCEPTION)
                self._broken = True
                pull.wake()
                # What is in hand is finished and acknowledged, unless it takes long.
                await asyncio.wait(hands, timeout=_LEAVE)
                for hand in hands:
                    if hand.done():
                        hand.result()
                await self._save(place)
            finally:
                for one in [*ends, *hands]:
                    one.cancel()
                await asyncio.gather(*hands, return_exceptions=True)

    def _goes_on(self, stopping: asyncio.Event) -> bool:
        return not stopping.is_set() and not self._broken and self._lease.held

    async def _hand(self, pull: Pull[Job[Event] | Unread], place: Subscribed, stopping: asyncio.Event) -> None:
        """Takes what is there, handles it, and so on."""
        while self._goes_on(stopping):
            async with self._turn:
                jobs = await self._next(pull) if self._goes_on(stopping) else []
            await self._work(jobs, stopping)
            self._order.lay_down({job.item for job in jobs})
            if await self._retry(stopping) or jobs:
                # The other one may wait until this one is done, or for a try that is due sooner than it knew.
                pull.wake()
            if monotonic() - self._saved_at >= _SAVE:
                await self._save(place)

    async def _next(self, pull: Pull[Job[Event] | Unread]) -> list[Job[Event]]:
        """What may be handled now. Beside another one that is enough to be worth it: few are faster together."""
        room = self._most - self._order.waiting
        least = 1 if not self._order.is_any_in_hand else room if room > 0 else _NEVER
        seconds = 0 if self._order.is_any_free else self._order.due(_IDLE)
        taken = await pull.take(max(0, room), seconds, least)
        new, again = self._order.split(taken)
        for known in again:
            await known.message.ack()
        self._order.add(new)
        self._unburied.extend(one for one in new if isinstance(one, Unread))
        await self._bury_unread()
        return self._order.take(self._most)

    async def _save(self, place: Subscribed) -> None:
        """Keeps up to where everything was handled, for when the consumer, which knows it as well, is gone."""
        self._saved_at, handled = monotonic(), self._order.handled
        if handled > self._saved:
            # Not now is later; who has lost the lease finds out elsewhere.
            with suppress(UnavailableError):
                await self._lease.set_position(f"{place.stream}/{place.created}", handled)
                self._saved = handled

    def _read(self, stream: str, message: Msg) -> Job[Event] | Unread:
        taken = Taken(message, message.metadata.sequence.stream)
        delivery = Delivery(message.subject, message.data, message.headers or {}, f"{stream}/{taken.number}")
        try:
            heard = Heard(delivery.read(self._kind), delivery)
        except UnreadableError as error:
            return Unread(delivery, taken, str(error))
        return Job(heard, taken, self._item(heard.event))

    async def _work(self, jobs: list[Job[Event]], stopping: asyncio.Event) -> None:
        """Handles them; what fails, and what is behind it of its item, is put off."""
        pause = BACK_OFF
        while jobs and self._goes_on(stopping):
            now, later = jobs[: self._size], jobs[self._size :]
            try:
                failed = await self._handle_or_halve(now)
            except LeaseLostError:
                # Maybe because so many took so long, which whoever reads next must not meet for ever.
                self._size = max(1, min(self._size, len(now)) // 2)
                raise
            except UnavailableError as error:
                if len(now) > 1 or not await self._database_is_there():
                    # Away, or too much at once for it; what is in hand keeps its order.
                    log.warning("neo4j is away", durable=self._durable)
                    self._size = max(1, min(self._size, len(now)) // 2)
                    jobs = [job for job in jobs if not job.taken.done]
                    for taken in self._order.open:
                        if not taken.done:  # by the other hand, meanwhile
                            await taken.message.in_progress()
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_BACK_OFF)
                    continue
                # For this one alone it is not there, such as one that takes longer than a transaction may.
                failed = self._failed(now[0], error)
            self._size, pause = min(self._most, self._size * 2), BACK_OFF
            for job in failed:
                self._order.put_off(job)
            jobs = []
            for job in later:
                if self._order.parked(job.item):
                    self._order.put_off(job)
                else:
                    jobs.append(job)

    async def _handle_or_halve(self, jobs: list[Job[Event]]) -> list[Job[Event]]:
        """Handles and acknowledges; those that failed even alone, and what is behind them of their items, come back."""
        if not jobs:
            return []
        try:
            await self._handle([job.heard for job in jobs])
        except UnavailableError:
            raise
        except BadInputError as error:
            if len(jobs) == 1:
                is_buried = await self._bury(jobs[0].taken, jobs[0].heard.delivery, str(error))
                return [] if is_buried else self._failed(jobs[0], error)
        except Exception as error:
            if len(jobs) == 1:
                return self._failed(jobs[0], error)
        else:
            await self._acknowledge([job.taken for job in jobs])
            return []
        middle = len(jobs) // 2
        failed = await self._handle_or_halve(jobs[:middle])
        items = {job.item for job in failed}
        held = [job for job in jobs[middle:] if job.item in items]
        free = [job for job in jobs[middle:] if job.item not in items]
        return [*failed, *held, *await self._handle_or_halve(free)]

    def _failed(self, job: Job[Event], error: Exception) -> list[Job[Event]]:
        log.error("handler failed", durable=self._durable, place=job.heard.delivery.place, exc_info=error)
        job.error = type(error).__name__
        return [job]

    async def _acknowledge(self, handled: Sequence[Taken]) -> None:
        messages = self._order.settle(handled)
        fault_points.passing("before-ack")
        for message in messages:
            await message.ack()
            fault_points.passing("between-acks")

    async def _database_is_there(self) -> bool:
        try:
            await self._check()
        except LeaseLostError:
            raise
        except UnavailableError:
            return False
        return True

    async def _retry(self, stopping: asyncio.Event) -> bool:
        """Tries again what is due, if anything is; a message that has failed too often is given up, and the next of its
        item tried.
        """
        # What is due again by the end waits for the next time, or where many fail nobody would take what is new.
        tried, now = False, monotonic()
        while self._goes_on(stopping) and (parked := self._order.take_due(now)):
            tried = True
            RETRIED.labels(self._durable).inc()
            first = parked.jobs[0]
            await self._work(parked.jobs, stopping)
            again = self._order.parked(first.item)
            if again and again.jobs[0] is first:
                again.tries = parked.tries + 1
                again.due = monotonic() + min(BACK_OFF * 2 ** min(again.tries, _TRIES), LONGEST_BACK_OFF)
                if again.tries + 1 >= _TRIES and await self._bury(
                    first.taken, first.heard.delivery, f"failed {again.tries + 1} times: {first.error}"
                ):
                    _, *behind = self._order.take_parked(first.item)
                    await self._work(behind, stopping)
            self._order.lay_down({first.item})
        return tried

    async def _bury_unread(self) -> None:
        while self._unburied and monotonic() >= self._bury_at:
            first = self._unburied[0]
            if await self._bury(first.taken, first.delivery, first.reason):
                self._unburied.popleft()
            else:
                self._bury_at = monotonic() + LONGEST_BACK_OFF

    async def _bury(self, taken: Taken, delivery: Delivery, reason: str) -> bool:
        """Whether it is a dead letter now; while the bus takes none it stays open, and holds nothing else up."""
        log.warning("dead letter", subject=delivery.subject, place=delivery.place, reason=reason)
        try:
            await bury(self._streams, delivery.subject, delivery.data, delivery.headers, reason, delivery.place)
        except (NatsError, TimeoutError) as error:
            log.warning("no dead letter now", place=delivery.place, error=str(error) or type(error).__name__)
            return False
        await self._acknowledge([taken])
        return True
