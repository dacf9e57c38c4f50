"""All measurements in their order, on servers of their own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path as Folder
from statistics import median
from typing import Any

from consumers.bus import connected
from consumers.streams import Streams
from graph.engine import Engine
from stategate.bench.ceiling import Ceiling
from stategate.bench.details import details
from stategate.bench.latency import latency
from stategate.bench.machine import describe
from stategate.bench.memory import memory
from stategate.bench.path import Path
from stategate.bench.reads import reads
from stategate.bench.scale import Scale
from stategate.bench.service import service
from stategate.bench.sizes import Sizes
from stategate.bench.world import Walkers, World
from stategate.lifetime import settle
from stategate.servers.environment import Addresses, open_environment
from stategate.servers.show import Show
from stategate.service import open_engine
from stategate.settings import settings_alone

SCALES = ("history", "actors", "backlog", "rules", "items")  # the slowest to undo comes last
PARTS = ("gate", "path", "latency", "reads", *SCALES)
_SIDE_BY_SIDE = 32

Say = Callable[[str], None]


async def measure(sizes: Sizes, parts: Collection[str], actions: int, say: Say, show: Show) -> dict[str, Any]:
    """What was measured: `{at, seconds, machine, parts, ratios, scale, figures}`.

    `actions` is over how many the memory of the service is watched, 0 for not at all. What was not measured is None.

    Raises:
        BenchError: something did not do what it is measured for. SetupError: a server cannot be had.
    """
    began, at = time.perf_counter(), datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="stategate-bench-") as folder:
        settings = settings_alone(Folder(folder))
        async with open_environment(settings, show=show) as servers:
            say("the rules are loaded and Neo4j plans the statements")
            async with open_engine(servers, settings) as engine:
                bench = await _Bench.open(servers, engine, sizes, say)
                # As in a service, so that the gate is measured as it runs there.
                settle()
                async with connected(servers.nats_url, "stategate-bench") as client:
                    await Streams(client).ensure()
                    machine = await describe(engine.db.driver, client, servers.valkey_url)
                figures = await bench.run(parts, actions)
    return {
        "at": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seconds": round(time.perf_counter() - began),
        "parts": [part for part in PARTS if part in parts],
        "ratios": {
            "gate_to_ceiling": figures["throughput"].get("gate_to_ceiling"),
            "end_to_end_to_ceiling": figures["throughput"].get("end_to_end_to_ceiling"),
            "end_to_end_to_sequential": figures["throughput"].get("end_to_end_to_sequential"),
            "p99_50_to_bare": figures["latency"].get("p99_50_to_bare"),
        },
        "scale": {name: figures["scale"].get(name, {}).get("ratio") for name in sorted(SCALES)},
        "figures": figures,
        "machine": machine,
    }


@dataclass(slots=True)
class _Bench:
    servers: Addresses
    sizes: Sizes
    say: Say
    world: World
    ceiling: Ceiling
    walkers: Walkers
    """Those of the gate and of the event path."""
    free: Walkers
    """Those of the ceiling, which nothing judges."""

    @classmethod
    async def open(cls, servers: Addresses, engine: Engine, sizes: Sizes, say: Say) -> _Bench:
        world = await World.open(engine)
        ceiling = await Ceiling.learn(world)
        return cls(
            servers, sizes, say, world, ceiling, await world.walkers(sizes.walkers), await world.walkers(sizes.walkers)
        )

    async def run(self, parts: Collection[str], actions: int) -> dict[str, dict[str, Any]]:
        figures: dict[str, dict[str, Any]] = {"throughput": {}, "latency": {}, "reads": {}, "scale": {}, "memory": {}}
        if not {"gate", "path", "latency", *SCALES}.isdisjoint(parts):
            await self._warm(with_path="path" in parts)
        if not {"gate", "path"}.isdisjoint(parts):
            figures["throughput"] = await self._throughput(with_path="path" in parts)
        if actions or not {"latency", "reads"}.isdisjoint(parts):
            async with service(self.servers) as served, self._path() as path:
                if actions or "latency" in parts:
                    await path.rate(self.sizes.seconds, self.sizes.least)
                if "latency" in parts:
                    self.say("latency, with and without company")
                    figures["latency"] = await latency(self.world, path, self.free.ids[0], self.sizes)
                if "reads" in parts:
                    self.say("reads over GraphQL")
                    figures["reads"] = await reads(self.world, served.graphql, self.sizes)
                if actions:
                    figures["memory"] = await memory(path, served, actions, self.say)
        if "reads" in parts:
            self.say("long texts and artefacts, with Valkey and without")
            figures["reads"] |= await details(self.world, self.servers, self.sizes)
        scale = Scale(self.world, self.ceiling, self.sizes, self.say)
        measures: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
            "history": scale.history,
            "actors": scale.actors,
            "backlog": scale.backlog,
            "rules": scale.rules,
            "items": scale.items,
        }
        for name in SCALES:
            if name in parts:
                self.say(f"{name}: few and many")
                figures["scale"][name] = await measures[name]()
        return figures

    async def _warm(self, *, with_path: bool) -> None:
        self.say("warming up")
        for work in (self._write, self._decide):
            await self._rate(work, self.sizes.warm)
        if with_path and self.sizes.warm:
            # As long as the others, because Neo4j compiles what the path does as well.
            async with service(self.servers) as _, self._path() as path:
                until = time.perf_counter() + self.sizes.warm
                while time.perf_counter() < until:
                    await path.burst(self.sizes.least)

    async def _throughput(self, *, with_path: bool) -> dict[str, Any]:
        """Actions a second, and the medians of the ratios within a round."""
        rounds: list[dict[str, float]] = []
        for number in range(self.sizes.rounds):
            self.say(f"throughput: round {number + 1} of {self.sizes.rounds}")
            found = {
                "ceiling": await self._rate(self._write, self.sizes.seconds),
                "gate": await self._rate(self._decide, self.sizes.seconds),
            }
            if with_path:
                for name, at_once in (("end_to_end", None), ("sequential", 1), ("side_by_side", _SIDE_BY_SIDE)):
                    async with service(self.servers, at_once), self._path() as path:
                        await path.burst(self.sizes.least // 10)
                        least = self.sizes.least if at_once is None else self.sizes.least // 10
                        found[name] = await path.rate(self.sizes.seconds, least)
            rounds.append(found)
            self.say("throughput: " + ", ".join(f"{name} {rate:.0f}/s" for name, rate in found.items()))
        pairs = {
            "gate_to_ceiling": ("gate", "ceiling"),
            "end_to_end_to_ceiling": ("end_to_end", "ceiling"),
            "end_to_end_to_sequential": ("end_to_end", "sequential"),
            "end_to_end_to_side_by_side": ("end_to_end", "side_by_side"),
        }
        figures: dict[str, Any] = {
            f"{name}_per_s": round(median(found[name] for found in rounds)) for name in rounds[0]
        }
        for name, (one, other) in pairs.items():
            if one in rounds[0] and other in rounds[0]:
                figures[name] = round(median(found[one] / found[other] for found in rounds), 3)
        return figures | {"batch": self.sizes.batch, "rounds": rounds}

    async def _rate(self, work: Callable[[], Awaitable[int]], seconds: float) -> float:
        """Actions a second; what waits to be published is taken away afterwards, outside the time."""
        began, done = time.perf_counter(), 0
        while not done or time.perf_counter() - began < seconds:
            done += await work()
        took = time.perf_counter() - began
        await self.world.forget_events()
        return done / took

    async def _write(self) -> int:
        return await self.ceiling.write(self.free, self.sizes.batch)

    async def _decide(self) -> int:
        return await self.world.decide(self.walkers, self.sizes.batch)

    def _path(self) -> Any:
        return Path.open(self.servers.nats_url, self.walkers, self.ceiling.steps)
