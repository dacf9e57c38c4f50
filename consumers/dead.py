"""The dead letters: messages nobody could handle, kept until a person sends them again or drops them."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nats.js.api import AckPolicy, ConsumerConfig, RawStreamMsg
from nats.js.errors import BadRequestError, NoStreamResponseError
from nats.js.errors import NotFoundError as NoSuchMessageError

from consumers.chains import header_size
from consumers.headers import Headers
from consumers.pull import Pull, as_it_is
from consumers.streams import Streams
from graph.errors import ConflictError, NotFoundError

PREFIX = "dead."
COMMAND_ID = "Stategate-Command-Id"
"""The header of a message sent again: what would have been its command id the first time."""

_PLACE, _REASON, _MSG_ID = "Stategate-Place", "Stategate-Reason", "Stategate-Msg-Id"
_SIZE = "Stategate-Size"
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # of a header that our client sends
_HEADERS = 65_535  # bytes of them that a stream keeps
_PAGE = 200
_PATIENCE = 5.0  # seconds until the next of them must have come


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One: its number among the dead letters, when it came there (UTC), and what it was; `data` is its body."""

    number: int
    at: datetime
    subject: str
    reason: str
    headers: dict[str, str]
    data: bytes


async def bury(
    streams: Streams, subject: str, data: bytes, headers: Mapping[str, str], reason: str, place: str
) -> None:
    """Puts a message to the dead letters, once, with the reason and its place in the headers.

    It is whole, unless it would be too large with those: then headers for which there is no room are left out, and
    what is still too much is cut off the body. Headers that cannot be sent are left out as well.
    """
    own = {
        _REASON: " ".join(reason.split())[:1000],
        _PLACE: place,
        "Nats-Msg-Id": f"{PREFIX.removesuffix('.')}/{subject}/{place}",
    }
    wanted = {_MSG_ID: original} if (original := headers.get("Nats-Msg-Id")) else {}
    wanted |= {
        name: value
        for name, value in headers.items()
        if name not in {*own, _MSG_ID, _SIZE} and not name.lower().startswith("nats-") and _NAME.fullmatch(name)
    }
    room = min(_HEADERS, streams.largest) - header_size(own | {_SIZE: str(len(data))})
    # The shortest first: a single large one is not to cost all others.
    for name, value in sorted(wanted.items(), key=lambda one: (one[0] != _MSG_ID, len(one[1]))):
        needed = header_size({name: value})
        if needed <= room:
            own[name] = value
            room -= needed
    if len(data) + header_size(own) > streams.largest:
        own[_SIZE] = str(len(data))
        data = data[: max(0, streams.largest - header_size(own))]
    try:
        await streams.js.publish(f"{PREFIX}{subject}", data, headers=own)
    except NoStreamResponseError:
        await streams.ensure()
        await streams.js.publish(f"{PREFIX}{subject}", data, headers=own)


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
        found: list[DeadLetter] = []
        try:
            left = info.num_pending or 0
            async with Pull(self._streams.connection, stream, info.name, 0, _PAGE, as_it_is) as pull:
                # Somebody else may take some of them away meanwhile, and then no more come.
                while left and (messages := await pull.take(_PAGE, _PATIENCE)):
                    for message in messages:
                        at, headers = message.metadata, message.headers or {}
                        found.append(_letter(at.sequence.stream, at.timestamp, message.subject, headers, message.data))
                        left = at.num_pending
        finally:
            await self._js.delete_consumer(stream, info.name)
        return found

    async def get(self, number: int) -> DeadLetter:
        """One, with its body. Raises `NotFoundError`."""
        try:
            found: RawStreamMsg = await self._js.get_msg(await self._stream(), number)
        except (NoSuchMessageError, BadRequestError) as error:
            raise NotFoundError(f"There is no dead letter {number}.") from error
        if found.subject is None or not found.subject.startswith(PREFIX):
            raise NotFoundError(f"There is no dead letter {number}.")
        # Not as the client reads these: it takes them for those of an e-mail, which have other letters.
        headers = Headers(b64decode(found.hdrs or ""))
        return _letter(number, found.time, found.subject, headers, found.data or b"")

    async def replay(self, number: int) -> DeadLetter:
        """Sends one again to its subject and takes it from the dead letters.

        It is the same command as before, so what was done of it before it failed is not done twice.

        Raises:
            NotFoundError: there is none of this number. ConflictError: no stream keeps its subject, or it was cut.
        """
        letter = await self.get(number)
        if size := letter.headers.get(_SIZE):
            raise ConflictError(
                f"{number} was cut from {size} bytes to {len(letter.data)}, so it cannot be sent again."
            )
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
