"""The outbox: what no stream keeps is not lost, and nothing is told twice."""

from __future__ import annotations

import uuid

from graph.decision import Command
from graph.engine import Engine
from tests.doors.bus import Bus

RULES = """
workflow: {name}
states: {{a: {{kind: initial}}, b: {{kind: final}}}}
transitions: [{{from: a, action: GO, to: b, roles: ["*"], emits: {subject}}}]
"""


async def test_an_event_that_no_stream_keeps_becomes_a_dead_letter(bus: Bus, engine: Engine, story: str) -> None:
    name = f"odd-{uuid.uuid4().hex[:8]}"
    draft = await engine.rules.import_draft(RULES.format(name=name, subject=f"elsewhere.{name}"))
    await engine.rules.publish(name, draft.confirm or "")
    await engine.people.create(f"ann-{name}", "human")
    await engine.items.create_task(story, "Odd", workflow=name, id=f"T-{name}")
    await engine.gate.decide([Command(f"T-{name}", "GO", f"ann-{name}")])
    [dead] = await bus.messages(f"dead.elsewhere.{name}")
    assert "no stream keeps" in (dead.headers or {})["Stategate-Reason"]
    # What comes after it is not held up.
    assert (await bus.hear("workflow.state.changed", task_id=f"T-{name}"))["to_state"] == "b"


async def test_creating_a_story_is_told_once(bus: Bus, engine: Engine) -> None:
    mark = uuid.uuid4().hex[:8]
    await engine.items.create_story("Told", workflow="story", id=f"US-{mark}")
    told = await bus.hear("planning.story.created", story_id=f"US-{mark}")
    assert told["title"] == "Told"
    await engine.items.create_story("Fence", workflow="story", id=f"US-{mark}-2")
    await bus.hear("planning.story.created", story_id=f"US-{mark}-2")
    assert bus.count("planning.story.created", story_id=f"US-{mark}") == 1
