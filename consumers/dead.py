"""The dead letters: messages nobody could handle, whole, until a person sends them again or drops them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nats.js.api import AckPolicy, ConsumerConfig, RawStreamMsg
from nats.js.errors import NoStreamResponseError
from nats.js.errors import NotFoundError as NoSuchMessageError

from consumers.streams import Streams
from graph.errors import ConflictError, NotFoundError

PREFIX = "dead."
COMMAND_ID = "Stategate-Command-Id"
"""The header of a message sent again: what would have been its command id the first time."""

_PLACE, _REASON, _MSG_ID = "Stategate-Place", "Stategate-Reason", "Stategate-Msg-Id"
_PAGE = 200


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One: its number among the dead letters, when it came there (UTC), and what it was; `data` is its whole body."""

    number: int
    at: datetime
    subject: str
    reason: str
    headers: dict[str, str]
    data: bytes


async def bury(
    streams: Streams, subject: str, data: bytes, headers: Mapping[str, str], reason: str, place: str
) -> None:
    """Puts a whole message to the dead letters, once, with the reason and its place in the headers."""
    kept = {name: value for name, value in headers.items() if not name.lower().startswith("nats-")}
    words = " ".join(reason.split())[:1000]
    kept |= {_REASON: words, _PLACE: place, "Nats-Msg-Id": f"{PREFIX.removesuffix('.')}/{subject}/{place}"}
    if original := headers.get("Nats-Msg-Id"):
        kept[_MSG_ID] = original
    await streams.ensure()
    await streams.js.publish(f"{PREFIX}{subject}", data, headers=kept)


class DeadLetters:
    """The stream of them. Errors of NATS are passed on."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._js = streams.js

    async def list(self) -> list[DeadLetter]:
        """All there are, the oldest first, without their bodies."""
        stream = await self._stream()
        config = ConsumerConfig(
            filter_subject=f"{PREFIX}>", ack_policy=AckPolicy.NONE, headers_only=True, inactive_threshold=60
        )
        info = await self._js.add_consumer(stream, config)
        subscription = await self._js.pull_subscribe_bind(info.name, stream)
        found: list[DeadLetter] = []
        try:
            left = info.num_pending or 0
            while left:
                for message in await subscription.fetch(min(left, _PAGE), timeout=5):
                    at = message.metadata
                    found.append(
                        _letter(at.sequence.stream, at.timestamp, message.subject, message.headers or {}, message.data)
                    )
                    left = at.num_pending
        finally:
            await subscription.unsubscribe()
            await self._js.delete_consumer(stream, info.name)
        return found

    async def get(self, number: int) -> DeadLetter:
        """One, whole. Raises `NotFoundError`."""
        try:
            found: RawStreamMsg = await self._js.get_msg(await self._stream(), number)
        except NoSuchMessageError as error:
            raise NotFoundError(f"There is no dead letter {number}.") from error
        if found.subject is None or not found.subject.startswith(PREFIX):
            raise NotFoundError(f"There is no dead letter {number}.")
        return _letter(number, found.time, found.subject, found.headers or {}, found.data or b"")

    async def replay(self, number: int) -> DeadLetter:
        """Sends one again to its subject and takes it from the dead letters.

        It is the same command as before, so what was done of it before it failed is not done twice.

        Raises:
            NotFoundError: there is none of this number. ConflictError: no stream keeps its subject.
        """
        letter = await self.get(number)
        headers = {
            name: value
            for name, value in letter.headers.items()
            if not name.startswith("Stategate-") and not name.lower().startswith("nats-")
        }
        before = letter.headers.get(COMMAND_ID) or letter.headers.get(_MSG_ID) or letter.headers.get(_PLACE)
        if before:
            headers[COMMAND_ID] = before
        # A new id, or the stream would drop it as the repetition it is; the same when this is done twice.
        headers["Nats-Msg-Id"] = f"replay/{letter.at.timestamp()}/{number}"
        try:
            await self._js.publish(letter.subject, letter.data, headers=headers)
        except NoStreamResponseError as error:
            raise ConflictError(f"No stream keeps '{letter.subject}', so {number} cannot be sent again.") from error
        await self._delete(number)
        return letter

    async def drop(self, number: int) -> DeadLetter:
        """Takes one from the dead letters for good. Raises `NotFoundError`."""
        letter = await self.get(number)
        await self._delete(number)
        return letter

    async def _delete(self, number: int) -> None:
        await self._js.delete_msg(await self._stream(), number)

    async def _stream(self) -> str:
        await self._streams.ensure()
        stream = await self._streams.of(f"{PREFIX}>")
        if stream is None:
            raise NotFoundError("No stream keeps dead letters.")
        return stream


def _letter(number: int, at: datetime | None, subject: str, headers: Mapping[str, str], data: bytes) -> DeadLetter:
    when = (at or datetime.fromtimestamp(0, UTC)).astimezone(UTC)
    return DeadLetter(number, when, subject.removeprefix(PREFIX), headers.get(_REASON, ""), dict(headers), data)
