"""Publishes many messages at once; those of one chain one after the other, each when the one before is confirmed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic_core import from_json

SUBJECT = re.compile(r"(?!.{501}|\$)[^\s.*>]+(\.[^\s.*>]+)*")
"""Of what can be published. A server ends the connection over one of some thousand bytes, and what begins with $ is an
order to it, such as to empty a stream."""

_AT_ONCE = 1000  # messages on their way to the server
_TOO_LARGE = {10054, 10097}  # the codes of a stream that takes no such body, or no such headers, at any time
_PATIENCE = 5.0  # seconds without any confirmation after which those on their way count as lost


def header_size(headers: Mapping[str, str]) -> int:
    """In bytes, as the server counts it."""
    return sum(len(name.encode()) + len(value.encode()) + 4 for name, value in headers.items()) + 14


class Letter(NamedTuple):
    """A message to publish; those of one `chain` are published in their order, a failed one ends its chain."""

    id: str
    chain: str
    subject: str
    data: bytes
    headers: dict[str, str]

    @property
    def size(self) -> int:
        """In bytes, as the server counts it."""
        return len(self.data) + header_size(self.headers)

    def is_larger_than(self, most: int) -> bool:
        """Whether a server that takes `most` bytes ends the connection over it; it does when headers alone are why."""
        # In most there is so much room that nobody need count.
        return (
            len(self.data) + 16 * (len(self.id) + len(self.chain) + len(self.subject) + 64) > most and self.size > most
        )


@dataclass(slots=True)
class Sent:
    """What became of letters: confirmed by the stream, kept by no stream, too large, or failed and to be sent again.

    `unanswered` are those that no stream answered in time.
    """

    confirmed: list[Letter] = field(default_factory=list)
    homeless: list[Letter] = field(default_factory=list)
    too_large: list[Letter] = field(default_factory=list)
    unanswered: list[Letter] = field(default_factory=list)
    failed: list[tuple[Letter, str]] = field(default_factory=list)


class Chains:
    """One connection's way to publish so; open it, and `publish` one list after the other."""

    def __init__(self, connection: Client, goes_on: Callable[[], bool] = lambda: True) -> None:
        """`goes_on` is asked before each message; what is not sent then has failed."""
        self._connection = connection
        self._goes_on = goes_on
        self._inbox = connection.new_inbox()
        self._count = 0
        self._on_way: dict[int, list[Letter]] = {}
        self._waiting: list[list[Letter]] = []
        self._sent = Sent()
        self._strays: Collection[str] = ()
        self._heard = 0.0
        self._news = asyncio.Event()

    async def __aenter__(self) -> Chains:
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", cb=self._hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(NatsError):
            await self._subscription.unsubscribe()

    async def publish(self, letters: Iterable[Letter], strays: Collection[str] = ()) -> Sent:
        """Returns when each letter is confirmed, or it, or one before it in its chain, has failed.

        `strays` are subjects that are known to have no stream; what is for them is not sent.
        """
        self._sent, self._on_way, self._strays = Sent(), {}, strays
        chains: dict[str, list[Letter]] = {}
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
                self._sent.unanswered += [chain[-1] for chain in self._on_way.values()]
                break
        # What comes late is of no interest: it is published again, with its own id.
        self._on_way, self._waiting = {}, []
        return self._sent

    async def _fill(self) -> None:
        while self._waiting and len(self._on_way) < _AT_ONCE:
            await self._send(self._waiting.pop())

    async def _send(self, chain: list[Letter]) -> None:
        letter = chain[-1]
        if letter.subject in self._strays or not SUBJECT.fullmatch(letter.subject):
            self._sent.homeless.append(letter)
            return
        if letter.is_larger_than(self._connection.max_payload):
            self._sent.too_large.append(letter)
            return
        if not self._goes_on():
            self._sent.failed.append((letter, "publishing has stopped"))
            return
        self._count += 1
        number = self._count
        self._on_way[number] = chain
        try:
            await self._connection.publish(
                letter.subject, letter.data, reply=f"{self._inbox}.{number}", headers=letter.headers
            )
        except NatsError as error:
            self._on_way.pop(number, None)
            self._sent.failed.append((letter, str(error) or type(error).__name__))

    async def _hear(self, message: Msg) -> None:
        number = int(message.subject.rpartition(".")[2])
        nobody = (message.headers or {}).get("Status") == "503"
        answer = {} if nobody else _answer(message.data)
        # Whoever else listens to the subject may answer as well, before the stream does.
        if number not in self._on_way or not (nobody or answer):
            return
        chain = self._on_way.pop(number)
        self._heard = monotonic()
        letter = chain.pop()
        if nobody:
            self._sent.homeless.append(letter)
        elif error := answer.get("error"):
            if error.get("err_code") in _TOO_LARGE:
                self._sent.too_large.append(letter)
            else:
                self._sent.failed.append((letter, str(error.get("description") or error)))
        else:
            # One that the stream had already counts as well: it is the same event.
            self._sent.confirmed.append(letter)
            if chain:
                await self._send(chain)
        await self._fill()
        if not self._on_way:
            self._news.set()


def _answer(data: bytes) -> dict[str, Any]:
    """What a stream says of a message, `{stream, …}` or `{error: {…}}`; nothing when somebody else says it."""
    found = told(data)
    if not isinstance(found, dict):
        return {}
    return found if isinstance(found.get("error"), dict) or "stream" in found else {}


def told(data: bytes) -> object:
    """What was answered; None when it is no JSON."""
    try:
        return from_json(data)
    except ValueError:
        return None
