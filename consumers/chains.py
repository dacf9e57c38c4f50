"""Publishes many messages at once; those of one chain one after the other, each when the one before is confirmed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import BadSubjectError
from nats.errors import Error as NatsError

_AT_ONCE = 1000  # messages on their way to the server
_ROOM = 20_000  # bytes that headers never fill; below that nobody counts them
_PATIENCE = 5.0  # seconds without any confirmation after which those on their way count as lost


def header_size(headers: Mapping[str, str]) -> int:
    """In bytes, as the server counts it."""
    return sum(len(name.encode()) + len(value.encode()) + 4 for name, value in headers.items()) + 14


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to publish; those of one `chain` are published in their order, a failed one ends its chain."""

    id: str
    chain: Hashable
    subject: str
    data: bytes
    headers: dict[str, str]

    @property
    def size(self) -> int:
        """In bytes, as the server counts it."""
        return len(self.data) + header_size(self.headers)


@dataclass(slots=True)
class Sent:
    """What became of letters: confirmed by the stream, kept by no stream, too large, or failed and to be sent again."""

    confirmed: list[Letter] = field(default_factory=list)
    homeless: list[Letter] = field(default_factory=list)
    too_large: list[Letter] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class Chains:
    """One connection's way to publish so; open it, and `publish` one list after the other."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._inbox = connection.new_inbox()
        self._count = 0
        self._on_way: dict[int, list[Letter]] = {}
        self._waiting: list[list[Letter]] = []
        self._sent = Sent()
        self._heard = 0.0
        self._news = asyncio.Event()

    async def __aenter__(self) -> Chains:
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", cb=self._hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(NatsError):
            await self._subscription.unsubscribe()

    async def publish(self, letters: Iterable[Letter]) -> Sent:
        """Returns when each letter is confirmed, or it, or one before it in its chain, has failed."""
        self._sent, self._on_way = Sent(), {}
        chains: dict[Hashable, list[Letter]] = {}
        for letter in letters:
            chains.setdefault(letter.chain, []).append(letter)
        # The last is the next, so that taking it away is cheap.
        self._waiting = [chain[::-1] for chain in chains.values()][::-1]
        self._heard = monotonic()
        await self._fill()
        while self._on_way or self._waiting:
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _PATIENCE)
            if monotonic() - self._heard >= _PATIENCE:
                for chain in self._on_way.values():
                    self._sent.failed[chain[-1].id] = "not confirmed in time"
                break
        # What comes late is of no interest: it is published again, with its own id.
        self._on_way, self._waiting = {}, []
        return self._sent

    async def _fill(self) -> None:
        while self._waiting and len(self._on_way) < _AT_ONCE:
            await self._send(self._waiting.pop())

    async def _send(self, chain: list[Letter]) -> None:
        letter = chain[-1]
        most = self._connection.max_payload
        if len(letter.data) + _ROOM > most and letter.size > most:
            # Asked here, because the server ends the connection over it when only the headers make it too large.
            self._sent.too_large.append(letter)
            return
        self._count += 1
        number = self._count
        self._on_way[number] = chain
        try:
            await self._connection.publish(
                letter.subject, letter.data, reply=f"{self._inbox}.{number}", headers=letter.headers
            )
        except BadSubjectError:
            self._on_way.pop(number, None)
            self._sent.homeless.append(letter)
        except NatsError as error:
            self._on_way.pop(number, None)
            self._sent.failed[letter.id] = str(error) or type(error).__name__

    async def _hear(self, message: Msg) -> None:
        chain = self._on_way.pop(int(message.subject.rpartition(".")[2]), None)
        if chain is None:
            return
        self._heard = monotonic()
        letter = chain.pop()
        if (message.headers or {}).get("Status") == "503":
            self._sent.homeless.append(letter)
        elif reason := _refusal(message.data):
            self._sent.failed[letter.id] = reason
        else:
            # One that the stream had already counts as well: it is the same event.
            self._sent.confirmed.append(letter)
            if chain:
                await self._send(chain)
        await self._fill()
        if not self._on_way:
            self._news.set()


def _refusal(answer: bytes) -> str | None:
    """Why a stream did not take a message; None when it has it."""
    try:
        told = json.loads(answer)
    except ValueError:
        return "an answer that is no JSON"
    if "error" in told:
        return str(told["error"].get("description") or told["error"])
    return None if "stream" in told else "no stream answered"
