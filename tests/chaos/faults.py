"""What goes wrong: each strikes, lasts a little, and leaves everything running again, though not yet recovered."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from nats.aio.client import Client
from nats.js.api import DiscardPolicy

from graph.fault_points import POINTS
from tests.chaos.site import PATIENCE, Machine, Replica, Site, send

Strike = Callable[[Site, Client, random.Random], Awaitable[str]]
"""Does it and returns what exactly was done."""

_SHORT = (0.5, 3.0)  # seconds that something is away
_LONG = (7.0, 9.0)  # seconds that outlast a lease, and the tries that a message has
_FULL = (3.0, 6.0)  # seconds that something is full
_REACH = 180.0  # seconds in which a fault point is passed
_PASSES = {"before-commit": 60, "after-commit": 60, "between-acks": 20, "amid-batch": 5, "before-consumer": 1}


def faults() -> dict[str, Strike]:
    """Every kind by its name."""
    servers = ("neo4j", "nats", "valkey")
    found: dict[str, Strike] = {"kill service": _kill_service, "stop service": _stop_service}
    found |= {f"kill {name}": _killing(name) for name in servers}
    found |= {"kill together": _kill_together}
    found |= {"pause service": _pause_service} | {f"pause {name}": _pausing(name) for name in servers}
    found |= {"pause together": _pause_together}
    found |= {f"cut {name}": _cutting(name) for name in servers}
    found |= {"cut together": _cut_together, "cut in commit": _cut_in_commit, "kill in commit": _kill_in_commit}
    found |= {f"full {name}": _filling(name) for name in ("AGENT_WORK", "WORKFLOW", "PLANNING")}
    found |= {"full nats": _full_nats, "full neo4j": _full_neo4j, "read-only neo4j": _read_only_neo4j}
    return found | {f"die {point}": _dying(point) for point in POINTS}


async def _rest(rng: random.Random, span: tuple[float, float]) -> None:
    await asyncio.sleep(rng.uniform(*span))


async def _kill(site: Site, victims: Sequence[Machine | Replica], rng: random.Random) -> str:
    await asyncio.gather(*(victim.kill() for victim in victims))
    machines = [victim for victim in victims if isinstance(victim, Machine)]
    if machines:
        await _rest(rng, _SHORT)
        await asyncio.gather(*(machine.start() for machine in machines))
    return ", ".join(_name(victim) for victim in victims)


async def _pause(victims: Sequence[Machine | Replica], rng: random.Random, span: tuple[float, float]) -> str:
    try:
        for victim in victims:
            send(victim, signal.SIGSTOP)
        await _rest(rng, span)
    finally:
        for victim in victims:
            send(victim, signal.SIGCONT)
    return ", ".join(_name(victim) for victim in victims)


def _name(victim: Machine | Replica) -> str:
    return victim.name if isinstance(victim, Replica) else victim.server.name


def _some(site: Site, rng: random.Random) -> list[Machine | Replica]:
    """Two or more of all there is."""
    everything: list[Machine | Replica] = [*site.machines.values(), *site.replicas]
    return rng.sample(everything, rng.randint(2, len(everything)))


async def _kill_service(site: Site, _: Client, rng: random.Random) -> str:
    return await _kill(site, [rng.choice(site.replicas)], rng)


async def _stop_service(site: Site, _: Client, rng: random.Random) -> str:
    """A rolling restart: each ends in its own time, and the next one does when it is back."""
    for replica in site.replicas:
        await replica.stop()
        assert replica.exits[-1] == 0, f"{replica.name} ended with {replica.exits[-1]} when it was asked to"
        await replica.start()
        await replica.ready()
    return ", ".join(replica.name for replica in site.replicas)


def _killing(name: str) -> Strike:
    async def strike(site: Site, _: Client, rng: random.Random) -> str:
        return await _kill(site, [site.machines[name]], rng)

    return strike


async def _kill_together(site: Site, _: Client, rng: random.Random) -> str:
    return await _kill(site, _some(site, rng), rng)


async def _pause_service(site: Site, _: Client, rng: random.Random) -> str:
    return await _pause([rng.choice(site.replicas)], rng, _LONG)


def _pausing(name: str) -> Strike:
    async def strike(site: Site, _: Client, rng: random.Random) -> str:
        return await _pause([site.machines[name]], rng, rng.choice([_SHORT, _LONG]))

    return strike


async def _pause_together(site: Site, _: Client, rng: random.Random) -> str:
    return await _pause(_some(site, rng), rng, rng.choice([_SHORT, _LONG]))


async def _cut(site: Site, names: Sequence[str], rng: random.Random) -> str:
    for name in names:
        await site.ways[name].cut()
    await _rest(rng, _SHORT)
    for name in names:
        site.ways[name].mend()
    return ", ".join(names)


def _cutting(name: str) -> Strike:
    async def strike(site: Site, _: Client, rng: random.Random) -> str:
        return await _cut(site, [name], rng)

    return strike


async def _cut_together(site: Site, _: Client, rng: random.Random) -> str:
    return await _cut(site, rng.sample(sorted(site.ways), rng.randint(2, len(site.ways))), rng)


async def _in_commit(site: Site, side: str) -> None:
    """Returns when a connection to Neo4j was cut while it committed."""
    way = site.ways["neo4j"]
    way.cut_at_commit = side
    async with asyncio.timeout(PATIENCE):
        while way.cut_at_commit:
            await asyncio.sleep(0.01)


async def _cut_in_commit(site: Site, _: Client, rng: random.Random) -> str:
    sides = [rng.choice(["before", "after"]) for _ in range(rng.randint(1, 5))]
    for side in sides:
        await _in_commit(site, side)
    return ", ".join(sides)


async def _kill_in_commit(site: Site, _: Client, rng: random.Random) -> str:
    side = rng.choice(["before", "after"])
    await _in_commit(site, side)
    return f"{side}, {await _kill(site, [site.neo4j], rng)}"


@asynccontextmanager
async def _full(connection: Client, stream: str) -> AsyncIterator[int]:
    js = connection.jetstream()
    info = await js.stream_info(stream)
    before = info.config
    limit = max(1, info.state.bytes)
    await js.update_stream(replace(before, max_bytes=limit, discard=DiscardPolicy.NEW))
    try:
        yield limit
    finally:
        await js.update_stream(before)


def _filling(stream: str) -> Strike:
    async def strike(_: Site, connection: Client, rng: random.Random) -> str:
        async with _full(connection, stream) as limit:
            await _rest(rng, _FULL)
        return f"at {limit} bytes"

    return strike


async def _full_nats(site: Site, connection: Client, rng: random.Random) -> str:
    """The server has room for a few messages more, in all streams together."""
    used = (await connection.jetstream().account_info()).storage
    await site.nats.kill()
    site.nats_server.store = used + 20_000
    try:
        await site.nats.start()
        await _rest(rng, _FULL)
        await site.nats.kill()
    finally:
        site.nats_server.store = None
    await site.nats.start()
    return f"at {used} bytes"


async def _full_neo4j(site: Site, _: Client, rng: random.Random) -> str:
    """Neo4j can write no file any more; when there is room again it is started anew, as an operator would."""
    site.neo4j.limit_files(0)
    await _rest(rng, _LONG)
    site.neo4j.limit_files(None)
    return await _kill(site, [site.neo4j], rng)


async def _read_only_neo4j(site: Site, _: Client, rng: random.Random) -> str:
    await site.neo4j.kill()
    site.neo4j_server.more = "server.databases.default_to_read_only=true\n"
    try:
        await site.neo4j.start()
        await _rest(rng, _FULL)
        await site.neo4j.kill()
    finally:
        site.neo4j_server.more = ""
    await site.neo4j.start()
    return "for some seconds"


def _dying(point: str) -> Strike:
    async def strike(site: Site, _: Client, rng: random.Random) -> str:
        """One replica alone does all the work, and so comes to the point; then all are back."""
        victim, *others = rng.sample(site.replicas, len(site.replicas))
        passes = rng.randint(1, _PASSES.get(point, 4))
        # A reader that is killed leaves messages in hand to the consumer that is made anew; one asked to end may not.
        how = signal.SIGKILL if point == "before-consumer" else signal.SIGTERM
        await asyncio.gather(*(replica.stop(how) for replica in (victim, *others)))
        await victim.start(f"{point}:{passes}")
        await victim.started()
        reached = await victim.ended(_REACH)
        if not reached:
            await victim.kill()
        for replica in others:
            await replica.start()
        return f"pass {passes}" if reached else "NOT REACHED"

    return strike
