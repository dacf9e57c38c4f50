"""Publishes the events of the outbox, those of one item in order; forgets one when its stream has confirmed it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from time import monotonic

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from pydantic_core import to_json

from consumers.bus import until_reachable
from consumers.chains import SUBJECT, Chains, Letter
from consumers.dead import bury
from consumers.ingest import Ingest
from consumers.resting import Resting
from consumers.streams import Streams, is_ours
from graph import fault_points
from graph.database import Database
from graph.errors import UnavailableError
from graph.lease import Lease, LeaseLostError
from graph.outbox import Outbox, WaitingEvent

log = structlog.get_logger(__name__)

_BATCH = 1000
_FIRST = 50  # events that are taken together while nobody knows how large they are
_LARGE = 4 * 2**20  # bytes of those taken together, after which fewer are
_FORGET = 250  # published events that are forgotten together
_REMEMBER = 1.0  # seconds after which fewer are forgotten too
_STINT = 50  # events that are made letters without a pause
_SHOWN = 200  # characters of what should be a subject
_LOOK = 0.25  # seconds after which the outbox is looked at even when this process wrote nothing
_PAUSE = 0.5  # seconds before the next try, of a server that is away or a bus that takes hardly anything


class Publisher:
    """The one that empties the outbox, when this process holds the lease."""

    def __init__(self, streams: Streams, db: Database, lease: Lease) -> None:
        self._streams = streams
        self._db = db
        self._outbox = Outbox(db.under(lease))
        self._lease = lease
        self._done: dict[str, str] = {}
        """What is published and not forgotten yet, `{node: id}`: one transaction each would cost more than they do."""
        self._since = 0.0
        self._size = _FIRST
        self._resting = Resting()
        self._strays: set[str] = set()
        """Subjects that no stream kept when one was last looked for; whoever listens to them keeps nothing."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`; a bus or a database that is away is waited for."""
        while not stopping.is_set():
            try:
                if await self._lease.until_taken(stopping):
                    await self._lead(stopping)
            except LeaseLostError as error:
                log.warning("stands by", part="publisher", reason=str(error))
            except UnavailableError:
                log.warning("neo4j is away", part="publisher")
                await asyncio.sleep(_PAUSE)
            except (NatsError, APIError, TimeoutError, OSError) as error:
                log.warning("publisher", error=str(error) or type(error).__name__)
                await until_reachable(self._streams.js, stopping)
            except Exception:
                log.exception("publisher")
                await asyncio.sleep(_PAUSE)
        await self._lease.release()

    async def _lead(self, stopping: asyncio.Event) -> None:
        keeping = asyncio.ensure_future(self._lease.keep_on())
        try:
            # What was confirmed before the lease or the database was lost is not published once more.
            await self._forget()
            goes_on = self._may_publish
            async with Ingest(self._streams, goes_on) as ingest, Chains(self._streams.connection, goes_on) as chains:
                while not stopping.is_set() and self._lease.held:
                    # Cleared before looking, so that what is written while we look is looked at again.
                    self._db.wrote.clear()
                    if not await self._publish_waiting(ingest, chains):
                        if self._done and monotonic() - self._since >= _REMEMBER:
                            await self._forget()
                        await self._wait(stopping)
                await self._forget()
        finally:
            keeping.cancel()

    def _may_publish(self) -> bool:
        """No, when what is sent now may arrive long after the next holder has sent it: the client would keep it until
        there is a connection again, and who was frozen does not know who it is.
        """
        return self._lease.is_sure and self._streams.connection.is_connected

    async def _publish_waiting(self, ingest: Ingest, chains: Chains) -> bool:
        """Publishes some; whether there is a reason to look again at once, but for what is written meanwhile."""
        if len(self._done) >= _FORGET:
            await self._forget()
        limit = min(self._size, _BATCH)
        # Until they are there: so many may be too large to be read together, which looks as if the database was away.
        self._size = max(1, limit // 2)
        events = await self._outbox.take(limit, self._resting.now(), self._done.keys())
        if not events:
            self._size = limit
            return False
        fault_points.passing("before-publish")
        letters = await _letters(events)
        if sum(len(letter.data) for letter in letters) <= _LARGE:
            self._size = limit * 2
        # Not by their ids: of events copied by hand two have one.
        nodes = {id(letter): event.node for letter, event in zip(letters, events, strict=True)}
        stored = await ingest.publish(letters)
        alone = nodes.keys() - map(id, stored)
        sent = await chains.publish([letter for letter in letters if id(letter) in alone], self._strays)
        sent.confirmed += stored
        if not self._done:
            self._since = monotonic()
        self._done.update((nodes[id(letter)], letter.id) for letter in sent.confirmed)
        failed, hopeless = [*sent.failed], [(letter, _too_large(letter)) for letter in sent.too_large]
        astray = [*sent.homeless, *sent.unanswered]
        reasons = await self._without_stream({letter.subject for letter in astray})
        for letter in astray:
            reason = reasons.get(letter.subject)
            (hopeless if reason else failed).append((letter, reason or "no stream answered"))
        buried, unburied = await self._bury(hopeless)
        failed += unburied
        self._done.update((nodes[id(letter)], letter.id) for letter in buried)
        self._resting.wake(letter.chain for letter in [*sent.confirmed, *buried])
        if failed:
            # Those that follow one of these of the same item wait as well, and stay in the outbox.
            log.warning("not published", events=len(failed), error=failed[0][1])
            if not self._resting.put(letter.chain for letter, _ in failed):
                await asyncio.sleep(_PAUSE)
        return bool(failed or buried) or len(events) >= limit

    async def _without_stream(self, subjects: Collection[str]) -> dict[str, str]:
        """Those that no stream keeps, each with the reason; they count as strays until one does."""
        are_made = True
        if any(map(SUBJECT.fullmatch, subjects)):
            try:
                await self._streams.ensure()
            except (TimeoutError, APIError) as error:
                # One of ours that cannot be made now is no reason to publish nothing, nor to give up what is its own.
                log.warning("streams", error=str(error) or type(error).__name__)
                are_made = False
        found: dict[str, str] = {}
        for subject in subjects:
            if not SUBJECT.fullmatch(subject):
                # A rule edited by hand may emit anything; it must not stop the events behind it.
                found[subject] = f"'{subject[:_SHOWN]}' is no subject; change what the rule emits"
            elif await self._streams.of(subject) is None and (are_made or not is_ours(subject)):
                found[subject] = f"no stream keeps '{subject}'; add one, or change what the rule emits"
        self._strays = (self._strays - set(subjects)) | {subject for subject in found if SUBJECT.fullmatch(subject)}
        return found

    async def _forget(self) -> None:
        if self._done:
            fault_points.passing("before-removal")
            await self._outbox.remove(self._done)
            self._done.clear()

    async def _bury(self, hopeless: Sequence[tuple[Letter, str]]) -> tuple[list[Letter], list[tuple[Letter, str]]]:
        """Those that are dead letters now, and those that wait because the bus takes none, each with the reason."""
        for place, (letter, reason) in enumerate(hopeless):
            subject = letter.subject if SUBJECT.fullmatch(letter.subject) else "outbox"
            log.warning("dead letter", subject=subject, reason=reason)
            try:
                await bury(self._streams, subject, letter.data, letter.headers, reason, f"outbox/{letter.id}")
            except (NatsError, TimeoutError) as error:
                why = f"it cannot become a dead letter now: {str(error) or type(error).__name__}"
                return [one for one, _ in hopeless[:place]], [(one, why) for one, _ in hopeless[place:]]
        return [letter for letter, _ in hopeless], []

    async def _wait(self, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (self._db.wrote, stopping)]
        await asyncio.wait(waits, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


async def _letters(events: Sequence[WaitingEvent]) -> list[Letter]:
    """Some at a time, because who decides commands in this process must not wait for so many."""
    letters: list[Letter] = []
    for place in range(0, len(events), _STINT):
        letters += map(_letter, events[place : place + _STINT])
        await asyncio.sleep(0)
    return letters


def _letter(event: WaitingEvent) -> Letter:
    # What was edited by hand may be of any kind.
    subject = event.subject if isinstance(event.subject, str) else f"{event.subject} (no text)"
    data = to_json(event.payload, fallback=str, bytes_mode="base64")
    return Letter(event.id, str(event.item_id), subject, data, _headers(event, subject))


def _too_large(letter: Letter) -> str:
    return f"the bus takes no message of {len(letter.data)} bytes"


def _headers(event: WaitingEvent, subject: str) -> dict[str, str]:
    trace = event.id.replace("-", "")
    return {
        "Nats-Msg-Id": event.id,
        "ce-specversion": "1.0",
        "ce-id": event.id,
        "ce-type": subject,
        "ce-source": "stategate",
        "ce-time": _rfc3339(event.at),
        "ce-subject": str(event.item_id),
        "content-type": "application/json",
        "traceparent": f"00-{trace}-{trace[:16]}-01",
    }


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
