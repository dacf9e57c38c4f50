"""Streams: made when missing, and a foreign one that covers a subject is used as it is."""

from __future__ import annotations

from pathlib import Path

from nats.aio.client import Client
from nats.js.api import StreamConfig

from consumers.bus import STREAMS, connected, ensure_streams, stream_of, subscribe
from consumers.pull import Pull
from graph.database import Database
from graph.lease import Lease
from stategate.servers.launch import Launcher
from stategate.servers.nats import Nats
from stategate.servers.ports import Ports


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
            await ensure_streams(js)
            await ensure_streams(js)
            assert await stream_of(js, "agent.work.completed") == "THEIRS"
            assert await stream_of(js, "planning.story.transitioned") == "THEIRS"
            assert await stream_of(js, "planning.decision.approved") == "PLANNING"
            assert await stream_of(js, "workflow.state.changed") == "WORKFLOW"
            lease = Lease(db, "ours")
            assert await lease.take()
            ready = await subscribe(js, "agent.work.completed", "ours", lease)
            async with Pull(client, ready.stream, "ours", ready.delivered, 10) as pull:
                await js.publish("agent.work.completed", b"work")
                [message] = await pull.take(10, 5)
            assert message.data == b"work"
    finally:
        await launcher.stop()
