"""The runner: order per item, nothing left out, one bad message costs only itself; whatever fails on the way."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js.api import ConsumerConfig, RetentionPolicy
from nats.js.errors import NotFoundError
from pydantic import BaseModel

from consumers.bus import consumer_config, handled_up_to, subscribe
from consumers.delivery import Delivery, Heard
from consumers.doctor import repair
from consumers.pull import _SILENCE, GoneError, Pull, as_it_is
from consumers.runner import Runner
from consumers.streams import Streams
from graph.database import Database
from graph.errors import BadInputError, UnavailableError
from graph.events import HeardEvent
from graph.lease import Lease, LeaseLostError
from tests.doors.bus import PATIENCE, Bus, no_room_for_dead_letters


class Note(BaseModel):
    item: str
    number: int
    bad: str = ""


class Reader:
    """Handles notes in memory; what is `bad` fails so."""

    def __init__(self) -> None:
        self.seen: list[Note] = []
        self.sizes: list[int] = []
        self.tries: dict[int, int] = {}
        self.news = asyncio.Condition()
        self.held = asyncio.Event()
        self.held.set()

    async def handle(self, heard: Sequence[Heard[Note]]) -> None:
        await self.held.wait()
        for one in heard:
            note = one.event
            if not note.bad:
                continue
            self.tries[note.number] = self.tries.get(note.number, 0) + 1
            if note.bad == "input":
                raise BadInputError("cannot be")
            if note.bad == "always" or (note.bad == "twice" and self.tries[note.number] <= 2):
                raise RuntimeError(note.bad)
            if note.bad == "stuck" or (note.bad == "away" and self.tries[note.number] <= 2):
                raise UnavailableError("away")
        async with self.news:
            self.sizes.append(len(heard))
            self.seen += [one.event for one in heard]
            self.news.notify_all()

    async def until(self, count: int) -> None:
        """Until so many different notes were handled."""
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: len(set(self.numbers())) >= count)

    def numbers(self, item: str | None = None) -> list[int]:
        return [note.number for note in self.seen if item is None or note.item == item]

    def is_ordered(self) -> bool:
        """Whether the notes of each item were first handled in their order."""
        items = {note.item for note in self.seen}
        firsts = [list(dict.fromkeys(self.numbers(item))) for item in items]
        return all(first == sorted(first) for first in firsts)


@pytest.fixture
def subject() -> str:
    return f"agent.work.{uuid.uuid4().hex}"


@asynccontextmanager
async def reading(
    connection: Client,
    db: Database,
    subject: str,
    reader: Reader,
    most: int = 50,
    check: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[None]:
    durable = subject.replace(".", "-")
    runner = Runner(
        Streams(connection),
        Lease(db, durable),
        subject,
        durable,
        Note,
        lambda note: note.item,
        reader.handle,
        most,
        check,
    )
    stopping = asyncio.Event()
    task = asyncio.create_task(runner.run(stopping))
    try:
        yield
    finally:
        stopping.set()
        async with asyncio.timeout(PATIENCE):
            await task


async def publish(connection: Client, subject: str, *notes: Note) -> None:
    js = connection.jetstream()
    for note in notes:
        await js.publish(subject, note.model_dump_json().encode())


def notes(count: int, items: int = 3, **bad: str) -> list[Note]:
    """Notes about some items in turn; `n4="always"` makes the fourth bad."""
    return [Note(item=f"i{n % items}", number=n, bad=bad.get(f"n{n}", "")) for n in range(count)]


Take = Callable[[Pull[Any], int, float, int], Awaitable[list[Any]]]


def replace_take(monkeypatch: pytest.MonkeyPatch, subject: str, own: Take) -> Take:
    """Puts another `Pull.take` in place for the reader of one subject; the one there was.

    The services of this process have readers as well, which go on as ever.
    """
    there, durable = Pull.take, subject.replace(".", "-")

    def take(pull: Pull[Any], most: int, seconds: float, least: int = 1) -> Awaitable[list[Any]]:
        return (own if pull._subject.endswith(f".{durable}") else there)(pull, most, seconds, least)

    monkeypatch.setattr(Pull, "take", take)
    return there


def begin_with(monkeypatch: pytest.MonkeyPatch, subject: str, count: int) -> None:
    """Lets the first that the reader of a subject takes be so many together: the first to arrive may be alone."""
    began = False

    async def together(pull: Pull[Any], most: int, seconds: float, least: int) -> list[Any]:
        nonlocal began
        if began:
            return await there(pull, most, seconds, least)
        taken = await there(pull, most, PATIENCE, count)
        began = True
        return taken

    there = replace_take(monkeypatch, subject, together)


def set_ack_wait(monkeypatch: pytest.MonkeyPatch, durable: str, seconds: float) -> None:
    """Of one consumer alone: those of the services that are made meanwhile stay, and have what they always have."""
    there = consumer_config

    def config(subject: str, name: str, *rest: Any, **more: Any) -> ConsumerConfig:
        found = there(subject, name, *rest, **more)
        return replace(found, ack_wait=seconds) if name == durable else found

    monkeypatch.setattr("consumers.bus.consumer_config", config)


async def test_one_that_cannot_be_is_given_up_once_also_while_neo4j_goes_away(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader()
    begin_with(monkeypatch, subject, 2)
    await publish(connection, subject, *notes(2, n0="input", n1="away"))
    async with reading(connection, db, subject, reader):
        await reader.until(1)
    # Once with the other, and once alone.
    assert (reader.tries[0], reader.numbers()) == (2, [1])


async def test_one_that_cannot_be_read_at_all_is_passed_over_by_none(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, there, times = Reader(), Delivery.read, 0

    def read(delivery: Delivery, kind: type[Note]) -> Note:
        nonlocal times
        if b'"number":1' in delivery.data and (times := times + 1) == 1:
            raise MemoryError
        return there(delivery, kind)

    monkeypatch.setattr(Delivery, "read", read)
    await publish(connection, subject, *notes(4, items=1))
    async with reading(connection, db, subject, reader):
        await reader.until(4)
    assert reader.is_ordered()
    assert times == 2


async def test_what_was_handled_is_acknowledged_also_when_the_reading_breaks_off(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> list[Any]:
        raise GoneError("gone")

    class Breaking(Reader):
        async def handle(self, heard: Sequence[Heard[Note]]) -> None:
            replace_take(monkeypatch, subject, gone)
            await asyncio.sleep(0.2)  # the other hand meets it meanwhile
            await super().handle(heard)

    said = await connection.subscribe(f"$JS.ACK.AGENT_WORK.{subject.replace('.', '-')}.>")
    await publish(connection, subject, *notes(5))
    reader = Breaking()
    async with reading(connection, db, subject, reader), asyncio.timeout(PATIENCE):
        # One acknowledgement stands for all before it; its subject ends in the count, a time, and what is left.
        # What was handled may be less than all: the first to arrive were taken alone.
        while int((await said.next_msg(PATIENCE)).subject.split(".")[-3]) < len(reader.numbers()):
            pass
    await said.unsubscribe()


async def test_what_waits_is_taken_together_and_one_alone_at_once(
    connection: Client, db: Database, subject: str
) -> None:
    reader = Reader()
    await publish(connection, subject, *notes(40))
    async with reading(connection, db, subject, reader):
        await reader.until(40)
        assert reader.numbers() == list(range(40))
        assert max(reader.sizes) > 1
        await publish(connection, subject, Note(item="alone", number=99))
        await reader.until(41)
        assert reader.sizes[-1] == 1


async def test_a_bad_message_costs_only_itself(connection: Client, db: Database, subject: str, bus: Bus) -> None:
    reader = Reader()
    await publish(connection, subject, *notes(20, n7="input", n11="twice"))
    await connection.jetstream().publish(subject, b"no note")
    async with reading(connection, db, subject, reader):
        await reader.until(19)
        assert set(reader.numbers()) == set(range(20)) - {7}
        assert reader.is_ordered()
        dead = await bus.messages(f"dead.{subject}", 2)
    assert {message.data for message in dead} == {
        b"no note",
        Note(item="i1", number=7, bad="input").model_dump_json().encode(),
    }


async def test_one_that_never_succeeds_is_given_up_and_those_behind_it_wait_for_that(
    connection: Client, db: Database, subject: str, bus: Bus
) -> None:
    reader = Reader()
    await publish(connection, subject, *notes(12, n3="always"))
    async with reading(connection, db, subject, reader):
        await reader.until(11)
        # Those of other items did not wait: they were handled before the one that came right behind it.
        behind = reader.numbers().index(6)
        assert {1, 2, 4, 5, 7, 8, 10, 11} <= set(reader.numbers()[:behind])
        assert reader.is_ordered()
        [dead] = await bus.messages(f"dead.{subject}", 1)
        assert json.loads(dead.data)["number"] == 3
        assert "failed 5 times: RuntimeError" in (dead.headers or {})["Stategate-Reason"]
    # Those tries that it shared with others are not counted.
    assert reader.tries[3] >= 5


async def test_while_no_dead_letter_fits_only_bad_ones_wait_and_what_is_behind_them(
    connection: Client, db: Database, subject: str, bus: Bus
) -> None:
    reader, js = Reader(), connection.jetstream()
    await js.publish(subject, b"no note")
    await publish(connection, subject, *notes(12, n3="always", n7="input"))
    async with reading(connection, db, subject, reader):
        async with no_room_for_dead_letters(js):
            await reader.until(7)
            async with asyncio.timeout(PATIENCE):
                while reader.tries.get(3, 0) < 7 or reader.tries.get(7, 0) < 3:
                    await asyncio.sleep(0.05)
            await publish(connection, subject, Note(item="i2", number=20))
            await reader.until(8)
            assert set(reader.numbers()) == {0, 1, 2, 4, 5, 8, 11, 20}
            assert not bus.heard(f"dead.{subject}")
        assert len(await bus.messages(f"dead.{subject}", 3)) == 3
        await reader.until(11)
    assert reader.is_ordered()


async def test_what_fails_again_and_again_leaves_time_for_what_is_new(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of many would be due again before all were tried, and both hands did nothing else."""
    monkeypatch.setattr("consumers.runner.LONGEST_BACK_OFF", 0.0)
    monkeypatch.setattr("consumers.runner._TRIES", 10**9)

    class Failing(Reader):
        async def handle(self, heard: Sequence[Heard[Note]]) -> None:
            await asyncio.sleep(0)
            await super().handle(heard)

    reader = Failing()
    await publish(connection, subject, *notes(4, items=4, n0="always", n1="always", n2="always", n3="always"))
    async with reading(connection, db, subject, reader):
        async with asyncio.timeout(PATIENCE):
            while any(reader.tries.get(number, 0) < 4 for number in range(4)):
                await asyncio.sleep(0.05)
        await publish(connection, subject, Note(item="new", number=9))
        await reader.until(1)


async def test_while_the_database_is_away_everything_waits_in_order(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader()
    begin_with(monkeypatch, subject, 30)
    await publish(connection, subject, *notes(30, n0="away"))
    async with reading(connection, db, subject, reader):
        await reader.until(30)
    assert reader.numbers() == list(range(30))


async def test_one_that_only_seems_to_find_no_database_is_given_up(
    connection: Client, db: Database, subject: str, bus: Bus
) -> None:
    """Such as one whose transaction always takes too long, while the database does all others."""
    reader = Reader()
    await publish(connection, subject, *notes(12, n3="stuck"))
    async with reading(connection, db, subject, reader):
        await reader.until(11)
        assert reader.is_ordered()
        assert set(reader.numbers()) == set(range(12)) - {3}
        [dead] = await bus.messages(f"dead.{subject}", 1)
        assert json.loads(dead.data)["number"] == 3
        assert "failed 5 times: UnavailableError" in (dead.headers or {})["Stategate-Reason"]


async def test_what_was_done_before_no_database_was_found_is_not_done_again(
    connection: Client, db: Database, subject: str, bus: Bus
) -> None:
    reader = Reader()
    await publish(connection, subject, *notes(8, n1="input", n2="stuck"))
    async with reading(connection, db, subject, reader):
        await reader.until(6)
        await bus.messages(f"dead.{subject}", 2)
    assert sorted(reader.numbers()) == [0, 3, 4, 5, 6, 7]


async def test_one_alone_waits_for_a_database_that_takes_nothing(
    connection: Client, db: Database, subject: str, bus: Bus
) -> None:
    """It may still answer, as one does that is read-only; what fails meanwhile is no try."""
    reader, away = Reader(), 4

    async def check() -> None:
        nonlocal away
        if away:
            away -= 1
            raise UnavailableError("away")

    await publish(connection, subject, *notes(1, n0="stuck"))
    async with reading(connection, db, subject, reader, check=check):
        await bus.messages(f"dead.{subject}", 1)
    assert not away
    assert reader.tries[0] == 4 + 5


async def test_while_some_are_in_work_others_are_handled_if_they_are_many_but_none_of_the_same_item(
    connection: Client, db: Database, subject: str
) -> None:
    class Held(Reader):
        async def handle(self, heard: Sequence[Heard[Note]]) -> None:
            if any(one.event.item == "held" for one in heard):
                self.began.set()
                await self.goes_on.wait()
            await super().handle(heard)

        began, goes_on = asyncio.Event(), asyncio.Event()

    reader = Held()
    async with reading(connection, db, subject, reader, most=4):
        await publish(connection, subject, Note(item="held", number=0))
        async with asyncio.timeout(PATIENCE):
            await reader.began.wait()
        # Few wait, for so they share a transaction with what comes until then.
        await publish(connection, subject, Note(item="held", number=1), *notes(4)[2:])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.until(1), 0.5)
        await publish(connection, subject, *notes(6)[4:])
        await reader.until(3)
        assert set(reader.numbers()) == {2, 3, 4}
        reader.goes_on.set()
        await reader.until(6)
    assert reader.is_ordered()


async def test_one_that_is_long_in_work_while_many_of_its_item_wait_is_not_broken_off(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was asked for has come, so the server has nothing to say meanwhile, and is there all the same."""
    reader, silences = Reader(), 0

    async def in_silence(pull: Pull[Any], most: int, seconds: float, least: int) -> list[Any]:
        nonlocal silences
        if not pull._asked:
            # As if nothing had been heard for longer than a server that is there is silent.
            pull._heard -= _SILENCE
            silences += 1
        return await there(pull, most, min(seconds, 0.1), least)

    there = replace_take(monkeypatch, subject, in_silence)
    reader.held.clear()
    async with reading(connection, db, subject, reader, most=4):
        await publish(connection, subject, *notes(60, items=1))
        # Were it broken off, it would look only once more each time it begins anew, which takes half a minute.
        async with asyncio.timeout(PATIENCE):
            while silences < 12:
                await asyncio.sleep(0.05)
        reader.held.set()
        await reader.until(60)
    assert reader.numbers() == list(range(60))


async def test_what_the_server_sends_again_while_one_before_it_is_tried_is_not_handled_again(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One acknowledgement stands for all up to the first that is not handled; others count as in work till then."""
    reader, durable, js = Reader(), subject.replace(".", "-"), connection.jetstream()
    set_ack_wait(monkeypatch, durable, 0.5)
    await publish(connection, subject, *notes(12, n3="always"))
    async with reading(connection, db, subject, reader):
        await reader.until(11)
        async with asyncio.timeout(PATIENCE):
            while (await js.consumer_info("AGENT_WORK", durable)).num_ack_pending:
                await asyncio.sleep(0.05)
        await publish(connection, subject, Note(item="i1", number=12))
        await reader.until(12)
    assert sorted(reader.numbers()) == [number for number in range(13) if number != 3]
    assert reader.is_ordered()


OwnStream = Callable[[RetentionPolicy], Awaitable[tuple[str, str]]]


@pytest.fixture
async def own_stream(connection: Client) -> AsyncIterator[OwnStream]:
    """Makes a stream of somebody else; its name, and its subject."""
    js, name = connection.jetstream(), uuid.uuid4().hex

    async def make(retention: RetentionPolicy) -> tuple[str, str]:
        await js.add_stream(name=name, subjects=[f"foreign.{name}"], retention=retention)
        return name, f"foreign.{name}"

    yield make
    await js.delete_stream(name)


async def test_a_stream_that_is_a_queue_is_emptied(connection: Client, db: Database, own_stream: OwnStream) -> None:
    """Such a stream wants each message acknowledged."""
    stream, subject = await own_stream(RetentionPolicy.WORK_QUEUE)
    reader, js = Reader(), connection.jetstream()
    await publish(connection, subject, *notes(20, n3="input"))
    async with reading(connection, db, subject, reader), asyncio.timeout(PATIENCE):
        while (await js.stream_info(stream)).state.messages:
            await asyncio.sleep(0.05)
    assert sorted(reader.numbers()) == [number for number in range(20) if number != 3]


async def test_where_the_consumer_stays_what_a_former_reader_had_in_hand_is_not_acknowledged_with_what_is_newer(
    connection: Client,
    db: Database,
    own_stream: OwnStream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, subject = await own_stream(RetentionPolicy.INTEREST)
    durable, js, lease = subject.replace(".", "-"), connection.jetstream(), Lease(db, subject)
    set_ack_wait(monkeypatch, durable, 2.0)
    await lease.take()
    await subscribe(Streams(connection), subject, durable, lease)
    await publish(connection, subject, *notes(20))
    former = await js.pull_subscribe_bind(durable, stream)
    await former.fetch(5, timeout=5)
    await former.unsubscribe()
    reader = Reader()
    async with reading(connection, db, subject, reader):
        await reader.until(20)
    assert sorted(set(reader.numbers())) == list(range(20))


async def test_where_the_consumer_stays_it_is_set_as_it_is_now(
    connection: Client, db: Database, own_stream: OwnStream
) -> None:
    stream, subject = await own_stream(RetentionPolicy.INTEREST)
    durable, js, lease = subject.replace(".", "-"), connection.jetstream(), Lease(db, subject)
    former = consumer_config(subject, durable, retention=RetentionPolicy.INTEREST)
    await js.add_consumer(stream, former, max_ack_pending=4000)
    await publish(connection, subject, *notes(3))
    await lease.take()
    await subscribe(Streams(connection), subject, durable, lease)
    info = await js.consumer_info(stream, durable)
    assert info.config.max_ack_pending == former.max_ack_pending
    assert info.num_pending == 3


async def test_what_somebody_else_took_is_not_left_out_nor_overtaken(
    connection: Client, db: Database, subject: str
) -> None:
    reader, durable = Reader(), subject.replace(".", "-")
    js = connection.jetstream()
    async with reading(connection, db, subject, reader, most=4):
        await publish(connection, subject, *notes(4))
        await reader.until(4)
        reader.held.clear()
        # Too many for what is asked for ahead, so that the thief gets some of them.
        await publish(connection, subject, *notes(60)[4:])
        thief = await js.pull_subscribe_bind(durable, "AGENT_WORK")
        with suppress(TimeoutError):
            assert await thief.fetch(7, timeout=5)
        reader.held.set()
        await reader.until(60)
        assert reader.is_ordered()
        assert set(reader.numbers()) == set(range(60))
        await thief.unsubscribe()


async def test_what_a_former_reader_had_in_hand_comes_first(connection: Client, db: Database, subject: str) -> None:
    durable = subject.replace(".", "-")
    js = connection.jetstream()
    lease = Lease(db, durable)
    await lease.take()
    await subscribe(Streams(connection), subject, durable, lease)
    await publish(connection, subject, *notes(30))
    former = await js.pull_subscribe_bind(durable, "AGENT_WORK")
    taken = await former.fetch(20, timeout=5)
    await taken[2].ack_sync()
    await former.unsubscribe()
    await lease.release()
    reader = Reader()
    async with reading(connection, db, subject, reader):
        await reader.until(27)
        assert reader.numbers()[0] == 3
        assert reader.is_ordered()
        assert set(reader.numbers()) == set(range(3, 30))


async def test_a_consumer_deleted_by_hand_begins_near_where_it_was(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.runner._SAVE", 0.1)
    monkeypatch.setattr("consumers.runner._IDLE", 0.2)
    reader, durable, js = Reader(), subject.replace(".", "-"), connection.jetstream()
    await publish(connection, subject, *notes(5, n1="always"))
    async with reading(connection, db, subject, reader):
        await reader.until(4)
        about = await js.stream_info("AGENT_WORK")
        async with asyncio.timeout(PATIENCE):
            while await handled_up_to(about, Lease(db, durable)) < about.state.last_seq:
                await asyncio.sleep(0.1)
        await js.delete_consumer("AGENT_WORK", durable)
        await publish(connection, subject, Note(item="i0", number=5))
        await reader.until(5)
        assert sorted(reader.numbers()) == [0, 2, 3, 4, 5]
        await publish(connection, subject, Note(item="i0", number=6))
        await reader.until(6)
    # What it knew at its end is kept as well.
    await js.delete_consumer("AGENT_WORK", durable)
    await publish(connection, subject, Note(item="i0", number=7))
    async with reading(connection, db, subject, reader):
        await reader.until(7)
    assert sorted(reader.numbers()) == [0, 2, 3, 4, 5, 6, 7]


async def test_what_waits_to_be_tried_again_is_not_kept_as_handled(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.runner._SAVE", 0.0)
    monkeypatch.setattr("consumers.runner._TRIES", 100)
    reader, durable, js = Reader(), subject.replace(".", "-"), connection.jetstream()
    await publish(connection, subject, *notes(9, n3="always"))
    async with reading(connection, db, subject, reader):
        await reader.until(6)
        await publish(connection, subject, Note(item="i1", number=10))
        await reader.until(7)
    about = await js.stream_info("AGENT_WORK")
    [third] = [await js.get_msg("AGENT_WORK", about.state.last_seq - 6)]
    assert json.loads(third.data or b"")["number"] == 3
    assert await handled_up_to(about, Lease(db, durable)) == about.state.last_seq - 7


async def test_the_doctor_makes_a_consumer_that_begins_where_it_was(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was handled long ago, such as that a story is ready, must not come again."""

    class Work(HeardEvent):
        pass

    Work.subject = subject
    durable, js = subject.replace(".", "-"), connection.jetstream()
    monkeypatch.setattr("consumers.doctor.DURABLES", {Work: durable})
    reader = Reader()
    await publish(connection, subject, *notes(5))
    async with reading(connection, db, subject, reader):
        await reader.until(5)
    await js.delete_consumer("AGENT_WORK", durable)
    await repair(Streams(connection), db)
    info = await js.consumer_info("AGENT_WORK", durable)
    assert info.num_pending == 0
    await publish(connection, subject, Note(item="i0", number=5))
    async with reading(connection, db, subject, reader):
        await reader.until(6)
    assert reader.numbers() == list(range(6))


async def test_what_a_frozen_reader_has_asked_for_is_not_sent_to_it(
    connection: Client, db: Database, subject: str
) -> None:
    """It had nothing in hand; its request would still take the next message, for two minutes."""
    durable, streams, js = subject.replace(".", "-"), Streams(connection), connection.jetstream()
    lease = Lease(db, durable)
    await lease.take()
    place = await subscribe(streams, subject, durable, lease)
    async with Pull(connection, place.stream, durable, place.delivered, 10, as_it_is) as frozen:
        await _expire(db, durable)
        reader = Reader()
        async with reading(connection, db, subject, reader):
            # Its wish to go on is of no use either, once the consumer is made anew.
            with pytest.raises(GoneError):
                await frozen.take(1, PATIENCE)
            async with asyncio.timeout(PATIENCE):
                while True:
                    # Between the former one and the new one there is none.
                    with suppress(NotFoundError):
                        if (await js.consumer_info(place.stream, durable)).num_waiting:
                            break
                    await asyncio.sleep(0.1)
            await publish(connection, subject, *notes(3))
            async with asyncio.timeout(30):
                await reader.until(3)


async def test_of_two_runners_one_reads_and_the_other_takes_over_when_it_stops(
    connection: Client, db: Database, subject: str
) -> None:
    first, second = Reader(), Reader()
    async with AsyncExitStack() as former:
        await former.enter_async_context(reading(connection, db, subject, first))
        await publish(connection, subject, *notes(5))
        await first.until(5)
        async with reading(connection, db, subject, second):
            await publish(connection, subject, *notes(10)[5:])
            await first.until(10)
            assert not second.seen
            await former.aclose()
            await publish(connection, subject, *notes(20)[10:])
            await second.until(10)
            assert {*first.numbers(), *second.numbers()} == set(range(20))
            assert second.is_ordered()


async def test_who_was_overtaken_for_a_while_begins_anew(connection: Client, db: Database, subject: str) -> None:
    reader, durable = Reader(), subject.replace(".", "-")
    other = Lease(db, durable)
    async with reading(connection, db, subject, reader):
        await publish(connection, subject, *notes(3))
        await reader.until(3)
        while not await other.take():
            await _expire(db, durable)
        reader.held.clear()
        await publish(connection, subject, *notes(6)[3:])
        await other.keep()
        reader.held.set()
        await other.release()
        await reader.until(6)
    assert reader.is_ordered()
    assert set(reader.numbers()) == set(range(6))


async def test_who_loses_the_lease_over_many_messages_tries_fewer(
    connection: Client, db: Database, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Reader):
        async def handle(self, heard: Sequence[Heard[Note]]) -> None:
            if len(heard) > 4:
                raise LeaseLostError("so many take longer than the lease")
            await super().handle(heard)

    reader = Slow()
    begin_with(monkeypatch, subject, 12)
    await publish(connection, subject, *notes(12))
    async with reading(connection, db, subject, reader):
        await reader.until(12)
    assert reader.is_ordered()
    assert set(reader.numbers()) == set(range(12))


async def _expire(db: Database, name: str) -> None:
    """As when the holder was silent for too long."""
    text = "MATCH (l:Lease {name: $name}) SET l.until = l.until - duration({minutes: 1})"
    async with db.driver.session() as session:
        await (await session.run(text, name=name)).consume()
