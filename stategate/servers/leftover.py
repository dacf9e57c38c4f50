"""Servers that an earlier run left behind because it was killed together with its guards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

GRACE = 15.0


async def end_leftover(pidfile: Path) -> None:
    """Ends the server of a pid file, if it still runs and is really ours, and removes the file.

    The file lies in the data folder, and a server of ours has that folder in its command line: a process that got
    the same id later does not. A guard that still lives is ending its server at this moment; that is waited for."""
    try:
        first, second, program = pidfile.read_text().splitlines()
        guard, server = int(first), int(second)
    except (FileNotFoundError, ValueError):
        return
    marks = (str(pidfile.parent), program)
    for how in (signal.SIGTERM, signal.SIGKILL):
        if _is_ours(server, marks):
            with suppress(ProcessLookupError):
                os.kill(server, how)
            await _gone(server, marks)
    await _gone(guard, marks)
    pidfile.unlink(missing_ok=True)


async def _gone(pid: int, marks: tuple[str, ...]) -> None:
    """Waits for it, but not for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            while _is_ours(pid, marks):
                await asyncio.sleep(0.05)


def _is_ours(pid: int, marks: tuple[str, ...]) -> bool:
    command = _command_line(pid)
    return all(mark in command for mark in marks)


def _command_line(pid: int) -> str:
    """Empty when there is no such process; small images have no `ps`, and macOS has no /proc."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        except OSError:
            return ""
    asked = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout
