"""Streams: made when missing, and a foreign one that covers a subject is used as it is."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig
from nats.js.errors import BadRequestError

from consumers.bus import connected, subscribe
from consumers.doctor import examine
from consumers.publisher import Publisher
from consumers.pull import Pull, as_it_is
from consumers.service import running
from consumers.streams import STREAMS, Streams
from graph.database import Database
from graph.engine import Engine
from graph.errors import UnavailableError
from graph.lease import Lease
from stategate.servers.launch import Launcher
from stategate.servers.nats import Nats
from stategate.servers.ports import Ports
from tests.doors.bus import PATIENCE
from tests.graph.world import unique


async def test_our_streams_are_there(connection: Client) -> None:
    js = connection.jetstream()
    for name, subject in STREAMS.items():
        assert (await js.stream_info(name)).config.subjects == [subject]


async def test_a_foreign_stream_is_used_as_it_is(tmp_path: Path, db: Database) -> None:
    folder = tmp_path
    launcher = Launcher(folder, Ports(folder, prefer_known=False))
    server = Nats(folder)
    try:
        url = server.url(await launcher.launch(server))
        async with connected(url, "tests") as client:
            js = client.jetstream()
            await js.add_stream(StreamConfig(name="THEIRS", subjects=["agent.work.completed", "planning.story.>"]))
            streams = Streams(client)
            await streams.ensure()
            await streams.ensure()
            assert await streams.of("agent.work.completed") == "THEIRS"
            assert await streams.of("planning.story.transitioned") == "THEIRS"
            assert await streams.of("planning.decision.approved") == "PLANNING"
            assert await streams.of("workflow.state.changed") == "WORKFLOW"
            # A subject that an older version of us did not have, or that they gave up, finds its way into ours.
            ours = (await js.stream_info("PLANNING")).config
            kept = [subject for subject in ours.subjects or [] if subject != "planning.item.changed"]
            await js.update_stream(replace(ours, subjects=kept))
            await js.update_stream(StreamConfig(name="THEIRS", subjects=["agent.work.completed"]))
            assert await streams.of("planning.story.transitioned") is None
            await streams.ensure()
            for subject in ("planning.item.changed", "planning.story.transitioned", "planning.decision.approved"):
                assert await streams.of(subject) == "PLANNING"
            assert await streams.lean() == {}
            lease = Lease(db, f"ours-{uuid.uuid4().hex}")
            assert await lease.take()
            ready = await subscribe(streams, "agent.work.completed", "ours", lease)
            async with Pull(client, ready.stream, "ours", ready.delivered, 10, as_it_is) as pull:
                await js.publish("agent.work.completed", b"work")
                [message] = await pull.take(10, 5)
            assert message.data == b"work"
    finally:
        await launcher.stop()


async def test_one_that_confirms_nothing_is_named_by_the_doctor(tmp_path: Path) -> None:
    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    server = Nats(tmp_path)
    try:
        async with connected(server.url(await launcher.launch(server)), "tests") as client:
            await client.jetstream().add_stream(StreamConfig(name="AUDIT", subjects=["workflow.>"], no_ack=True))
            streams = Streams(client)
            await streams.ensure()
            [kept, _] = await examine(streams)
            assert [offender.name for offender in kept.offenders] == ["AUDIT"]
    finally:
        await launcher.stop()


async def test_one_that_cannot_be_made_keeps_no_other_from_being_made(
    tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Streams._make

    async def make(streams: Streams, name: str, subjects: list[str]) -> None:
        if name == "PLANNING":
            raise BadRequestError(description="no room for it")
        await there(streams, name, subjects)

    monkeypatch.setattr(Streams, "_make", make)
    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    server = Nats(tmp_path)
    try:
        async with connected(server.url(await launcher.launch(server)), "tests") as client:
            streams = Streams(client)
            with pytest.raises(BadRequestError):
                await streams.ensure()
            assert {one for one in STREAMS if await streams.of(STREAMS[one])} == STREAMS.keys() - {"PLANNING"}
            # Who publishes gives up what no stream will keep, not what is to have one as soon as it can be made.
            publisher = Publisher(streams, db, Lease(db, unique("outbox")))
            assert (await publisher._without_stream({"planning.any", "team.any"})).keys() == {"team.any"}
    finally:
        await launcher.stop()


async def test_streams_that_cannot_be_made_are_told_in_words(
    engine: Engine, connection: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def make(*_: object) -> None:
        raise BadRequestError(description="no room for it")

    monkeypatch.setattr(Streams, "ensure", make)
    with pytest.raises(UnavailableError, match=r"cannot keep our streams now: .*no room for it"):
        async with running(engine, connection, trust_declared_role=False, keep_answers_days=1):
            pass


async def test_a_stream_that_keeps_what_somebody_waits_for_loses_nothing(tmp_path: Path, db: Database) -> None:
    """The next reader must not take the consumer away, and the messages with it."""
    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    server = Nats(tmp_path)
    try:
        async with connected(server.url(await launcher.launch(server)), "tests") as client:
            js = client.jetstream()
            await js.add_stream(StreamConfig("THEIRS", subjects=["theirs"], retention=RetentionPolicy.INTEREST))
            for number in range(3):
                lease = Lease(db, f"theirs-{uuid.uuid4().hex}")
                assert await lease.take()
                ready = await subscribe(Streams(client), "theirs", "ours", lease)
                await js.publish("theirs", str(number).encode())
            async with Pull(client, ready.stream, "ours", ready.delivered, 10, as_it_is) as pull:
                taken = list[bytes]()
                async with asyncio.timeout(PATIENCE):
                    while len(taken) < 3:
                        taken += [message.data for message in await pull.take(10, 5)]
            assert taken == [b"0", b"1", b"2"]
    finally:
        await launcher.stop()


async def test_who_loses_the_connection_for_good_is_broken_off(tmp_path: Path) -> None:
    """The client gives up over whatever a server says of a connection; nothing it was used for goes on then."""
    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    server = Nats(tmp_path)
    try:
        url = server.url(await launcher.launch(server))

        async def use() -> None:
            async with asyncio.timeout(PATIENCE), connected(url, "tests") as client:
                await client._process_err("'Maximum Payload Violation'")
                await asyncio.Event().wait()

        with pytest.raises(UnavailableError, match="for good"):
            await use()
        async with connected(url, "tests") as client:
            assert client.is_connected
    finally:
        await launcher.stop()


async def test_one_larger_than_a_request_may_be_is_taken(tmp_path: Path) -> None:
    """Where a server takes messages so large, a request for less would be over at once, for ever."""

    class Roomy(Nats):
        def command(self, ports: Mapping[str, int]) -> Sequence[str]:
            command, config = super().command(ports), tmp_path / "nats" / "nats.conf"
            config.write_text(json.dumps(json.loads(config.read_text()) | {"max_payload": 24 * 2**20}))
            return command

    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    server, body = Roomy(tmp_path), b"x" * (20 * 2**20)
    try:
        async with connected(server.url(await launcher.launch(server)), "tests") as client:
            js = client.jetstream()
            await js.add_stream(StreamConfig(name="LARGE", subjects=["large"]))
            await js.publish("large", body, timeout=PATIENCE)
            await js.add_consumer("LARGE", ConsumerConfig(durable_name="ours", ack_policy=AckPolicy.EXPLICIT))
            async with Pull(client, "LARGE", "ours", 0, 500, as_it_is) as pull:
                [message] = await pull.take(1, PATIENCE)
            assert len(message.data) == len(body)
    finally:
        await launcher.stop()


async def test_of_large_messages_few_are_held(tmp_path: Path) -> None:
    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    server, size, count = Nats(tmp_path), 700_000, 60
    try:
        async with connected(server.url(await launcher.launch(server)), "tests") as client:
            js = client.jetstream()
            await js.add_stream(StreamConfig(name="LARGE", subjects=["large"]))
            for number in range(count):
                await js.publish("large", b"%03d" % number + b"x" * size)
            await js.add_consumer("LARGE", ConsumerConfig(durable_name="ours", ack_policy=AckPolicy.EXPLICIT))
            async with Pull(client, "LARGE", "ours", 0, 500, as_it_is) as pull:
                taken, most = list[bytes](), 0
                async with asyncio.timeout(PATIENCE):
                    while len(taken) < count:
                        await asyncio.sleep(0.1)  # time in which all could come
                        most = max(most, sum(length for _, length in pull._waiting))
                        taken += [message.data[:3] for message in await pull.take(7, 5)]
            assert taken == [b"%03d" % number for number in range(count)]
            assert size < most < 30_000_000 < count * size
    finally:
        await launcher.stop()
