"""Servers and services as processes of their own, that can be killed, paused, cut off and filled up.

All is on this machine's loopback and in one folder; every process that is signalled was started here, and is known by
its id. What comes back is on the same port, over the same data."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx2

from stategate.servers.download import download_jars
from stategate.servers.environment import Addresses
from stategate.servers.jars import read_lock
from stategate.servers.launch import Launcher, Server
from stategate.servers.nats import Nats
from stategate.servers.neo4j import Neo4j
from stategate.servers.password import USER, kept_password
from stategate.servers.ports import LOOPBACK, Ports
from stategate.servers.show import quiet
from stategate.servers.valkey import Valkey
from stategate.settings import load_settings
from tests.command import STATEGATE, environment
from tests.proxy import Proxy, proxied

PATIENCE = 180.0  # seconds for anything to come back
HEAP, PAGE_CACHE = "512m", "256m"
# Soon as fast as it gets: it is killed again before more thorough compiling would pay.
JVM = "-XX:TieredStopAtLevel=1"
_LOOK = 0.1  # seconds between two looks at what gives no sign by itself
_SOON = 0.5  # seconds before a service that could not start is started again


class SmallNeo4j(Neo4j):
    """With a small heap, and with more lines of configuration when a fault wants some."""

    more = ""

    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        command = super().command(ports)
        arguments = Path(command[1].removeprefix("@"))
        arguments.write_text(f"{JVM}\n{arguments.read_text()}")
        config = arguments.with_name("neo4j.conf")
        config.write_text(config.read_text() + self.more)
        return command


class SmallNats(Nats):
    """With less room for its streams when a fault wants it so."""

    store: int | None = None

    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        command = super().command(ports)
        if self.store is not None:
            file = Path(command[-1])
            config = json.loads(file.read_text())
            config["jetstream"]["max_file_store"] = self.store
            file.write_text(json.dumps(config))
        return command


class Victim(Protocol):
    """What a fault may strike."""

    @property
    def pid(self) -> int | None: ...

    async def kill(self) -> None:
        """As kill -9; returns when it is gone."""

    async def start(self) -> None:
        """Starts it again, where it does not start by itself."""


class Machine:
    """One server."""

    def __init__(self, server: Server, data: Path) -> None:
        self.server = server
        self.port = 0
        self._data = data
        self._launcher: Launcher | None = None

    async def start(self) -> None:
        self._launcher = Launcher(self._data, Ports(self._data, prefer_known=False))
        ports = await self._launcher.launch(self.server)
        port = next(iter(ports.values()))
        assert self.port in {0, port}, f"{self.server.name} came back on another port"
        self.port = port

    @property
    def pid(self) -> int | None:
        """Of the server itself, not of its guard; None while it does not run."""
        try:
            return int((self._data / f"{self.server.name}.pid").read_text().splitlines()[1])
        except (OSError, IndexError):
            return None

    async def kill(self) -> None:
        send(self, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while self.pid:
                await asyncio.sleep(_LOOK)

    async def stop(self) -> None:
        if self._launcher:
            await self._launcher.stop()

    def limit_files(self, size: int | None) -> None:
        """Lets it write no file beyond that size, as a full disk would; None lifts that."""
        pid = self.pid
        assert pid, f"{self.server.name} does not run"
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


class Replica:
    """One `stategate serve`, started again whenever it ends, as a machine that runs services would."""

    def __init__(self, name: str, folder: Path, settings: Mapping[str, str]) -> None:
        self.name = name
        self.url = f"http://{LOOPBACK}:{_free_port()}"
        self.log = folder / "logs" / f"{name}.log"
        self._folder = folder
        self._settings = dict(settings) | {"http_port": str(urlsplit(self.url).port), "data_dir": str(folder / name)}
        self._points = ""
        self._process: asyncio.subprocess.Process | None = None
        self._wanted, self._began = asyncio.Event(), asyncio.Event()
        self._keeper = asyncio.create_task(self._keep())
        self.exits: list[int] = []

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self, points: str = "") -> None:
        """`points` are fault points of its next process, and of no later one."""
        self._points = points
        self._began.clear()
        self._wanted.set()

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Asks it to end, and keeps it ended until it is started."""
        self._wanted.clear()
        await self._end(how)

    async def started(self) -> None:
        """Returns when the process that was asked for last is there."""
        await self._began.wait()

    async def ended(self, seconds: float) -> bool:
        """Whether its process ends by itself in that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if self._process:
                    await self._process.wait()
                return True
        return False

    async def ready(self) -> None:
        """Returns when it and its servers answer; TimeoutError when they do not."""
        async with asyncio.timeout(PATIENCE), httpx2.AsyncClient(timeout=10) as http:
            while True:
                with suppress(httpx2.HTTPError):
                    if (await http.get(f"{self.url}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(_LOOK)

    async def close(self) -> None:
        self._keeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeper
        send(self, signal.SIGCONT)
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        send(self, how)
        try:
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        except TimeoutError:
            send(self, signal.SIGKILL)
            await process.wait()
            raise

    async def _keep(self) -> None:
        while True:
            await self._wanted.wait()
            settings = self._settings | ({"fault_points": self._points} if self._points else {})
            self._points = ""
            with self.log.open("ab") as output:
                self._process = await asyncio.create_subprocess_exec(
                    STATEGATE, "serve", cwd=self._folder, env=environment(**settings), stdout=output, stderr=output
                )
            self._began.set()
            code = await self._process.wait()
            self.exits.append(code)
            if code > 0:
                await asyncio.sleep(_SOON)


class Site:
    """Everything there is to strike, and the ways between the services and their servers."""

    def __init__(self, data: Path, neo4j: SmallNeo4j, nats: SmallNats, valkey: Valkey) -> None:
        self.data = data
        self.neo4j, self.nats, self.valkey = Machine(neo4j, data), Machine(nats, data), Machine(valkey, data)
        self.neo4j_server, self.nats_server = neo4j, nats
        self.ways: dict[str, Proxy] = {}
        self.replicas: list[Replica] = []

    @property
    def machines(self) -> dict[str, Machine]:
        return {"neo4j": self.neo4j, "nats": self.nats, "valkey": self.valkey}

    @property
    def addresses(self) -> Addresses:
        """Straight to the servers, past the proxies."""
        return Addresses(
            f"bolt://{LOOPBACK}:{self.neo4j.port}",
            USER,
            kept_password(self.data),
            None,
            f"nats://{LOOPBACK}:{self.nats.port}",
            f"redis://{LOOPBACK}:{self.valkey.port}/0",
        )

    async def ready(self) -> None:
        """Returns when every replica and every server answers."""
        async with asyncio.TaskGroup() as group:
            for replica in self.replicas:
                group.create_task(replica.ready())


@asynccontextmanager
async def open_site(data: Path, replicas: int) -> AsyncIterator[Site]:
    """Servers, proxies and so many services, all ready. Whatever happens, all of it is ended at the end."""
    settings = load_settings(data_dir=data, neo4j_uri=None, nats_url=None, valkey_url=None)
    data = settings.data_dir
    data.mkdir(parents=True, exist_ok=True)
    lock = read_lock(settings.neo4j_version)
    jars = await download_jars(lock, settings.cache_dir, settings.maven_url, quiet.downloading)
    site = Site(data, SmallNeo4j(lock.version, jars, data, HEAP, PAGE_CACHE), SmallNats(data), Valkey(data))
    async with AsyncExitStack() as stack:
        async with asyncio.TaskGroup() as group:
            for machine in site.machines.values():
                stack.push_async_callback(machine.stop)
                group.create_task(machine.start())
        for name, machine in site.machines.items():
            site.ways[name] = await stack.enter_async_context(proxied(LOOPBACK, machine.port))
        given = {
            "neo4j_uri": f"bolt://{LOOPBACK}:{site.ways['neo4j'].port}",
            "neo4j_user": USER,
            "neo4j_password": kept_password(data),
            "nats_url": f"nats://{LOOPBACK}:{site.ways['nats'].port}",
            "valkey_url": f"redis://{LOOPBACK}:{site.ways['valkey'].port}/0",
        }
        for number in range(replicas):
            replica = Replica(f"serve-{number + 1}", data, given)
            stack.push_async_callback(replica.close)
            site.replicas.append(replica)
            await replica.start()
        await site.ready()
        yield site


def send(victim: Victim | Machine, how: signal.Signals) -> None:
    """A signal to a process of ours that may be gone."""
    if pid := victim.pid:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
