"""A process of its own that has NATS and Valkey started, says so, and waits: usage: owner.py DATA_FOLDER."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from stategate.servers.launch import Launcher
from stategate.servers.nats import Nats
from stategate.servers.ports import Ports
from stategate.servers.valkey import Valkey


async def own(data: Path) -> None:
    """Until it is killed."""
    launcher = Launcher(data, Ports(data, prefer_known=False))
    await asyncio.gather(launcher.launch(Nats(data)), launcher.launch(Valkey(data)))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(own(Path(sys.argv[1])))
