"""The outbox: what no stream keeps is not lost, and nothing is told twice."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import DiscardPolicy, StreamConfig

from graph.database import Database
from graph.decision import Command
from graph.engine import Engine
from graph.errors import UnavailableError
from graph.outbox import Outbox, WaitingEvent
from tests.doors.bus import PATIENCE, Bus, no_room_for_dead_letters
from tests.graph.world import NO_TIMES, cypher

RULES = """
workflow: {name}
states: {{a: {{kind: initial}}, b: {{kind: final}}}}
transitions: [{{from: a, action: GO, to: b, roles: ["*"], emits: {subject}}}]
"""


async def _workflow(engine: Engine, subject: str) -> str:
    """The name of a workflow whose action GO emits an event on the subject, and of somebody who may fire it."""
    name = f"odd-{uuid.uuid4().hex[:8]}"
    draft = await engine.rules.import_draft(RULES.format(name=name, subject=subject.format(name=name)))
    await engine.rules.publish(name, draft.confirm or "")
    await engine.people.create(name, "human")
    return name


async def _left(db: Database, mark: str) -> int:
    """How many events of an item there are."""
    [found] = await cypher(db, "MATCH (e:OutboxEvent {item_id: $mark}) RETURN count(e) AS count", mark=mark)
    return int(found["count"])


async def _go(engine: Engine, story: str, name: str) -> str:
    """A task that went, so that its events are on their way: a hop, then what the rule emits."""
    task = f"T-{uuid.uuid4().hex[:8]}"
    await engine.items.create_task(story, "Odd", workflow=name, id=task)
    [decision] = await engine.gate.decide([Command(task, "GO", name)])
    assert decision.outcome == "APPLIED"
    return task


async def test_an_event_that_no_stream_keeps_becomes_a_dead_letter(bus: Bus, engine: Engine, story: str) -> None:
    name = await _workflow(engine, "elsewhere.{name}")
    task = await _go(engine, story, name)
    [dead] = await bus.messages(f"dead.elsewhere.{name}")
    assert "no stream keeps" in (dead.headers or {})["Stategate-Reason"]
    # What comes after it is not held up.
    assert (await bus.hear("workflow.state.changed", task_id=task))["to_state"] == "b"


@pytest.mark.parametrize("answers", [False, True])
async def test_one_that_only_a_listener_hears_becomes_a_dead_letter(
    bus: Bus, engine: Engine, story: str, connection: Client, answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody listens, the server does not say that nobody keeps it; what he answers is no confirmation."""
    name = await _workflow(engine, "team.{name}")
    heard: list[Msg] = []

    async def hear(message: Msg) -> None:
        heard.append(message)
        if answers:
            await message.respond(b'{"thanks": true}')

    listening = await connection.subscribe(f"team.{name}", cb=hear)
    tasks = [await _go(engine, story, name) for _ in range(2)]
    [first] = await bus.messages(f"dead.team.{name}", 1, task_id=tasks[0])
    assert "no stream keeps" in (first.headers or {})["Stategate-Reason"]
    await bus.messages(f"dead.team.{name}", 1, task_id=tasks[1])
    # Once this is known, nobody waits for it any more, however long that would be.
    monkeypatch.setattr("consumers.chains._PATIENCE", PATIENCE)
    count, began = len(heard), monotonic()
    last = await _go(engine, story, name)
    await bus.messages(f"dead.team.{name}", 1, task_id=last)
    assert monotonic() - began < PATIENCE / 2
    assert len(heard) == count
    await listening.unsubscribe()


async def test_one_larger_than_its_stream_takes_becomes_a_dead_letter(
    bus: Bus, engine: Engine, story: str, connection: Client
) -> None:
    name = await _workflow(engine, "team.{name}")
    config = StreamConfig(name=name, subjects=[f"team.{name}"], max_msg_size=20)
    await connection.jetstream().add_stream(config)
    task = await _go(engine, story, name)
    [dead] = await bus.messages(f"dead.team.{name}", 1)
    assert "takes no message of" in (dead.headers or {})["Stategate-Reason"]
    assert json.loads(dead.data)["task_id"] == task
    await connection.jetstream().delete_stream(name)


async def test_events_of_a_full_stream_stop_no_others(
    bus: Bus, engine: Engine, story: str, connection: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them wait than are taken at once; they come when there is room, those of an item in their order."""
    monkeypatch.setattr("consumers.publisher._BATCH", 4)
    name, js = await _workflow(engine, "team.{name}"), connection.jetstream()
    config = StreamConfig(name=name, subjects=[f"team.{name}"], max_msgs=1, discard=DiscardPolicy.NEW)
    await js.add_stream(config)
    await js.publish(f"team.{name}", b"full")
    tasks = [await _go(engine, story, name) for _ in range(9)]
    for task in tasks:
        await bus.hear("workflow.state.changed", task_id=task)
    await engine.items.create_story("Behind them", workflow="story", id=f"US-{name}")
    await bus.hear("planning.story.created", story_id=f"US-{name}")
    await js.update_stream(replace(config, max_msgs=100))
    async with asyncio.timeout(PATIENCE):
        while (await js.stream_info(name)).state.messages < 1 + len(tasks):
            await asyncio.sleep(0.1)
    assert not bus.heard(f"dead.team.{name}")
    await js.delete_stream(name)


async def test_while_no_dead_letter_fits_only_the_hopeless_wait(
    bus: Bus, engine: Engine, db: Database, story: str, connection: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.publisher._BATCH", 4)
    name = await _workflow(engine, "elsewhere.{name}")
    async with no_room_for_dead_letters(connection.jetstream()):
        tasks = [await _go(engine, story, name) for _ in range(6)]
        for task in tasks:
            await bus.hear("workflow.state.changed", task_id=task)
        async with asyncio.timeout(PATIENCE):
            # What the bus has is forgotten as ever.
            while [await _left(db, task) for task in tasks] != [1] * len(tasks):
                await asyncio.sleep(0.1)
    told = {json.loads(dead.data)["task_id"] for dead in await bus.messages(f"dead.elsewhere.{name}", len(tasks))}
    assert told == set(tasks)


async def test_events_made_by_hand_that_lack_something_stop_no_others(
    bus: Bus, engine: Engine, db: Database, story: str
) -> None:
    mark, name = uuid.uuid4().hex, await _workflow(engine, "workflow.test.odd")
    made = "CREATE (e:OutboxEvent {outbox_at: datetime('2000-01-01T00:00Z'), item_id: $mark, mark: $mark})"
    await cypher(db, made, mark=mark)
    try:
        await cypher(db, f"{made} SET e.outbox_id = randomUUID()", mark=mark)
        odd = [f"e.outbox_id = randomUUID(), e.outbox_at = {time}" for time in NO_TIMES]
        odd += ["e.outbox_id = 5", "e.outbox_id = ['a']"]
        for edit in odd:
            await cypher(db, f"{made} SET {edit}", mark=mark)
        task = await _go(engine, story, name)
        await bus.hear("workflow.state.changed", task_id=task)
        [dead] = await bus.messages("dead.outbox", mark=mark)
        assert "is no subject" in (dead.headers or {})["Stategate-Reason"]
        # What is a dead letter is forgotten a little later; what cannot be published at all stays for a person.
        async with asyncio.timeout(PATIENCE):
            while await _left(db, mark) > 1 + len(odd):
                await asyncio.sleep(0.1)
        assert await _left(db, mark) == 1 + len(odd)
    finally:
        await cypher(db, "MATCH (e:OutboxEvent {item_id: $mark}) DELETE e", mark=mark)


async def _why_dead(bus: Bus, db: Database, mark: str, subject: str) -> str:
    """Why an event of this subject became a dead letter."""
    made = (
        "CREATE (:OutboxEvent {outbox_id: $mark, outbox_at: datetime('2000-01-01T00:00Z'), item_id: $mark, "
        "mark: $mark, subject: $subject})"
    )
    await cypher(db, made, mark=mark, subject=subject)
    [dead] = await bus.messages("dead.outbox", mark=mark)
    return (dead.headers or {})["Stategate-Reason"]


async def test_a_subject_over_which_the_server_would_end_the_connection_becomes_a_dead_letter(
    bus: Bus, db: Database
) -> None:
    assert "is no subject" in await _why_dead(bus, db, uuid.uuid4().hex, "workflow" + ".test" * 1000)


async def test_of_two_copied_by_hand_with_one_id_each_is_told(db: Database, connection: Client) -> None:
    mark, js = uuid.uuid4().hex, connection.jetstream()
    await js.add_stream(StreamConfig(name=mark, subjects=[f"team.{mark}"]))
    made = (
        "UNWIND ['workflow.test.copied', 'workflow.test.other', 'team.' + $mark] AS subject "
        "CREATE (:OutboxEvent {outbox_at: datetime('2000-01-01T00:00Z'), subject: subject, item_id: $mark + subject, "
        "mark: $mark, outbox_id: $mark + CASE subject WHEN 'workflow.test.other' THEN subject ELSE '' END})"
    )
    await cypher(db, made, mark=mark)
    async with asyncio.timeout(PATIENCE):
        while await cypher(db, "MATCH (e:OutboxEvent {mark: $mark}) RETURN e.subject AS left", mark=mark):
            await asyncio.sleep(0.1)
    for stream, subject in (("WORKFLOW", "workflow.test.copied"), (mark, f"team.{mark}")):
        assert mark in ((await js.get_last_msg(stream, subject)).data or b"").decode()
    await js.delete_stream(mark)


async def test_what_was_published_before_neo4j_went_away_is_not_told_again(
    engine: Engine, db: Database, story: str, connection: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it was away for longer than a stream knows repetitions."""
    name, js, there, times = await _workflow(engine, "team.{name}"), connection.jetstream(), Outbox.remove, 0
    await js.add_stream(StreamConfig(name=name, subjects=[f"team.{name}"], duplicate_window=0.1))

    async def remove(outbox: Outbox, events: Mapping[str, str]) -> None:
        nonlocal times
        if not times and (await js.stream_info(name)).state.messages:
            times += 1
            raise UnavailableError("away")
        await there(outbox, events)

    monkeypatch.setattr(Outbox, "remove", remove)
    task = await _go(engine, story, name)
    async with asyncio.timeout(PATIENCE):
        while await _left(db, task):
            await asyncio.sleep(0.1)
    assert (times, (await js.stream_info(name)).state.messages) == (1, 1)
    await js.delete_stream(name)


async def test_of_large_events_fewer_are_taken_together(
    db: Database, connection: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many of them may be more than can be read at once, and none would ever be published."""
    mark, limits, there, js = uuid.uuid4().hex, list[int](), Outbox.take, connection.jetstream()

    async def told() -> int:
        about = await js.stream_info("WORKFLOW", subjects_filter=f"workflow.test.{mark}")
        return sum((about.state.subjects or {}).values())

    async def take(outbox: Outbox, limit: int, *more: Any) -> list[WaitingEvent]:
        limits.append(limit)
        if limit > 3 and not await told():
            raise UnavailableError("so many are not read in time")
        return await there(outbox, limit, *more)

    monkeypatch.setattr(Outbox, "take", take)
    made = (
        "UNWIND range(1, 30) AS n CREATE (:OutboxEvent {outbox_id: randomUUID(), item_id: $mark + n, words: $words, "
        "outbox_at: datetime('2000-01-01T00:00Z'), subject: 'workflow.test.' + $mark})"
    )
    await cypher(db, made, mark=mark, words="x" * 500_000)
    async with asyncio.timeout(PATIENCE):
        while await told() < 30:
            await asyncio.sleep(0.1)
    first = next(place for place, limit in enumerate(limits) if limit <= 3)
    assert max(limits[first:]) < 30


async def test_an_event_gives_the_server_no_orders(bus: Bus, db: Database, connection: Client) -> None:
    """What begins with $ would be one, such as to empty a stream."""
    mark, js = uuid.uuid4().hex, connection.jetstream()
    await js.add_stream(StreamConfig(name=mark, subjects=[f"team.{mark}"]))
    await js.publish(f"team.{mark}", b"kept")
    assert "is no subject" in await _why_dead(bus, db, mark, f"$JS.API.STREAM.PURGE.{mark}")
    assert (await js.stream_info(mark)).state.messages == 1
    await js.delete_stream(mark)


async def test_creating_a_story_is_told_once(bus: Bus, engine: Engine) -> None:
    mark = uuid.uuid4().hex[:8]
    await engine.items.create_story("Told", workflow="story", id=f"US-{mark}")
    told = await bus.hear("planning.story.created", story_id=f"US-{mark}")
    assert told["title"] == "Told"
    await engine.items.create_story("Fence", workflow="story", id=f"US-{mark}-2")
    await bus.hear("planning.story.created", story_id=f"US-{mark}-2")
    assert bus.count("planning.story.created", story_id=f"US-{mark}") == 1
