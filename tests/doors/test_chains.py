"""Publishing many at once: in order within a chain, whatever fails, and what fails costs only its own chain."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from nats.aio.client import Client

from consumers.chains import Chains, Letter
from tests.doors.bus import Bus


@pytest_asyncio.fixture
async def chains(connection: Client) -> AsyncIterator[Chains]:
    async with Chains(connection) as opened:
        yield opened


@pytest.fixture
def subject() -> str:
    return f"workflow.test.{uuid.uuid4().hex}"


def letter(chain: str, number: int, subject: str, data: bytes | None = None) -> Letter:
    name = f"{subject}/{chain}/{number}"
    return Letter(name, chain, subject, name.encode() if data is None else data, {"Nats-Msg-Id": name})


async def test_each_chain_is_stored_in_its_order(chains: Chains, subject: str, bus: Bus) -> None:
    letters = [letter(f"c{number % 7}", number, subject) for number in range(200)]
    sent = await chains.publish(letters)
    assert {one.id for one in sent.confirmed} == {one.id for one in letters}
    assert not sent.failed
    heard = [message.data.decode() for message in await bus.messages(subject, 200)]
    for chain in range(7):
        own = [one for one in heard if f"/c{chain}/" in one]
        assert own == [one.id for one in letters if one.chain == f"c{chain}"]


async def test_what_the_stream_has_already_counts_as_published(chains: Chains, subject: str, bus: Bus) -> None:
    letters = [letter("c", number, subject) for number in range(3)]
    await chains.publish(letters)
    again = await chains.publish([*letters, letter("c", 3, subject)])
    assert [one.id for one in again.confirmed] == [f"{subject}/c/{number}" for number in range(4)]
    await bus.messages(subject, 4)
    assert bus.count(subject) == 4


async def test_one_that_no_stream_keeps_ends_its_chain_alone(chains: Chains, subject: str) -> None:
    lost = Letter("lost", "a", f"nowhere.{uuid.uuid4().hex}", b"x", {})
    sent = await chains.publish(
        [letter("a", 1, subject), lost, letter("a", 2, subject), letter("b", 1, subject), letter("b", 2, subject)]
    )
    assert [one.id for one in sent.homeless] == ["lost"]
    assert {one.id for one in sent.confirmed} == {f"{subject}/a/1", f"{subject}/b/1", f"{subject}/b/2"}


async def test_one_that_is_too_large_ends_its_chain_alone(chains: Chains, subject: str, connection: Client) -> None:
    large = letter("a", 0, subject, b"x" * (connection.max_payload + 1))
    sent = await chains.publish([large, letter("a", 1, subject), letter("b", 1, subject)])
    assert [one.id for one in sent.too_large] == [large.id]
    assert [one.id for one in sent.confirmed] == [f"{subject}/b/1"]


async def test_nothing_is_published_at_once(chains: Chains) -> None:
    assert (await chains.publish([])).confirmed == []


@pytest.mark.parametrize("subject", ["", "a b", "a..b"])
async def test_one_that_names_no_subject_ends_its_chain_alone(chains: Chains, subject: str) -> None:
    good = f"workflow.test.{uuid.uuid4().hex}"
    sent = await chains.publish([letter("a", 1, subject), letter("a", 2, good), letter("b", 1, good)])
    assert [one.id for one in sent.homeless] == [f"{subject}/a/1"]
    assert [one.id for one in sent.confirmed] == [f"{good}/b/1"]


async def test_what_is_not_to_be_sent_any_more_has_failed(connection: Client, subject: str, bus: Bus) -> None:
    asked = iter([True, True, *[False] * 20])
    async with Chains(connection, lambda: next(asked)) as chains:
        sent = await chains.publish([letter(f"c{number % 2}", number, subject) for number in range(8)])
    assert len(sent.confirmed) == 2
    assert {one.chain for one, _ in sent.failed} == {"c0", "c1"}
    await bus.messages(subject, 2)
    assert bus.count(subject) == 2


async def test_one_whose_id_alone_is_too_large_ends_its_chain_alone(chains: Chains, subject: str) -> None:
    large = letter("a", 1, subject)
    name = "x" * 400_000
    large = large._replace(id=name, headers={"Nats-Msg-Id": name, "ce-id": name, "traceparent": name})
    sent = await chains.publish([large, letter("b", 1, subject)])
    assert [one.chain for one in sent.too_large] == ["a"]
    assert [one.chain for one in sent.confirmed] == ["b"]
