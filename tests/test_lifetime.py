"""How a command ends: as its work did, or as somebody asked."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

import pytest

from stategate.lifetime import run


async def _broken_off() -> int:
    raise asyncio.CancelledError


async def _stopped() -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(asyncio.Event().wait(), 60)
    return 0


def test_work_that_is_broken_off_without_a_signal_is_no_success() -> None:
    with pytest.raises(asyncio.CancelledError):
        run(_broken_off())


def test_work_is_stopped_also_when_nobody_can_be_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the output goes to a program that has ended."""
    read, write = os.pipe()
    os.close(read)
    gone = os.fdopen(write, "w")
    monkeypatch.setattr("sys.stderr", gone)
    assert run(_stopped(), when_stopped=7) == 7
    monkeypatch.undo()
    with suppress(BrokenPipeError):
        gone.close()


def test_work_that_is_stopped_by_a_signal_ends_as_it_should() -> None:
    assert run(_stopped(), when_stopped=7) == 7
