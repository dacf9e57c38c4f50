"""What an action costs with much in the graph, over what it costs with little; in turn, because machines waver."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from graph.database import Row
from graph.rules.file import dump
from stategate.bench.ceiling import Ceiling
from stategate.bench.errors import BenchError
from stategate.bench.sizes import Sizes
from stategate.bench.world import BATCH, PREFIX, Walkers, World, until_gone

Say = Callable[[str], None]
Change = Callable[[], Awaitable[None]]

_MORE = f"{PREFIX}more-"
_PARTS = 5  # in which many items are made, so that one sees how far it is


@dataclass(slots=True)
class Cost:
    """Medians, in seconds: of one action among others, of one alone, of a refused one, and of what happens unasked."""

    together: float
    alone: float
    refused: float
    unasked: float


class Scale:
    """Each method measures one kind of growth and returns `{ratio, few, many, …}`, times in milliseconds."""

    def __init__(self, world: World, ceiling: Ceiling, sizes: Sizes, say: Say) -> None:
        self._world = world
        self._db = world.engine.db
        self._ceiling = ceiling
        self._sizes = sizes
        self._say = say

    async def items(self) -> Row:
        few, many = self._sizes.items
        await self._world.fill(f"{_MORE}first-", 0, few)
        part = -(-(many - few) // _PARTS)

        async def grow() -> None:
            for start in range(few, many, part):
                end = min(many, start + part)
                await self._world.fill(f"{_MORE}rest-", start, end)
                self._say(f"items: {end:,} of {many:,} are made")

        return await self._in_turn("items", (few, many), grow, lambda: self._world.empty(f"{_MORE}rest-"), most=1)

    async def actors(self) -> Row:
        few, many = self._sizes.actors
        # Beside them there are those who act, and the system.
        await self._crowd(f"{_MORE}first-", few - len(self._world.plan.people) - 1)
        return await self._in_turn(
            "actors",
            (few, many),
            lambda: self._crowd(f"{_MORE}rest-", many - few),
            lambda: until_gone(lambda: self._db.write("bench/forget_actors", prefix=f"{_MORE}rest-", limit=BATCH)),
        )

    async def backlog(self) -> Row:
        few, many = self._sizes.backlog
        event = await self._some_event()
        return await self._in_turn(
            "backlog", (few, many), lambda: self._wait_to_be_published(event, many - few), self._world.forget_events
        )

    async def rules(self) -> Row:
        model = await self._world.engine.rules.read(self._world.plan.task.workflow)
        names = [f"{PREFIX}{number}" for number in range(1, self._sizes.workflows)]

        async def grow() -> None:
            for name in names:
                draft = await self._world.engine.rules.import_draft(
                    dump(model.model_copy(update={"workflow": name, "expectations": []}))
                )
                if draft.confirm is None:
                    raise BenchError(f"The rules of '{model.workflow}' have errors: {draft.findings}")
                await self._world.engine.rules.publish(name, draft.confirm)

        async def shrink() -> None:
            for name in names:
                await self._db.write("bench/forget_rules", name=name)

        states = len(model.states)
        return await self._in_turn("rules", (states, states * self._sizes.workflows), grow, shrink, most=2)

    async def history(self) -> Row:
        """Items with a short and with a long history, side by side in one graph."""
        around = [hop | {"actor_id": None} for step in self._ceiling.steps.values() for hop in step.batch["hops"]]
        fired = [
            {"actor_id": step.batch["actor_id"], "action": hop["name"]}
            for step in self._ceiling.steps.values()
            for hop in step.batch["hops"]
            if not hop["automatic"]
        ]
        few, many = (-(-depth // len(around)) * len(around) for depth in self._sizes.history)

        async def with_history(depth: int) -> Walkers:
            walkers = await self._world.walkers(self._sizes.group)
            for item in walkers.ids:
                await self._db.write("bench/deepen", id=item, depth=depth, hops=around, fired=fired)
            return walkers

        long = await with_history(many)
        await self._cost(long)
        costs: dict[str, list[Cost]] = {"few": [await self._cost(await with_history(few))], "many": []}
        for _ in range(self._sizes.repeats):
            costs["many"].append(await self._cost(long))
            # Each time new ones, whose history has not become long by being measured.
            costs["few"].append(await self._cost(await with_history(few)))
            self._say(f"history: {_told(costs)}")
        return _figures((few, many), costs)

    async def _in_turn(self, name: str, sizes: tuple[int, int], grow: Change, shrink: Change, most: int = 3) -> Row:
        """Few, many, few, …, few, so what drifts meets both. A first time, in which Neo4j learns, does not count."""
        walkers = await self._world.walkers(self._sizes.group)
        await self._cost(walkers)
        costs: dict[str, list[Cost]] = {"few": [await self._cost(walkers)], "many": []}
        extra: Row = {}
        for turn in range(min(most, self._sizes.repeats)):
            async with self._changed(name, grow, shrink):
                costs["many"].append(await self._cost(walkers))
                if turn == 0 and self._sizes.again:
                    extra["with_new_plans"] = [await self._with_new_plans(walkers)]
            costs["few"].append(await self._cost(walkers))
            self._say(f"{name}: {_told(costs)}")
        return _figures(sizes, costs | extra)

    @asynccontextmanager
    async def _changed(self, name: str, grow: Change, shrink: Change) -> AsyncIterator[None]:
        began = time.perf_counter()
        await grow()
        self._say(f"{name}: made many in {time.perf_counter() - began:.0f} s")
        yield
        self._say(f"{name}: making few of many again")
        await shrink()

    async def _with_new_plans(self, walkers: Walkers) -> Cost:
        """As after a restart, when Neo4j plans with many in sight."""
        await self._db.write("bench/forget_plans")
        await self._cost(walkers)
        return await self._cost(walkers)

    async def _cost(self, walkers: Walkers) -> Cost:
        """Of deciding an action, taking its events and forgetting them."""
        size = len(walkers.ids)
        together, alone, refused = [], [], []
        for _ in range(self._sizes.turns):
            began = time.perf_counter()
            for _ in walkers.walk:
                await self._act(walkers, size)
            together.append((time.perf_counter() - began) / (size * len(walkers.walk)))
        for _ in range(self._sizes.turns):
            refused.append(await self._refuse(walkers))
        # All of one walk, so that each step counts the same.
        for _ in walkers.walk:
            for _ in walkers.ids:
                began = time.perf_counter()
                await self._act(walkers, 1)
                alone.append(time.perf_counter() - began)
        await self._look()
        unasked = [await self._look() for _ in range(self._sizes.turns)]
        return Cost(median(together), median(alone), median(refused), median(unasked))

    async def _act(self, walkers: Walkers, most: int) -> None:
        events = self._ceiling.steps[walkers.step.action].events
        await self._publish(events * await self._world.decide(walkers, most))

    async def _publish(self, count: int) -> None:
        events = await self._world.engine.outbox.take(count)
        await self._world.engine.outbox.remove({event.node: event.id for event in events})

    async def _look(self) -> float:
        """Seconds of one look at everything that a service looks at every second or so."""
        engine = self._world.engine
        began = time.perf_counter()
        await engine.adoption.tick()
        await engine.timers.tick()
        await engine.rules.moves.tick()
        return time.perf_counter() - began

    async def _refuse(self, walkers: Walkers) -> float:
        """Seconds of one action asked by somebody of another role."""
        step, item = walkers.walk[0], walkers.ids[0]
        stranger = next(other.actor for other in walkers.walk if other.actor != step.actor)
        began = time.perf_counter()
        [answer] = await self._world.engine.gate.decide([step.model_copy(update={"actor": stranger}).command(item)])
        if answer.hops:
            raise BenchError(f"'{stranger}' was allowed '{step.action}'.")
        await self._publish(1)
        return time.perf_counter() - began

    async def _crowd(self, prefix: str, count: int) -> None:
        for first in range(0, count, BATCH):
            last = min(count, first + BATCH)
            await self._db.write("bench/actors", prefix=prefix, start=first, end=last, roles=self._world.plan.crowd)

    async def _some_event(self) -> Row:
        walkers = await self._world.walkers(1)
        await self._world.decide(walkers, 1)
        [left] = await self._db.read("bench/written", id=walkers.ids[0], after=0)
        await self._world.forget_events()
        event: Row = left["events"][0]
        return event

    async def _wait_to_be_published(self, event: Row, count: int) -> None:
        for first in range(0, count, BATCH):
            await self._db.write("bench/events", event=event, count=min(BATCH, count - first))


def _told(costs: dict[str, list[Cost]]) -> str:
    few, many = (median(cost.together for cost in costs[name]) * 1000 for name in ("few", "many"))
    return f"{few:.2f} ms an action with few, {many:.2f} ms with many"


def _figures(sizes: tuple[int, int], costs: dict[str, list[Cost]]) -> dict[str, Any]:
    figures: dict[str, Any] = {"sizes": list(sizes)}
    for kind in ("together", "alone", "refused", "unasked"):
        middle = {name: median(getattr(cost, kind) for cost in found) for name, found in costs.items()}
        figures[kind] = {f"{name}_ms": round(seconds * 1000, 3) for name, seconds in middle.items()}
        figures[kind]["ratio"] = round(max(value for name, value in middle.items() if name != "few") / middle["few"], 3)
    figures["ratio"] = figures["together"]["ratio"]
    return figures
