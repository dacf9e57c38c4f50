"""Many messages of a stream as one batch: in order, and what the stream does not take ends it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import DiscardPolicy, StreamConfig
from nats.js.errors import ServerError

from consumers.chains import Chains, Letter
from consumers.ingest import Ingest
from consumers.streams import STREAMS, Streams


@pytest_asyncio.fixture
async def ingest(streams: Streams) -> AsyncIterator[Ingest]:
    async with Ingest(streams) as opened:
        yield opened


class Stream:
    """One of the test's own, of the subjects `<name>.>`."""

    def __init__(self, connection: Client, name: str) -> None:
        self.name = name
        self.js = connection.jetstream()

    async def make(self, **settings: object) -> None:
        config = {"name": self.name, "subjects": [f"{self.name}.>"], "allow_batched": True} | settings
        await self.js.add_stream(StreamConfig(**config))  # type: ignore[arg-type]

    async def bodies(self) -> list[str]:
        last = (await self.js.stream_info(self.name)).state.last_seq
        return [(await self.js.get_msg(self.name, number)).data.decode() for number in range(1, last + 1)]  # type: ignore[union-attr]

    def letter(self, chain: str, number: int, subject: str = "said", size: int = 0) -> Letter:
        name = f"{chain}{number}"
        return Letter(name, chain, f"{self.name}.{subject}", name.encode().ljust(size), {"Nats-Msg-Id": name})

    def letters(self, count: int, start: int = 0, chain: str = "a") -> list[Letter]:
        return [self.letter(chain, number) for number in range(start, start + count)]


@pytest_asyncio.fixture
async def stream(connection: Client) -> AsyncIterator[Stream]:
    own = Stream(connection, f"test-{uuid.uuid4().hex}")
    yield own
    await own.js.delete_stream(own.name)


async def test_our_streams_take_batches(streams: Streams) -> None:
    for name, subject in STREAMS.items():
        assert await streams.batching(subject.replace(">", "any")) == name


async def test_all_are_stored_in_their_order(ingest: Ingest, stream: Stream) -> None:
    await stream.make()
    letters = [stream.letter("abc"[number % 3], number) for number in range(1200)]
    assert await ingest.publish(letters) == letters
    assert await stream.bodies() == [letter.id for letter in letters]


async def test_what_the_stream_has_already_counts_as_stored(ingest: Ingest, stream: Stream) -> None:
    await stream.make()
    some, more = stream.letters(5), stream.letters(9)
    assert await ingest.publish(some) == some
    assert await ingest.publish(more) == more
    assert await ingest.publish(more) == more
    assert await ingest.publish([*some, stream.letter("a", 9), *more]) == [*some, stream.letter("a", 9), *more]
    assert await stream.bodies() == [f"a{number}" for number in range(10)]


async def test_large_ones_are_several_batches(ingest: Ingest, stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumers.ingest._BYTES", 1000)
    await stream.make()
    letters = [stream.letter("a", number, size=size) for number, size in enumerate([600, 600, 300, 1500, 10, 10, 10])]
    assert await ingest.publish(letters) == letters
    assert [body.strip() for body in await stream.bodies()] == [letter.id for letter in letters]


async def test_none_is_stored_behind_one_that_is_too_large_for_the_stream(ingest: Ingest, stream: Stream) -> None:
    await stream.make(max_msg_size=400)
    letters = [*stream.letters(3), stream.letter("a", 3, size=500), *stream.letters(200, start=4)]
    assert len(await ingest.publish(letters)) <= 3
    assert await stream.bodies() == ["a0", "a1", "a2"]


async def test_a_full_stream_stores_the_first_and_none_out_of_order(
    ingest: Ingest, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.ingest._REMEMBER", 0)
    await stream.make(max_msgs=7, discard=DiscardPolicy.NEW)
    letters = stream.letters(300)
    assert len(await ingest.publish(letters)) <= 7
    assert await stream.bodies() == [f"a{number}" for number in range(7)]
    assert await ingest.publish(letters[7:]) == []


async def test_none_is_stored_behind_one_whose_subject_the_stream_has_given_up(
    ingest: Ingest, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, told = f"{stream.name}.said", f"{stream.name}.told"
    await stream.make(subjects=[said, told])
    letters = [stream.letter("a", 0), stream.letter("a", 1, "told"), stream.letter("a", 2)]
    assert await ingest.publish(letters) == letters
    config = (await stream.js.stream_info(stream.name)).config
    config.subjects = [said]
    await stream.js.update_stream(config)
    more = [stream.letter("a", 3), stream.letter("a", 4, "told"), *stream.letters(200, start=5)]
    assert len(await ingest.publish(more)) <= 1
    assert await stream.bodies() == ["a0", "a1", "a2", "a3"]
    # For a while each goes alone, then it is asked anew where they are kept: "told" nowhere.
    assert await ingest.publish(stream.letters(2, start=300)) == []
    monkeypatch.setattr("consumers.ingest._REMEMBER", 0)
    assert await ingest.publish(more[1:]) == []
    assert await ingest.publish(stream.letters(2, start=300)) == stream.letters(2, start=300)


async def test_only_whole_chains_of_streams_that_allow_it(ingest: Ingest, stream: Stream, connection: Client) -> None:
    plain = Stream(connection, f"plain-{uuid.uuid4().hex}")
    await stream.make()
    await plain.make(allow_batched=None)
    try:
        mixed = [stream.letter("mixed", 0), plain.letter("mixed", 1), stream.letter("mixed", 2)]
        strange = [stream.letter("strange", 0), Letter("bad", "strange", "no subject", b"", {})]
        astray = [Letter("astray", "astray", f"{uuid.uuid4().hex}.nowhere", b"", {}), stream.letter("astray", 1)]
        large = [stream.letter("large", 0, size=connection.max_payload), stream.letter("large", 1)]
        good = stream.letters(3)
        letters = [*plain.letters(3, chain="plain"), *mixed, *strange, *astray, *large, *good]
        assert await ingest.publish(letters) == good
        assert await stream.bodies() == ["a0", "a1", "a2"]
        assert await plain.bodies() == []
    finally:
        await plain.js.delete_stream(plain.name)


async def test_one_that_nobody_answers_for_holds_up_no_other(
    ingest: Ingest, stream: Stream, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = streams.batching

    async def asked(subject: str) -> str | None:
        if subject.endswith("offline"):
            raise ServerError(code=500, err_code=10118, description="stream is offline")
        return await ask(subject)

    await stream.make()
    monkeypatch.setattr(streams, "batching", asked)
    letters = stream.letters(3)
    assert await ingest.publish([stream.letter("b", 0, "offline"), *letters]) == letters


async def test_what_is_not_confirmed_in_time_is_left_and_may_be_published_again(
    ingest: Ingest, stream: Stream, connection: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stream.make()
    await ingest.publish(stream.letters(2))
    monkeypatch.setattr("consumers.ingest._PATIENCE", 0.3)
    await ingest._subscription.unsubscribe()
    letters = stream.letters(10)
    assert await ingest.publish(letters) == []
    async with Chains(connection) as chains:
        assert (await chains.publish(letters)).confirmed == letters
    assert await stream.bodies() == [f"a{number}" for number in range(10)]


@pytest.mark.parametrize("noise", [b"", b"no", b"[]", b'{"type":"ack","seq":9}', b'{"batch":"other","count":9}'])
async def test_who_else_listens_and_answers_confirms_nothing(
    ingest: Ingest, stream: Stream, connection: Client, noise: bytes
) -> None:
    async def answer(message: Msg) -> None:
        await connection.publish(message.reply, noise)

    await stream.make(max_msgs=1, discard=DiscardPolicy.NEW)
    listening = await connection.subscribe(f"{stream.name}.>", cb=answer)
    letters = stream.letters(4)
    stored = await ingest.publish(letters)
    await listening.unsubscribe()
    assert len(stored) <= 1
    assert await stream.bodies() == ["a0"]


async def test_nothing_is_stored_of_what_is_not_to_be_sent_any_more(streams: Streams, stream: Stream) -> None:
    await stream.make()
    asked = iter([*[True] * 5, *[False] * 20])
    async with Ingest(streams, lambda: next(asked)) as ingest:
        await ingest.publish(stream.letters(20))
    # Nobody waited for an answer, so the stream may be about to store what it was sent.
    async with asyncio.timeout(10):
        while len(await stream.bodies()) < 5:
            await asyncio.sleep(0.01)
    assert await stream.bodies() == [f"a{number}" for number in range(5)]
