"""Three NATS servers of one cluster, from the same wheel as the one that Stategate starts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nats.errors import Error as NatsError

from stategate.servers.nats import Nats, jetstream_answers
from stategate.servers.ports import LOOPBACK, Ports
from stategate.servers.process import ServerProcess

NAMES = ("a", "b", "c")
_PATIENCE = 60.0


class NatsCluster:
    """Starts them, kills one, starts it again."""

    def __init__(self, folder: Path) -> None:
        ports = Ports(folder, prefer_known=False)
        self._folder = folder
        self._ports = {name: ports.choose(f"nats-{name}") for name in NAMES}
        self._routes = {name: ports.choose(f"route-{name}") for name in NAMES}
        self._running: dict[str, ServerProcess] = {}

    @property
    def url(self) -> str:
        """All of them, as STATEGATE_NATS_URL has it."""
        return ",".join(f"nats://{LOOPBACK}:{port}" for port in self._ports.values())

    async def start(self, name: str) -> None:
        data = self._folder / name
        data.mkdir(exist_ok=True)
        binary, flag, path = Nats(data).command({"nats": self._ports[name]})
        routes = [f"nats-route://{LOOPBACK}:{port}" for port in self._routes.values()]
        listen = {"name": "stategate", "host": LOOPBACK, "port": self._routes[name], "routes": routes}
        config = json.loads(Path(path).read_text()) | {"server_name": name, "cluster": listen}
        Path(path).write_text(json.dumps(config))
        self._running[name] = await ServerProcess.start("nats", (binary, flag, path), data)

    async def answer(self) -> None:
        """Returns when the cluster has a leader, whichever server is asked."""
        async with asyncio.timeout(_PATIENCE):
            for name in self._running:
                while True:
                    try:
                        await jetstream_answers(f"nats://{LOOPBACK}:{self._ports[name]}")
                        break
                    except (NatsError, OSError, TimeoutError):
                        await asyncio.sleep(0.1)

    async def kill(self, name: str) -> None:
        """Ends one as a power cut would."""
        _, server, _ = (self._folder / name / "nats.pid").read_text().splitlines()
        os.kill(int(server), signal.SIGKILL)
        await self._running.pop(name).stop(1)

    async def stop(self) -> None:
        await asyncio.gather(*(process.stop(5) for process in self._running.values()))


@asynccontextmanager
async def nats_cluster(folder: Path) -> AsyncIterator[NatsCluster]:
    cluster = NatsCluster(folder)
    try:
        for name in NAMES:
            await cluster.start(name)
        await cluster.answer()
        yield cluster
    finally:
        await cluster.stop()
