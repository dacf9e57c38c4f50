"""The event path of a process as a whole."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import consumers.service
from consumers.service import Part
from graph.errors import StategateError
from stategate.servers.environment import Addresses
from stategate.service import serving
from stategate.settings import Settings
from tests.doors.bus import PATIENCE


async def _broken(*_: Any) -> None:
    raise ZeroDivisionError


async def _broken_off(*_: Any) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("how", [_broken, _broken_off])
async def test_a_part_that_ends_by_itself_ends_the_process(
    settings: Settings, servers: Addresses, monkeypatch: pytest.MonkeyPatch, how: Any
) -> None:
    monkeypatch.setattr(consumers.service, "run_cleaner", how)
    with pytest.raises(StategateError, match="ended by itself"):
        async with asyncio.timeout(PATIENCE), serving(settings, servers, parts=[Part.OUTBOX], http=False):
            await asyncio.Event().wait()
