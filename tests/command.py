"""The command line as a person runs it: a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

STATEGATE = str(Path(sys.executable).with_name("stategate"))
PATIENCE = 600.0  # seconds: on a busy machine it takes minutes until plans are made


def environment(**settings: str) -> dict[str, str]:
    """The environment of this process with these settings instead of any others."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("STATEGATE_")}
    return {**plain, **{f"STATEGATE_{name.upper()}": value for name, value in settings.items()}}


async def finished(*arguments: str | bytes, cwd: Path, stdin: str = "", **settings: str) -> tuple[int, str]:
    """The exit code and all output of a command that ends by itself."""
    process = await asyncio.create_subprocess_exec(
        STATEGATE,
        *arguments,
        cwd=cwd,
        env=environment(**settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return process.returncode, output.decode()


class Up:
    """A `stategate up` that runs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> dict[str, Any]:
        """Its addresses, once it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            STATEGATE,
            "up",
            cwd=self.folder,
            env=environment(data_dir=str(self.folder / "data"), http_port="0"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = b""
        async with asyncio.timeout(PATIENCE):
            while b"Ready" not in said:
                line = await self._process.stdout.readline() if self._process.stdout else b""
                assert line, said.decode()
                said += line
        file = self.folder / "data" / "addresses.json"
        assert file.stat().st_mode & 0o777 == 0o600
        addresses: dict[str, Any] = json.loads(file.read_text())
        assert addresses["pid"] == self._process.pid
        return addresses

    async def end(self, name: signal.Signals) -> int:
        """Its exit code after a signal."""
        assert self._process is not None
        self._process.send_signal(name)
        async with asyncio.timeout(PATIENCE):
            await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode

    def processes(self) -> dict[int, str]:
        """The processes whose command line names the folder, by id."""
        listed = subprocess.run(["ps", "-eo", "pid=,command="], capture_output=True, text=True, check=True).stdout
        found = (line.strip().partition(" ") for line in listed.splitlines() if str(self.folder) in line)
        return {int(pid): command for pid, _, command in found}

    async def gone(self) -> bool:
        """Whether, given a moment, nothing of it runs any more."""
        for _ in range(100):
            if not self.processes():
                return True
            await asyncio.sleep(0.1)
        return False
