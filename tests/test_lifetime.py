"""How a command ends: as its work did, or as somebody asked."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from stategate.lifetime import run


async def _broken_off() -> int:
    raise asyncio.CancelledError


async def _stopped() -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()
    return 0


def test_work_that_is_broken_off_without_a_signal_is_no_success() -> None:
    with pytest.raises(asyncio.CancelledError):
        run(_broken_off())


def test_work_that_is_stopped_by_a_signal_ends_as_it_should() -> None:
    assert run(_stopped(), when_stopped=7) == 7
