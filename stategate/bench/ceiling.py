"""What applied commands leave in the graph, written without looking at anything: no gate can be faster than that."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from graph.database import Row
from graph.encoding import row
from stategate.bench.errors import BenchError
from stategate.bench.world import Walkers, World

_SCRATCH = "lock"  # a property that means nothing; taking a lock leaves it behind
_OWN = {"id", "item_id", "task_id", "story_id", "command_id", "command_key", "fingerprint", "outbox_id"}


@dataclass(frozen=True, slots=True)
class Written:
    """What one step of the walk leaves behind, but for what differs from item to item."""

    batch: Row
    changes: int
    events: int

    @classmethod
    def of(cls, before: Row, after: Row) -> Written:
        hops = [
            {key: change.get(key) for key in ("name", "from", "to", "automatic", "role", "rule_version", "feedback")}
            | {key: change.get(key) for key in ("inputs", "awaits")}
            for change in after["changes"]
        ]
        assigned = [event for event in after["events"] if "actions" in event]
        told = [{key: event[key] for key in ("role", "action", "actions")} for event in assigned]
        batch = {
            "actor_id": after["changes"][0]["actor_id"],
            "workflow": after["item"]["workflow"],
            "to": after["state"],
            "rework": after["item"]["rework"] - before["item"]["rework"],
            "feedback": after["item"].get("feedback"),
            "hops": hops,
            "told": told,
        }
        return cls(batch, len(hops), len(after["events"]))


class Ceiling:
    """Writes what the gate was seen to write."""

    def __init__(self, world: World, steps: dict[str, Written]) -> None:
        self._world = world
        self.steps = steps

    @classmethod
    async def learn(cls, world: World) -> Ceiling:
        """Has the gate walk one item, and another one walk without it; both must have left the same.

        Raises:
            BenchError: they have not, so the comparison would not be fair; it says where they differ.
        """
        judged, free = await world.walkers(1), await world.walkers(1)
        ceiling = cls(world, {})
        for step in world.plan.walk:
            start = await ceiling._left(judged.ids[0], 0)
            version = start["item"]["version"]
            await world.forget_events()
            await world.decide(judged, 1)
            left = await ceiling._left(judged.ids[0], version)
            ceiling.steps[step.action] = Written.of(start, left)
            await ceiling.write(free, 1)
            if differ := _differences(left, await ceiling._left(free.ids[0], version)):
                raise BenchError(f"The ceiling does not write what the gate writes for '{step.action}': {differ}")
        await world.forget_events()
        return ceiling

    async def write(self, walkers: Walkers, most: int) -> int:
        """Has the next items take their step, in one transaction; how many there were."""
        step, ids = walkers.take(most)
        rows = [row(step.command(item, str(uuid.uuid4())), seq) for seq, item in enumerate(ids)]
        commands = [
            {key: one[key] for key in ("seq", "item_id", "command_id", "command_key", "fingerprint")} for one in rows
        ]
        batch = self.steps[step.action].batch | {"commands": commands}
        await self._world.engine.db.write("bench/ceiling", batch=batch)
        return len(ids)

    async def _left(self, item: str, after: int) -> Row:
        [found] = await self._world.engine.db.read("bench/written", id=item, after=after)
        return found


def _differences(one: Row, other: Row) -> list[Any]:
    """What the graph has of one item and not of the other; ids, times and what follows from them aside."""
    told, written = _shape(one), _shape(other)
    return [(key, told[key], written[key]) for key in told if told[key] != written[key]]


def _shape(left: Row) -> Row:
    return {
        "item": _plain(left["item"] | {"name": None}),
        "state": left["state"],
        "changes": [_plain(change) for change in left["changes"]],
        "events": [_plain(event) for event in left["events"]],
        "fired": left["fired"],
        "edges": Counter(left["edges"]),
    }


def _plain(properties: Row) -> Row:
    """Times are compared as such, and what is of this item alone by being there."""
    return {
        key: type(value).__name__ if key in _OWN or not isinstance(value, bool | int | str | list) else value
        for key, value in properties.items()
        if key != _SCRATCH
    }
