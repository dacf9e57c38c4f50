"""Stores many messages of a stream as one batch, with one answer to them all: faster than an answer to each.

The stream must allow it (`allow_batched`, NATS 2.14) and be kept once. What it does not take ends the batch, so that
nothing behind it is stored; what is not confirmed here is published one by one, by `Chains`, which says what is wrong.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from time import monotonic

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from consumers.chains import SUBJECT, Letter, told
from consumers.streams import Streams
from graph import fault_points

_FEW = 2  # messages that are worth a batch
_BYTES = 4 * 2**20  # of a batch; the server keeps what it has not stored yet in memory
_FLOW = 500  # messages after which the server says how far it is, at the latest
_STINT = 25  # messages that are sent without a pause
_PATIENCE = 5.0  # seconds without an answer after which what is not confirmed counts as lost
_REMEMBER = 30.0  # seconds for which it is known which stream a subject has
_START, _APPEND, _COMMIT = range(3)


class Ingest:
    """One connection's way to do so; open it, and `publish` one list after the other."""

    def __init__(self, streams: Streams, goes_on: Callable[[], bool] = lambda: True) -> None:
        """`goes_on` is asked before each message; what is not sent then is not stored."""
        self._streams = streams
        self._goes_on = goes_on
        self._connection: Client = streams.connection
        self._inbox = self._connection.new_inbox()
        self._batches: dict[str, _Batch] = {}
        self._streams_of: dict[str, str | None] = {}
        """The stream of each subject, when it takes batches."""
        self._since = monotonic()

    async def __aenter__(self) -> Ingest:
        self._subscription = await self._connection.subscribe(f"{self._inbox}.>", cb=self._hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(NatsError):
            await self._subscription.unsubscribe()

    async def publish(self, letters: Sequence[Letter]) -> list[Letter]:
        """Those that are stored now. Of each chain these are the first ones, maybe none."""
        await self._look({letter.subject for letter in letters})
        groups = self._by_stream(letters)
        stored = await asyncio.gather(*(self._store(*group) for group in groups.items() if len(group[1]) >= _FEW))
        return [letter for group in stored for letter in group]

    async def _look(self, subjects: set[str]) -> None:
        """Finds out which stream each subject has, where that is not known or long ago."""
        if monotonic() - self._since > _REMEMBER:
            self._streams_of, self._since = {}, monotonic()
        new = [subject for subject in subjects - self._streams_of.keys() if SUBJECT.fullmatch(subject)]
        self._streams_of |= zip(new, await asyncio.gather(*map(self._stream, new)), strict=True)

    async def _stream(self, subject: str) -> str | None:
        try:
            return await self._streams.batching(subject)
        except (NatsError, TimeoutError):
            # Nobody answers for it, or it has gone just now: no reason for others to wait.
            return None

    def _by_stream(self, letters: Sequence[Letter]) -> dict[str, list[Letter]]:
        """A chain goes into a batch when the whole of it can: else one of it could be overtaken."""
        places: dict[str, str | None] = {}
        for letter in letters:
            place = self._streams_of.get(letter.subject)
            if letter.is_larger_than(self._connection.max_payload) or places.setdefault(letter.chain, place) != place:
                places[letter.chain] = None
        groups: dict[str, list[Letter]] = {}
        for letter in letters:
            if place := places[letter.chain]:
                groups.setdefault(place, []).append(letter)
        return groups

    async def _store(self, stream: str, letters: list[Letter]) -> list[Letter]:
        stored: list[Letter] = []
        for part in _parts(letters):
            count = await self._send(part)
            stored += part[:count]
            if count < len(part):
                # Whatever it is, it is not tried again with each batch.
                self._streams_of |= {subject: None for subject, one in self._streams_of.items() if one == stream}
                break
        return stored

    async def _send(self, letters: list[Letter]) -> int:
        """How many of the first are stored."""
        name = uuid.uuid4().hex
        batch = self._batches[name] = _Batch(name)
        reply, last = f"{self._inbox}.{name}.{_FLOW}.fail", len(letters)
        try:
            for number, letter in enumerate(letters, 1):
                if not self._goes_on():
                    return batch.stored
                operation = _COMMIT if number == last else _START if number == 1 else _APPEND
                await self._connection.publish(
                    letter.subject, letter.data, reply=f"{reply}.{number}.{operation}.$FI", headers=letter.headers
                )
                if not number % _STINT:
                    await asyncio.sleep(0)
                    fault_points.passing("amid-batch")
                    if batch.over.is_set():
                        break
            return await batch.until_over()
        except NatsError:
            # Where it comes from is found out when it is published alone.
            return batch.stored
        finally:
            del self._batches[name]

    async def _hear(self, message: Msg) -> None:
        name = message.subject.removeprefix(f"{self._inbox}.").partition(".")[0]
        if batch := self._batches.get(name):
            batch.take(message)


class _Batch:
    """What a stream has said of one."""

    def __init__(self, name: str) -> None:
        self.stored = 0
        self.over = asyncio.Event()
        self._name = name
        self._heard = monotonic()

    def take(self, message: Msg) -> None:
        """One answer; whoever else listens to the subject may answer as well, whatever that means."""
        if self.over.is_set():
            return
        if (message.headers or {}).get("Status") == "503":  # no stream takes this subject now
            self.over.set()
            return
        match told(message.data):
            case {"type": "ack", "seq": int(stored), "msgs": int()} if stored > self.stored:
                self.stored = stored
            case {"batch": self._name, "count": int(stored)}:
                self.stored = stored
                self.over.set()
            case {"error": dict()}:
                self.over.set()
            case _:
                return
        self._heard = monotonic()

    async def until_over(self) -> int:
        """How many are stored when the batch has ended, or when nothing is heard of it any more."""
        while not self.over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), self._heard + _PATIENCE - monotonic())
            if monotonic() - self._heard >= _PATIENCE:
                break
        return self.stored


def _parts(letters: list[Letter]) -> Iterator[list[Letter]]:
    part: list[Letter] = []
    size = 0
    for letter in letters:
        if part and size + len(letter.data) > _BYTES:
            yield part
            part, size = [], 0
        part.append(letter)
        size += len(letter.data)
    yield part
