"""One server as a child process that cannot outlive us."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stategate.servers.leftover import end_leftover

GUARD = Path(__file__).with_name("guard.py")


class ServerProcess:
    """A running server. Its output is `<data>/logs/<name>.log`, its process ids are in `<data>/<name>.pid`."""

    def __init__(self, guard: asyncio.subprocess.Process, log: Path, pidfile: Path) -> None:
        self._guard = guard
        self._log = log
        self._pidfile = pidfile

    @classmethod
    async def start(cls, name: str, command: Sequence[str], data: Path) -> ServerProcess:
        """Starts it; `data` has to be somewhere in the command, so that `end_leftover` can recognise it."""
        pidfile, log = data / f"{name}.pid", data / "logs" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as output:
            guard = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(GUARD), str(pidfile), "--", *command),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(guard, log, pidfile)

    @property
    def alive(self) -> bool:
        """False from the moment the server has ended, for whatever reason."""
        return self._guard.returncode is None

    @property
    def log(self) -> Path:
        """Where its output is."""
        return self._log

    async def ended(self) -> None:
        """Returns when it has, for whatever reason."""
        await self._guard.wait()

    def tail(self, lines: int = 20) -> str:
        """The end of the log and where it is, for error messages."""
        text = self._log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([*text, f"(from {self._log})"])

    async def stop(self, grace: float) -> None:
        """SIGTERM, then SIGKILL after the grace; returns when nothing is left, also when the guard was killed."""
        pipe = self._guard.stdin
        assert pipe is not None  # noqa: S101 - it was asked for in `start`
        # The guard may have ended before; uvloop says of a pipe that it has closed then a RuntimeError.
        with suppress(ConnectionError, RuntimeError):
            pipe.write(str(grace).encode())
            pipe.close()
            await pipe.wait_closed()
        try:
            await asyncio.wait_for(self._guard.wait(), grace + 5)
        except TimeoutError:
            os.kill(self._guard.pid, signal.SIGKILL)
            await self._guard.wait()
        await end_leftover(self._pidfile)
