"""What the bus tells of items is heard by who listens, and only while somebody does."""

from __future__ import annotations

import asyncio
import uuid

from nats.aio.client import Client

from consumers.news import Hearing
from graph.news import Listener, Moved, News
from graph.published import StateChangedTold
from tests.doors.bus import PATIENCE


async def tell(connection: Client, item: str) -> None:
    body = f'{{"task_id": "{item}", "story_id": "S", "version": 3}}'
    await connection.publish(StateChangedTold.subject, body.encode())


async def heard(listener: Listener, item: str) -> Moved:
    """What is told of an item; there may be late news of others before it."""
    async with asyncio.timeout(PATIENCE):
        while item not in (news := await listener.wait(PATIENCE)):
            pass
    return news[item]


async def test_everything_is_told_from_the_beginning_on(connection: Client) -> None:
    news = News()
    async with news.told_by(Hearing(connection, news)):
        for _ in range(20):
            item = f"T-{uuid.uuid4().hex}"
            async with news.listening() as listener:
                await tell(connection, item)
                await heard(listener, item)
        assert not news.listened


async def test_who_leaves_at_once_leaves_the_others_their_ears(connection: Client) -> None:
    news, item = News(), f"T-{uuid.uuid4().hex}"

    async def follow() -> None:
        async with news.listening():
            await asyncio.Event().wait()

    hearing = Hearing(connection, news)
    async with news.told_by(hearing):
        for wait in (0, 0, 0.0001, 0.0002, 0.0005, 0.001, 0.01):
            follower = asyncio.create_task(follow())
            await asyncio.sleep(wait)
            follower.cancel()
            await asyncio.wait({follower})
            assert not hearing.listens
        async with news.listening() as listener:
            assert hearing.listens
            await tell(connection, item)
            assert await heard(listener, item) == Moved("S", 3)
    await connection.jetstream().account_info()


async def test_what_nobody_can_be_asked_for_is_told_to_nobody(connection: Client) -> None:
    """Anybody may say it on the bus, and whoever watches everything would be broken off by it."""
    news, item = News(), f"T-{uuid.uuid4().hex}"
    odd = [
        b"[" * 9_000,
        b"5",
        b'{"task_id": "odd", "version": 1%s}' % (b"0" * 30),
        b'{"task_id": "\\ud800", "version": 1}',
    ]
    odd += [b'{"task_id": "odd", "story_id": "\\ud800", "version": 1}', b'{"story_id": 7, "version": 1}']
    async with news.told_by(Hearing(connection, news)), news.listening() as listener:
        for body in odd:
            await connection.publish(StateChangedTold.subject, body)
        await tell(connection, item)
        heard: set[str] = set()
        async with asyncio.timeout(PATIENCE):
            while item not in heard:
                heard |= (await listener.wait(PATIENCE)).keys()
    assert not {"odd", "\ud800"} & heard


async def test_who_listens_before_there_is_a_source_is_told_as_well(connection: Client) -> None:
    news, item = News(), f"T-{uuid.uuid4().hex}"
    async with news.listening() as listener, news.told_by(Hearing(connection, news)):
        await tell(connection, item)
        await heard(listener, item)
