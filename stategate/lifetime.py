"""How long a command runs: until it is done, or until somebody asks it to stop; then it cleans up and leaves."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import TypeVar

import uvloop
from rich.console import Console
from rich.markup import escape

from graph.errors import StategateError

OK, FAILED, SETUP = 0, 1, 2

_COLLECTED = (20_000, 20, 10)  # new objects after which the young are looked at; as many times, the older; the rest

Result = TypeVar("Result")


def complete(work: Coroutine[None, None, Result]) -> Result:
    """What `work` returns, on the event loop that costs the service least."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def settle() -> None:
    """To be called once everything runs: what there is by now stays, so the collector of garbage, which took a tenth of
    the time of a busy service, looks at what comes after it alone, and more seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)


def run(work: Coroutine[None, None, int], *, when_stopped: int = OK) -> int:
    """The exit code of `work`, or `when_stopped` after SIGINT or SIGTERM; an error of ours is told, not thrown."""
    try:
        return complete(_until_stopped(work, when_stopped))
    except StategateError as error:
        # What was typed may be no text, or look like markup.
        said = escape(str(error).encode(errors="backslashreplace").decode())
        Console(stderr=True).print(f"[bold red]stategate:[/] {said}", soft_wrap=True, highlight=False)
        return SETUP


async def _until_stopped(work: Coroutine[None, None, int], when_stopped: int) -> int:
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    stopped = False

    def stop() -> None:
        # Once: a second signal must not break off the cleaning up.
        nonlocal stopped
        if not stopped:
            stopped = True
            task.cancel()
            with suppress(OSError):  # nobody may read it any more
                print("stategate: stopping", file=sys.stderr, flush=True)

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not stopped:
            # Broken off by something else, which is no reason to say that all went well.
            raise
        return when_stopped
