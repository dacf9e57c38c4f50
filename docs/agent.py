"""A small agent: it hears what is assigned to a role and does what is expected first, in the name of an actor.

    python docs/agent.py nats://127.0.0.1:4222 developer dev-bot '{"commit_sha": "5f1d3ac"}'

The last argument holds the inputs it gives with its actions. It prints what it was assigned and what was refused, and
goes on until Ctrl-C; started again, it begins where it ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

import nats
from nats.aio.msg import Msg


class Agent:
    """One actor who answers for one role."""

    def __init__(self, connection: nats.NATS, role: str, actor: str, inputs: dict[str, Any]) -> None:
        self._js = connection.jetstream()
        self._role = role
        self._actor = actor
        self._inputs = inputs

    async def run(self) -> None:
        """Until cancelled; each assignment is acknowledged when the answer to it is kept."""
        await self._js.subscribe("workflow.action.refused", cb=self._refused, ordered_consumer=True)
        assigned = await self._js.pull_subscribe("workflow.task.assigned", durable=f"agent-{self._actor}")
        # The library may keep to itself that Ctrl-C was pressed, if that came while it was sending.
        task = asyncio.current_task()
        while task and not task.cancelling():
            with suppress(TimeoutError):
                for message in await assigned.fetch(10, timeout=5):
                    await self._assigned(message)
                    await message.ack()

    async def _assigned(self, message: Msg) -> None:
        event = json.loads(message.data)
        if event["role"] != self._role:
            return
        print(f"{event['task_id']} is in {event['state']}: {event['action']}", flush=True)
        answer = {"task_id": event["task_id"], "action": event["action"], "actor_id": self._actor}
        # The same assignment heard again makes the same command, which is done once.
        command = f"{(message.headers or {})['Nats-Msg-Id']}/{self._actor}"
        body = json.dumps(answer | {"command_id": command, "inputs": self._inputs})
        await self._js.publish("agent.work.completed", body.encode(), headers={"Nats-Msg-Id": command})

    async def _refused(self, message: Msg) -> None:
        event = json.loads(message.data)
        if event.get("actor_id") == self._actor:
            reasons = " ".join(reason["message"] for reason in event["reasons"])
            print(f"{event['task_id']} refuses {event['action']}: {reasons}", flush=True)


async def main(url: str, role: str, actor: str, inputs: str = "{}") -> None:
    connection = await nats.connect(url)
    try:
        await Agent(connection, role, actor, json.loads(inputs)).run()
    finally:
        await connection.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
