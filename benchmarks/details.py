"""From which length on texts are better read from Valkey than with the row of their item.

Starts servers of its own. Prints for 50 tasks with descriptions of each length the median milliseconds of reading their
rows with the texts in them, their rows without and the texts from Valkey, and their rows without and the texts from
Neo4j; and of the texts alone. `--json` is for programs.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from graph import details
from graph.details import Details
from stategate.bench.world import World
from stategate.cache import ValkeyCache
from stategate.servers.environment import open_environment
from stategate.service import open_engine
from stategate.settings import settings_alone

LENGTHS = (100, 300, 1_000, 3_000, 10_000, 20_000, 100_000)
TASKS, WARMING, MEASURED = 50, 60, 60
WAYS = ("row", "valkey", "neo4j", "texts_valkey", "texts_neo4j")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_alone(Path(folder))
        async with (
            open_environment(settings) as servers,
            open_engine(servers, settings) as engine,
            ValkeyCache.connected(servers.valkey_url) as cache,
        ):
            world = await World.open(engine)
            ids = (await world.walkers(TASKS)).ids
            kept, plain = Details(engine.db, cache), Details(engine.db)

            figures: dict[int, dict[str, float]] = {}
            for length in LENGTHS:
                await engine.db.write("bench/texts", ids=ids, text=("A long text. " * length)[:length])
                details._LONGEST = 0  # so that each length can be kept
                rows = list((await plain.light(ids)).values())
                ways: dict[str, Callable[[], Awaitable[object]]] = {
                    "row": partial(engine.trees.items_by_ids, ids),
                    "valkey": partial(kept.whole, ids),
                    "neo4j": partial(plain.whole, ids),
                    "texts_valkey": partial(kept.texts, rows),
                    "texts_neo4j": partial(plain.texts, rows),
                }
                figures[length] = await _medians(ways)
    if "--json" in sys.argv:
        print(json.dumps(figures))
        return
    print(f"{'length':>8}" + "".join(f"{way:>14}" for way in WAYS))
    for length, found in figures.items():
        print(f"{length:>8}" + "".join(f"{found[way]:>14.2f}" for way in WAYS))


async def _medians(ways: dict[str, Callable[[], Awaitable[object]]]) -> dict[str, float]:
    samples: dict[str, list[float]] = {way: [] for way in ways}
    # In turns, so that whatever else the machine does meets all of them.
    for number in range(WARMING + MEASURED):
        for way, ask in ways.items():
            began = time.perf_counter()
            await ask()
            if number >= WARMING:
                samples[way].append((time.perf_counter() - began) * 1000)
    return {way: statistics.median(found) for way, found in samples.items()}


asyncio.run(main())
