"""How long an action waits: published, until its assignment is heard; and what nobody can go below."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from stategate.bench.path import Path
from stategate.bench.quantiles import milliseconds, quantile
from stategate.bench.sizes import Sizes
from stategate.bench.world import World

BARE_RATE = 50


async def latency(world: World, path: Path, item: str, sizes: Sizes) -> dict[str, Any]:
    """`{"<rate>_per_s": {p50_ms, …}, bare_write: {…}, bare_round_trip: {…}, bare_both: {…}, p99_50_to_bare}`."""
    figures: dict[str, Any] = {}
    writes, trips, both = [list[float]() for _ in range(3)]

    async def bare() -> None:
        """At the pace of the actions it is compared with."""
        began = time.perf_counter()
        for number in range(max(2, int(sizes.bare * BARE_RATE))):
            await asyncio.sleep(max(0.0, began + number / BARE_RATE - time.perf_counter()))
            first = time.perf_counter()
            await world.engine.db.write("bench/bare", id=item)
            second = time.perf_counter()
            await path.round_trip()
            third = time.perf_counter()
            writes.append(second - first)
            trips.append(third - second)
            both.append(third - first)

    if sizes.warm:
        # Few at a time are other plans and other code than many; it takes as long until they are compiled.
        await path.paced(BARE_RATE, sizes.warm)
    await bare()
    p99 = 0.0
    for rate, seconds in sizes.rates.items():
        late = await path.paced(rate, seconds)
        figures[f"{rate}_per_s"] = milliseconds(late)
        if rate == BARE_RATE:
            p99 = quantile(late, 0.99)
            await bare()
    figures["bare_write"], figures["bare_round_trip"] = milliseconds(writes), milliseconds(trips)
    figures["bare_both"] = milliseconds(both)
    figures["p99_50_to_bare"] = round(p99 / quantile(both, 0.99), 2)
    return figures
