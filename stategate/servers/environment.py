"""The three servers for one run: those named by URL are checked, the others started and, at the end, stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from stategate.servers.check import check_nats, check_neo4j, check_valkey
from stategate.servers.datafolder import hold_data_folder
from stategate.servers.download import download_jars
from stategate.servers.jars import read_lock
from stategate.servers.launch import Launcher, Server
from stategate.servers.nats import Nats
from stategate.servers.neo4j import Neo4j
from stategate.servers.password import USER, kept_password
from stategate.servers.ports import Ports
from stategate.servers.show import Show, quiet
from stategate.servers.valkey import Valkey
from stategate.settings import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers are. `browser` is Neo4j's page for people, of a started Neo4j only."""

    neo4j_uri: str
    neo4j_user: str
    neo4j_password: str = field(repr=False)
    browser: str | None
    nats_url: str = field(repr=False)
    valkey_url: str = field(repr=False)


@asynccontextmanager
async def open_environment(
    settings: Settings, *, show: Show = quiet, prefer_known_ports: bool = False
) -> AsyncIterator[Addresses]:
    """The addresses of three servers that answer, until the end of the block.

    SetupError when one cannot be had. Whatever ends the block or the start, all that was started is stopped."""
    async with AsyncExitStack() as stack:
        if not (settings.neo4j_uri and settings.nats_url and settings.valkey_url):
            stack.enter_context(hold_data_folder(settings.data_dir))
        launcher = Launcher(settings.data_dir, Ports(settings.data_dir, prefer_known=prefer_known_ports))
        stack.push_async_callback(launcher.stop)
        makers = _Makers(settings, launcher, show)
        try:
            async with asyncio.TaskGroup() as group:
                neo4j = group.create_task(makers.neo4j())
                nats = group.create_task(makers.nats())
                valkey = group.create_task(makers.valkey())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        uri, user, password, browser = neo4j.result()
        yield Addresses(uri, user, password, browser, nats.result(), valkey.result())


class _Makers:
    """One method a server: checks it or starts it, and returns how to reach it."""

    def __init__(self, settings: Settings, launcher: Launcher, show: Show) -> None:
        self._settings = settings
        self._launcher = launcher
        self._show = show

    async def neo4j(self) -> tuple[str, str, str, str | None]:
        settings, data = self._settings, self._settings.data_dir
        if settings.neo4j_uri:
            password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else ""
            await check_neo4j(settings.neo4j_uri, settings.neo4j_user, password)
            return settings.neo4j_uri, settings.neo4j_user, password, None
        lock = read_lock(settings.neo4j_version)
        try:
            jars = await download_jars(lock, settings.cache_dir, settings.maven_url, self._show.downloading)
        finally:
            self._show.download_ended()
        server = Neo4j(lock.version, jars, data, settings.neo4j_heap, settings.neo4j_page_cache)
        ports = await self._launch(server)
        return server.uri(ports), USER, kept_password(data), server.browser(ports)

    async def nats(self) -> str:
        if self._settings.nats_url:
            await check_nats(self._settings.nats_url)
            return self._settings.nats_url
        server = Nats(self._settings.data_dir)
        return server.url(await self._launch(server))

    async def valkey(self) -> str:
        if self._settings.valkey_url:
            await check_valkey(self._settings.valkey_url)
            return self._settings.valkey_url
        server = Valkey(self._settings.data_dir)
        return server.url(await self._launch(server))

    async def _launch(self, server: Server) -> Mapping[str, int]:
        self._show.starting(server.name)
        begun = time.monotonic()
        ports = await self._launcher.launch(server)
        self._show.ready(server.name, time.monotonic() - begun)
        return ports
