"""NATS is given what it should not get: each message is refused or a dead letter, and what comes after is handled."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
from nats.aio.client import Client

from graph.effects import TRIES
from graph.engine import Engine
from graph.events import MOST_TASKS
from stategate.servers.environment import Addresses
from tests.doors.bus import Bus
from tests.doors.conftest import Team
from tests.doors.hostile import INJECTIONS, ODD, leaks, unhurt
from tests.graph.world import World, unique

WORK, PLANNED = "agent.work.completed", "planning.story.transitioned"
REFUSED = "workflow.action.refused"
TEXTS = [text for text in (*INJECTIONS, *ODD) if "\ud800" not in text]


async def _still_works(bus: Bus) -> None:
    """A refusal of ours, after all that was sent before."""
    task = unique("nothing")
    await bus.send(WORK, {"task_id": task, "action": "GO", "actor_id": "nobody"})
    refused = await bus.hear(REFUSED, task_id=task)
    assert [reason["code"] for reason in refused["reasons"]] == ["UNKNOWN_ITEM", "UNKNOWN_ACTOR"]


@pytest.mark.parametrize(
    "field", ["task_id", "action", "actor_id", "actor_role", "feedback", "command_id", "inputs", "key"]
)
async def test_work_with_hostile_texts(bus: Bus, engine: Engine, story: str, team: Team, field: str) -> None:
    task = unique("T")
    await engine.items.create_task(story, "Sign tokens", workflow="task", id=task)
    for number, text in enumerate(TEXTS):
        work: dict[str, Any] = {"task_id": task, "action": "COMMIT_CODE", "actor_id": team.developer}
        work["command_id"] = f"{field}-{number}-{uuid.uuid4()}"
        work["inputs"] = {"x": text} if field == "inputs" else {text: "x"} if field == "key" else {}
        if field == "actor_role":
            del work["actor_id"]
        if field not in {"inputs", "key"}:
            work[field] = text
        await bus.send(WORK, work)
    await _still_works(bus)
    for message in bus.heard(REFUSED):
        assert leaks(message.data.decode()) == []
    await unhurt(engine.db)


async def test_stories_with_hostile_texts(bus: Bus, engine: Engine) -> None:
    ready = "READY_FOR_EXECUTION"
    bodies: list[dict[str, Any]] = []
    for text in TEXTS:
        bodies.append({"story_id": text, "to_state": ready, "tasks": []})
        bodies.append({"story_id": unique("S"), "to_state": text, "tasks": [unique("T")]})
        bodies.append({"story_id": unique("S"), "to_state": ready, "tasks": [text]})
    titled = [{"id": unique("T"), "title": text, "depends_on": [f"{text[:300]}."]} for text in TEXTS]
    bodies.append({"story_id": unique("S"), "to_state": ready, "tasks": titled})
    for body in bodies:
        await bus.send(PLANNED, body)
    story, task = unique("S"), unique("T")
    await bus.send(PLANNED, {"story_id": story, "to_state": "READY_FOR_EXECUTION", "tasks": [task]})
    assert (await bus.hear("workflow.task.assigned", task_id=task))["story_id"] == story
    await unhurt(engine.db)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"null", b"[]", b"7", b"\xff\xfe\x00", b"\x00" * 50, b"[" * 200_000, b'{"task_id":' * 50_000,
        b'{"task_id": "x", "action": "\\ud800", "actor_id": "y"}',
        b'{"task_id": "x", "action": "y", "actor_id": "z", "inputs": {"n": NaN}}',
        b'{"task_id": "x", "action": "y", "actor_id": "z", "inputs": {"n": 1e999}}',
        b'{"task_id": "x", "action": "y", "actor_id": "z", "inputs": {"n": 1' + b"0" * 5000 + b"}}",
        b'{"task_id": "x", "action": "y", "actor_id": "z", "inputs": {"n": 9223372036854775808}}',
        b'{"task_id": "x", "action": "y", "actor_id": "z", "expected_version": 1' + b"0" * 30 + b"}",
        b'{"task_id": "x", "action": "y", "actor_id": "z", "inputs": {"n": "' + b"y" * 300_000 + b'"}}',
        b'{"task_id": "x", "action": "y", "actor_id": "z", "inputs": [1]}',
        b'{"task_id": 7, "action": ["y"], "actor_id": {}}',
    ],
    ids=lambda data: data[:70].decode("ascii", "replace"),
)  # fmt: skip
async def test_work_that_is_none_is_a_dead_letter_at_once(bus: Bus, data: bytes) -> None:
    mark = uuid.uuid4().hex
    await bus.send(WORK, data, Nats_Msg_Id=mark)
    await _still_works(bus)
    dead = await bus.dead_letter(WORK, mark)
    assert dead.data == data
    reason = (dead.headers or {})["Stategate-Reason"]
    assert "failed" not in reason
    assert leaks(reason) == []


async def test_a_number_too_large_for_the_graph_is_a_dead_letter(bus: Bus) -> None:
    story = unique("S")
    tasks = [{"id": unique("T"), "priority": 10**30}]
    await bus.send(PLANNED, {"story_id": story, "to_state": "READY_FOR_EXECUTION", "tasks": tasks})
    dead = await bus.hear(f"dead.{PLANNED}", story_id=story)
    assert dead["tasks"] == tasks


async def test_a_story_of_more_tasks_than_anybody_has_is_a_dead_letter(bus: Bus) -> None:
    story = unique("S")
    tasks = [f"{story}-{number}" for number in range(MOST_TASKS + 1)]
    await bus.send(PLANNED, {"story_id": story, "to_state": "READY_FOR_EXECUTION", "tasks": tasks})
    [dead] = await bus.messages(f"dead.{PLANNED}", 1, story_id=story)
    assert f"at most {MOST_TASKS} items" in (dead.headers or {})["Stategate-Reason"]


@pytest.mark.parametrize("name", ["X-Odd", "x_y", "Nats-Expected-Stream", "ce-id", "traceparent"])
async def test_headers_of_a_dead_letter_may_be_odd(bus: Bus, name: str) -> None:
    mark = uuid.uuid4().hex
    await bus.send_raw(WORK, b"{", {"Nats-Msg-Id": mark, name: "AGENT_WORK" if "Stream" in name else "😀 ü"})
    await _still_works(bus)
    await bus.dead_letter(WORK, mark)


async def test_a_dead_letter_that_would_be_too_large_is_cut(bus: Bus, connection: Client) -> None:
    """The headers that say why it is one need room as well."""
    mark, size = uuid.uuid4().hex, connection.max_payload - 100
    await bus.send(WORK, b"x" * size, Nats_Msg_Id=mark)
    await _still_works(bus)
    dead = await bus.dead_letter(WORK, mark)
    assert (dead.headers or {})["Stategate-Size"] == str(size)
    assert size - 5000 < len(dead.data) < size
    assert set(dead.data) == {ord("x")}


async def test_headers_that_leave_no_room_are_left_out(bus: Bus) -> None:
    """A stream keeps 64 KiB of them, and those that say why it is a dead letter count as well."""
    mark = uuid.uuid4().hex
    await bus.send_raw(WORK, b"{", {"Nats-Msg-Id": mark, "Large": "y" * 65_300, "Small": "kept"})
    await _still_works(bus)
    dead = await bus.dead_letter(WORK, mark)
    assert dead.data == b"{"
    assert dead.headers is not None
    assert dead.headers["Small"] == "kept"
    assert not {"Large", "Stategate-Size"} & set(dead.headers)


async def test_a_header_that_our_client_sends_nowhere_is_left_out(bus: Bus, servers: Addresses) -> None:
    """Others send whatever they like, so this one is sent by hand."""
    mark = uuid.uuid4().hex
    headers = f"NATS/1.0\r\nNats-Msg-Id: {mark}\r\nx/y: odd\r\nTrace: kept\r\n\r\n".encode()
    address = urlsplit(servers.nats_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b'CONNECT {"verbose":false,"headers":true}\r\n')
    writer.write(f"HPUB {WORK} {len(headers)} {len(headers) + 1}\r\n".encode() + headers + b"{\r\nPING\r\n")
    while b"PONG" not in await reader.readline():
        pass
    writer.close()
    await _still_works(bus)
    dead = await bus.dead_letter(WORK, mark)
    assert dead.headers is not None
    assert dead.headers["Trace"] == "kept"
    assert "x/y" not in dead.headers


@pytest.mark.parametrize("emits", ["'planning.x y *'", "7", "true", "date()", "['planning.x']"])
async def test_an_event_a_hand_edit_made_impossible_is_a_dead_letter(bus: Bus, engine: Engine, emits: str) -> None:
    """A subject with a space in it, or one that is no text, must not stop the events behind it."""
    world, name = World(engine.db, engine.gate, engine.rules), unique("emits")
    await world.publish(
        f"workflow: {name}\nstates: {{a: {{kind: initial}}, b: {{kind: final}}}}\n"
        'transitions: [{from: a, action: GO, to: b, roles: ["*"], emits: planning.x}]\n'
    )
    await world.cypher(f"MATCH (t:Transition {{workflow: $name}}) SET t.emits = {emits}", name=name)
    item = await world.task(name)
    await world.applied(item, "GO", await world.actor())
    dead = await bus.hear("dead.outbox", task_id=item)
    assert dead["decided_by"]
    await _still_works(bus)


async def test_an_effect_that_is_given_up_is_a_dead_letter(bus: Bus, engine: Engine) -> None:
    """This process has no such plug-in; the last of its tries is brought near."""
    world, name = World(engine.db, engine.gate, engine.rules), unique("effect")
    await world.publish(
        f"workflow: {name}\nstates: {{a: {{kind: initial}}, b: {{kind: final}}}}\n"
        f'transitions: [{{from: a, action: GO, to: b, roles: ["*"], effects: [{name}]}}]\n'
    )
    item = await world.task(name)
    await world.applied(item, "GO", await world.actor())
    await world.cypher(
        "MATCH (e:Effect {item_id: $id}) SET e.tries = $tries, e.reason = 'not there', e.due_at = datetime()",
        id=item,
        tries=TRIES,
    )
    [dead] = await bus.messages("dead.effects", 1, item_id=item)
    assert name in (dead.headers or {})["Stategate-Reason"]
    assert (dead.headers or {})["Stategate-Reason"].endswith(("not there", "not installed here"))
    await _still_works(bus)
