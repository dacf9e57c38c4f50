"""Starting one server: ports, command, waiting until it answers, and another port when somebody was quicker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import structlog

from stategate.errors import SetupError
from stategate.servers.leftover import end_leftover
from stategate.servers.ports import LOOPBACK, Ports
from stategate.servers.process import ServerProcess

log = structlog.get_logger(__name__)

TRIES = 3
PAUSE = 0.05


class Server(Protocol):
    """What differs between the servers."""

    @property
    def name(self) -> str:
        """Of the process, its log and its pid file."""

    @property
    def purposes(self) -> Sequence[str]:
        """Of its ports, as in `ports.KNOWN`."""

    @property
    def limit(self) -> float:
        """Seconds it may take to answer."""

    @property
    def grace(self) -> float:
        """Seconds it may take to end."""

    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        """Writes its configuration, returns what to run; the data folder is somewhere in it."""

    async def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether it is ready for work; SetupError when it never will be."""


class Launcher:
    """Starts servers in one data folder, and stops all that it started."""

    def __init__(self, data: Path, ports: Ports) -> None:
        self._data = data
        self._ports = ports
        self._running: list[tuple[ServerProcess, float]] = []
        self._watches: list[asyncio.Task[None]] = []

    async def launch(self, server: Server) -> Mapping[str, int]:
        """The ports it answers on, by purpose. SetupError with the end of its log when it does not.

        What an earlier run left of it is ended first: it may still have the remembered ports."""
        await end_leftover(self._data / f"{server.name}.pid")
        ports = {purpose: self._ports.choose(purpose) for purpose in server.purposes}
        for attempt in range(TRIES):
            process = await ServerProcess.start(server.name, server.command(ports), self._data)
            self._running.append((process, server.grace))
            if await _ready(server, process, ports):
                self._watches.append(asyncio.create_task(_tell_end(server.name, process)))
                return ports
            if "address already in use" not in process.tail(200).lower() or attempt + 1 == TRIES:
                break
            ports = {purpose: self._ports.choose_other(purpose) for purpose in server.purposes}
        state = f"did not answer in {server.limit:.0f} s" if process.alive else "ended while starting"
        raise SetupError(f"{server.name} {state}; it said:\n{process.tail()}")

    async def stop(self) -> None:
        """Stops all at the same time; each gets its grace."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*(process.stop(grace) for process, grace in self._running))


async def _tell_end(name: str, process: ServerProcess) -> None:
    """So that nobody looks for the reason elsewhere: what needs it waits from then on."""
    await process.ended()
    log.error("a server has ended by itself; stop stategate, and start it again", server=name, its_log=str(process.log))


async def _ready(server: Server, process: ServerProcess, ports: Mapping[str, int]) -> bool:
    """False when it ended or the time is over. An answer counts only while it lives: it might be somebody else's."""
    waiting = list(ports.values())
    with suppress(TimeoutError):
        async with asyncio.timeout(server.limit):
            while process.alive:
                waiting = [port for port in waiting if not await _listens(port)]
                if not waiting and await server.answers(ports) and process.alive:
                    return True
                await asyncio.sleep(PAUSE)
    return False


async def _listens(port: int) -> bool:
    """Cheaper to ask until it is so than any client."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
