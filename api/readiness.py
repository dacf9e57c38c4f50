"""Whether the servers behind a door answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

Check = Callable[[], Awaitable[None]]
Answer = Literal["ok", "away"]
_PATIENCE = 3.0  # seconds a server has to answer before it counts as away


async def answers(checks: Mapping[str, Check]) -> dict[str, Answer]:
    """What each server says; a check raises when its server is away."""
    given = await asyncio.gather(*(_answer(check) for check in checks.values()))
    return dict(zip(checks, given, strict=True))


async def _answer(check: Check) -> Answer:
    try:
        async with asyncio.timeout(_PATIENCE):
            await check()
    except Exception:
        return "away"
    return "ok"
