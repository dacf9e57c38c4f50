"""A TCP proxy that a test cuts, for the faults of a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_COMMIT = b"\x00\x02\xb0\x12\x00\x00"  # Bolt's message of that name


class Proxy:
    """Passes bytes on, as long as it may."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._writers: set[asyncio.StreamWriter] = set()
        self._down = False
        self.cut_at_commit: str | None = None
        """`before` the commit arrives, or `after` it was done but not told; once."""
        self.refused = asyncio.Event()
        """Set when somebody came while nothing was passed on."""
        self.sent: list[bytes] | None = None
        """What clients sent, once a test has made it a list."""
        self.port = 0

    async def cut(self) -> None:
        """Ends every connection and takes no new one."""
        self._down = True
        for writer in list(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        self._down = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            self.refused.set()
            writer.transport.abort()
            return
        try:
            back, forth = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, forth}
        if self._down:
            # Cut while this one was being connected.
            for each in both:
                each.transport.abort()
            return
        self._writers |= both
        cutting: list[str] = []

        def asked(data: bytes) -> bool:
            if self.sent is not None:
                self.sent.append(data)
            if self.cut_at_commit and _COMMIT in data:
                cutting.append(self.cut_at_commit)
                self.cut_at_commit = None
            return cutting == ["before"]

        def answered(_: bytes) -> bool:
            return bool(cutting)

        with suppress(OSError):
            ways = [
                asyncio.ensure_future(_pass(reader, forth, asked)),
                asyncio.ensure_future(_pass(back, writer, answered)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        for each in both:
            each.transport.abort()
        self._writers -= both


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: Callable[[bytes], bool]) -> None:
    while data := await reader.read(65536):
        if stop(data):
            return
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def proxied(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy of an address, on a free port of this machine."""
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.cut()
