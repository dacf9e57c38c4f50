"""The started NATS."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import nats
import pytest

from stategate.servers.launch import Launcher
from stategate.servers.nats import Nats
from stategate.servers.ports import Ports


async def test_what_the_streams_hold_already_is_not_taken_from_what_they_may_fill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody else has filled the disk meanwhile."""
    for free, messages in ((40, 30), (12, 6)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free * 2**20))
        launcher, server = Launcher(tmp_path, Ports(tmp_path, prefer_known=False)), Nats(tmp_path)
        client = await nats.connect(server.url(await launcher.launch(server)))
        try:
            stream = client.jetstream()
            await stream.add_stream(name="FULL", subjects=["full"])
            for _ in range(messages):
                await stream.publish("full", b"x" * 500_000)
        finally:
            await client.close()
            await launcher.stop()
