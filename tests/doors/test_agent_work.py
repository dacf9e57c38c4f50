"""`agent.work.completed`, as our own agents and foreign publishers send it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import uuid

import pytest

from graph.decision import Command
from graph.engine import Engine
from stategate.servers.environment import Addresses
from tests.doors.bus import Bus
from tests.doors.conftest import Team
from tests.house.statements import ROOT

WORK = "agent.work.completed"
CHANGED = "workflow.state.changed"
REFUSED = "workflow.action.refused"


@pytest.fixture
async def task(engine: Engine, story: str, bus: Bus) -> str:
    """A task in work: its story is released by an event, as a foreign planning service would send it."""
    task = f"T-{uuid.uuid4().hex[:8]}"
    await engine.items.create_task(story, "Sign tokens", workflow="task", id=task)
    await bus.send(
        "planning.story.transitioned", {"story_id": story, "to_state": "READY_FOR_EXECUTION", "tasks": [task]}
    )
    assigned = await bus.hear("workflow.task.assigned", task_id=task)
    assert {name: assigned[name] for name in ("state", "action", "role", "attempt", "version", "story_id")} == {
        "state": "implementing",
        "action": "COMMIT_CODE",
        "role": "developer",
        "attempt": 1,
        "version": 1,
        "story_id": story,
    }
    assert assigned["actions"] == ["COMMIT_CODE", "REQUEST_REVIEW"]
    return task


async def test_an_action_is_applied_and_told_hop_by_hop(bus: Bus, task: str, team: Team) -> None:
    command = str(uuid.uuid4())
    await bus.send(
        WORK,
        {
            "task_id": task,
            "action": "COMMIT_CODE",
            "agent_id": team.developer,
            "inputs": {"commit_sha": "abc"},
            "command_id": command,
            "timestamp": "2026-11-24T00:00:00Z",
            "mood": "cheerful",
        },
    )
    first = await bus.hear(CHANGED, task_id=task, action="COMMIT_CODE")
    assert (first["from_state"], first["to_state"], first["automatic"]) == ("implementing", "dev_completed", False)
    assert (first["actor_id"], first["actor_role"], first["command_id"]) == (team.developer, "developer", command)
    second = await bus.hear(CHANGED, task_id=task, action="ROUTE_TO_ARCHITECT")
    assert (second["to_state"], second["automatic"], second["actor_id"]) == ("pending_arch_review", True, "stategate")
    assert second["version"] == first["version"] + 1


async def test_events_carry_the_headers_of_the_contract(bus: Bus, task: str, team: Team) -> None:
    await bus.send(WORK, {"task_id": task, "action": "REQUEST_REVIEW", "actor_id": team.developer})
    [message] = await bus.messages(CHANGED, 1, task_id=task, action="REQUEST_REVIEW")
    headers = message.headers or {}
    assert headers["ce-id"] == headers["Nats-Msg-Id"]
    assert headers["ce-type"] == CHANGED
    assert headers["ce-subject"] == task
    assert headers["ce-time"].endswith("Z")
    assert headers["ce-source"]
    assert len(headers["traceparent"].split("-")) == 4


async def test_the_same_command_again_does_nothing_twice(bus: Bus, task: str, team: Team, engine: Engine) -> None:
    work = {"task_id": task, "action": "REQUEST_REVIEW", "actor_id": team.developer, "command_id": str(uuid.uuid4())}
    for _ in range(3):
        await bus.send(WORK, work)
    await bus.send(WORK, {"task_id": task, "action": "CLAIM_REVIEW", "actor_id": team.architect})
    await bus.hear(CHANGED, task_id=task, action="CLAIM_REVIEW")
    assert bus.count(CHANGED, task_id=task, action="REQUEST_REVIEW") == 1
    assert bus.count(REFUSED, task_id=task) == 0


@pytest.mark.parametrize("named", [True, False])
async def test_a_message_without_a_command_id_has_one_of_its_own(
    bus: Bus, task: str, team: Team, engine: Engine, named: bool
) -> None:
    work = {"task_id": task, "action": "REQUEST_REVIEW", "actor_id": team.developer}
    mark = f"msg-{uuid.uuid4()}"
    await bus.send(WORK, work, **({"Nats_Msg_Id": mark} if named else {}))
    told = await bus.hear(CHANGED, task_id=task, action="REQUEST_REVIEW")
    if named:
        assert told["command_id"] == mark
    else:
        stream, created, sequence = told["command_id"].split("/")
        assert stream == "AGENT_WORK"
        assert created.endswith("Z")
        assert int(sequence) > 0


async def test_a_refusal_is_published_with_every_reason(bus: Bus, task: str, team: Team) -> None:
    await bus.send(WORK, {"task_id": task, "action": "COMMIT_CODE", "actor_id": team.qa})
    refused = await bus.hear(REFUSED, task_id=task)
    assert [reason["code"] for reason in refused["reasons"]] == ["ROLE_NOT_ALLOWED", "INPUT_MISSING"]
    assert all(reason["message"] for reason in refused["reasons"])
    assert (refused["action"], refused["actor_id"], refused["legal_actions"]) == ("COMMIT_CODE", team.qa, [])
    assert "remedies" in refused


async def test_an_unknown_task_is_refused_not_dropped(bus: Bus, team: Team) -> None:
    task = f"nobody-{uuid.uuid4()}"
    await bus.send(WORK, {"task_id": task, "action": "COMMIT_CODE", "actor_id": team.developer})
    refused = await bus.hear(REFUSED, task_id=task)
    assert [reason["code"] for reason in refused["reasons"]] == ["UNKNOWN_ITEM"]


async def test_a_declared_role_acts_where_it_is_trusted(bus: Bus, task: str) -> None:
    await bus.send(WORK, {"task_id": task, "action": "REQUEST_REVIEW", "actor_role": "developer"})
    told = await bus.hear(CHANGED, task_id=task, action="REQUEST_REVIEW")
    assert (told["actor_id"], told["actor_role"]) == ("role:developer", "developer")


@pytest.mark.parametrize("role", ["system", "*", "nobody-has-this"])
async def test_a_role_that_nobody_may_declare_is_refused(bus: Bus, task: str, role: str) -> None:
    await bus.send(WORK, {"task_id": task, "action": "REQUEST_REVIEW", "actor_role": role})
    refused = await bus.hear(REFUSED, task_id=task)
    assert [reason["code"] for reason in refused["reasons"]] == ["UNKNOWN_ACTOR"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json", "Invalid JSON"),
        (b"\xff\xfe", "the body"),
        (b"[]", "the body"),
        (b'{"action": "COMMIT_CODE", "actor_id": "x"}', "task_id: Field required"),
        (b'{"task_id": "T", "action": "A", "actor_id": "x", "inputs": "no map"}', "inputs"),
        (b'{"task_id": "T", "action": "A", "actor_id": "x", "inputs": {"n": 99999999999999999999}}', "too large"),
    ],
)
async def test_an_unreadable_message_goes_whole_to_the_dead_letters(
    bus: Bus, body: bytes, reason: str, engine: Engine
) -> None:
    await bus.send(WORK, body, Trace="kept")
    [dead] = await bus.messages(f"dead.{WORK}")
    assert dead.data == body
    headers = dead.headers or {}
    assert reason in headers["Stategate-Reason"]
    assert headers["Trace"] == "kept"


async def test_what_comes_after_an_unreadable_message_is_handled(bus: Bus, task: str, team: Team) -> None:
    await bus.send(WORK, b"{")
    await bus.send(WORK, {"task_id": task, "action": "REQUEST_REVIEW", "actor_id": team.developer})
    await bus.hear(CHANGED, task_id=task, action="REQUEST_REVIEW")
    await bus.messages(f"dead.{WORK}")


async def test_reasons_and_remedies_are_json_not_text(bus: Bus, task: str, team: Team) -> None:
    await bus.send(WORK, {"task_id": task, "action": "COMMIT_CODE", "actor_id": team.developer})
    refused = await bus.hear(REFUSED, task_id=task)
    assert refused["reasons"][0]["code"] == "INPUT_MISSING"
    assert refused["remedies"][0]["kind"] == "ADD_INPUT"
    assert refused["remedies"][0]["input"] == "commit_sha"
    assert json.dumps(refused)


AGENT_RULES = """
workflow: {name}
states: {{todo: {{kind: initial}}, work: {{kind: active}}, done: {{kind: final}}}}
transitions:
  - {{from: todo, action: BEGIN, to: work, roles: ["*"]}}
  - {{from: work, action: FINISH, to: done, roles: [{name}], inputs: [sha]}}
"""


async def test_the_agent_of_the_docs_does_what_it_is_assigned(
    bus: Bus, engine: Engine, servers: Addresses, story: str, team: Team
) -> None:
    name = f"docs-{uuid.uuid4().hex[:8]}"
    draft = await engine.rules.import_draft(AGENT_RULES.format(name=name))
    await engine.rules.publish(name, draft.confirm or "")
    await engine.people.create(f"{name}-bot", "agent", [name])
    tasks = [await engine.items.create_task(story, "Work", workflow=name, id=f"T-{name}-{n}") for n in range(2)]
    script, inputs = str(ROOT / "docs" / "agent.py"), json.dumps({"sha": "abc"})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, script, servers.nats_url, name, f"{name}-bot", inputs),
        stdout=-1,
        stderr=-1,
        # What a shell runs in the background ignores Ctrl-C, and so would all that the tests start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        for task in tasks:
            await engine.gate.decide([Command(task, "BEGIN", team.developer)])
            assert (await bus.hear(CHANGED, task_id=task, action="FINISH"))["actor_id"] == f"{name}-bot"
    finally:
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert f"{tasks[1]} is in work: FINISH" in out.decode()
