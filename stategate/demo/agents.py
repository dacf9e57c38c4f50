"""The simulated agents: they hear what is assigned, answer over NATS, and know the contract's subjects alone."""

from __future__ import annotations

import json
import uuid
from typing import Any

from nats.js import JetStreamContext

from stategate.demo.scenario import Scenario

WORK_COMPLETED = "agent.work.completed"


class Agents:
    """Everybody who answers assignments, each in the name of one actor."""

    def __init__(self, js: JetStreamContext, scenario: Scenario) -> None:
        self._js = js
        self._scenario = scenario
        self._seen: set[tuple[str, int, str]] = set()

    async def hear(self, assigned: dict[str, Any]) -> None:
        """Answers one `workflow.task.assigned`; a repeated one is known by task, version and role."""
        mark = (assigned["task_id"], assigned["version"], assigned["role"])
        agent = self._scenario.agents.get(assigned["role"])
        if agent is None or mark in self._seen:
            return
        self._seen.add(mark)
        task, expected = assigned["task_id"], assigned["action"]
        deviation = self._scenario.deviation(task, expected, assigned["attempt"])
        answer = deviation.answer if deviation else None
        if deviation and (first := deviation.first):
            await self._send(task, first.action, first.actor, {}, None)
        await self._send(
            task,
            (answer and answer.action) or expected,
            (answer and answer.actor) or agent.actor,
            agent.inputs,
            answer.feedback if answer else None,
        )

    async def _send(self, task: str, action: str, actor: str, inputs: dict[str, Any], feedback: str | None) -> None:
        message = {"task_id": task, "action": action, "actor_id": actor, "command_id": str(uuid.uuid4())}
        body = message | ({"inputs": inputs} if inputs else {}) | ({"feedback": feedback} if feedback else {})
        await self._js.publish(
            WORK_COMPLETED, json.dumps(body).encode(), headers={"Nats-Msg-Id": message["command_id"]}
        )
