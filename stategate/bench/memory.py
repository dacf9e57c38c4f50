"""Whether the service keeps more and more memory, over as many actions as one likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stategate.bench.path import Path
from stategate.bench.service import Service

_LOOKS = 100  # at the most
_CHUNK = 2000  # actions between two looks, at the least


async def memory(path: Path, service: Service, actions: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`{actions, samples: [{actions, megabytes}], first_mb, last_mb, growth}`.

    `growth` is the mean of the last quarter over that of the second, by when all that is loaded once has been loaded.
    """
    chunk = max(min(_CHUNK, actions), actions // _LOOKS)
    samples = [{"actions": 0, "megabytes": await service.memory()}]
    done = 0
    while done < actions:
        count = min(chunk, actions - done)
        await path.burst(count)
        await path.settle()
        done += count
        samples.append({"actions": done, "megabytes": await service.memory()})
        say(f"memory: {samples[-1]['megabytes']} MB after {done} of {actions} actions")
    held = [sample["megabytes"] for sample in samples]
    quarter = max(1, len(held) // 4)
    second, last = held[quarter : 2 * quarter], held[-quarter:]
    growth = (sum(last) / len(last)) / (sum(second) / len(second))
    return {"actions": done, "samples": samples, "first_mb": held[0], "last_mb": held[-1], "growth": round(growth, 3)}
