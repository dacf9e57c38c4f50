"""The event path from outside: actions published as agents do, and the events that come of them."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy

from consumers.bus import connected
from graph.events import WorkCompleted
from stategate.bench.ceiling import Written
from stategate.bench.errors import BenchError
from stategate.bench.world import Step, Walkers

_HEARD = "workflow.>"
_ASSIGNED = "workflow.task.assigned"
_REFUSED = "workflow.action.refused"
_PATIENCE = 60.0  # seconds without any event, after which nothing more is expected
_LOOK = 0.05
_MOST_GROWTH = 6


class Path:
    """Publishes what walkers do, and counts what is heard of it."""

    def __init__(self, client: Client, walkers: Walkers, steps: dict[str, Written]) -> None:
        self._client = client
        self._js = client.jetstream(publish_async_max_pending=20_000)
        self._walkers = walkers
        self._steps = steps
        self._events = self._expected = 0
        self._refused = ""
        self._complete = asyncio.Event()
        self._due: dict[str, deque[float]] = defaultdict(deque)
        self._late: list[float] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, nats_url: str, walkers: Walkers, steps: dict[str, Written]) -> AsyncIterator[Path]:
        """Listens from now on."""
        async with connected(nats_url, "stategate-bench") as client:
            path = cls(client, walkers, steps)
            await path._js.subscribe(_HEARD, cb=path._hear, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW)
            yield path

    async def burst(self, actions: int) -> float:
        """Seconds from the first of so many actions, published as fast as possible, to the last of their events."""
        self._begin()
        began = time.perf_counter()
        for _ in range(actions):
            step, [item] = self._walkers.take(1)
            await self._publish(step, item)
        await self._until_heard()
        return time.perf_counter() - began

    async def rate(self, seconds: float, least: int) -> float:
        """Actions a second, over a burst that takes that long at least."""
        actions = least
        while (took := await self.burst(actions)) < seconds:
            actions = int(actions * min(_MOST_GROWTH, max(1.5, 1.2 * seconds / took)))
        await self.settle()
        return actions / took

    async def paced(self, rate: float, seconds: float) -> list[float]:
        """Seconds from when each action was due to its assignment.

        Actions are published when they are due, whether or not those before are answered; one that had to wait for its
        turn to be published has waited.
        """
        self._begin()
        began = time.perf_counter() + _LOOK
        for number in range(max(2, round(rate * seconds))):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            step, [item] = self._walkers.take(1)
            self._due[item].append(due)
            await self._publish(step, item)
        await self._until_heard()
        await self.settle()
        return self._late

    async def settle(self) -> None:
        """Returns when the service has nothing left to do."""
        for stream in ("AGENT_WORK", "WORKFLOW", "PLANNING"):
            for consumer in await self._js.consumers_info(stream):
                name = consumer.config.durable_name
                while name and (info := await self._js.consumer_info(stream, name)):
                    if not info.num_pending and not info.num_ack_pending:
                        break
                    await asyncio.sleep(_LOOK)

    async def round_trip(self) -> None:
        """One message that a stream confirms."""
        await self._js.publish("agent.work.bare", b"{}")

    def _begin(self) -> None:
        self._events = self._expected = 0
        self._complete.clear()
        self._due.clear()
        self._late = []

    async def _publish(self, step: Step, item: str) -> None:
        self._expected += self._steps[step.action].events
        body = {"task_id": item, "action": step.action, "actor_id": step.actor, "inputs": step.inputs}
        told = {"feedback": step.feedback} if step.feedback else {}
        data = json.dumps(body | told | {"command_id": str(uuid.uuid4())}).encode()
        await self._js.publish_async(WorkCompleted.subject, data)

    async def _until_heard(self) -> None:
        await self._js.publish_async_completed()
        while self._events < self._expected and not self._refused:
            before = self._events
            self._complete.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._complete.wait(), _PATIENCE)
            if self._events == before:
                raise BenchError(f"After {before} of {self._expected} events nothing came for {_PATIENCE:.0f} s.")
        if self._refused:
            raise BenchError(f"An action of the benchmark was refused: {self._refused}")

    async def _hear(self, message: Msg) -> None:
        now = time.perf_counter()
        if message.subject == _REFUSED:
            self._refused = message.data.decode()
            self._complete.set()
        elif message.subject == _ASSIGNED and (due := self._due.get((message.headers or {}).get("ce-subject", ""))):
            self._late.append(now - due.popleft())
        self._events += 1
        if self._events >= self._expected:
            self._complete.set()
