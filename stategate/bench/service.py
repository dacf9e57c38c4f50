"""The service that is measured, in a process of its own: people and agents are elsewhere too.

Run as a module it reads a line of JSON, serves until its input ends, and says in a line of JSON where GraphQL answers.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from consumers.service import Part
from stategate.bench.plain import one_by_one
from stategate.errors import SetupError
from stategate.lifetime import complete, settle
from stategate.servers.environment import Addresses
from stategate.service import ALL_PARTS, serving
from stategate.settings import load_settings

_START = 120.0  # seconds it may take to answer
_END = 30.0  # and to end
_MEGABYTE = 1024  # in the unit of `ps`


@dataclass(frozen=True, slots=True)
class Service:
    """Where it answers, and its process."""

    graphql: str
    pid: int

    async def memory(self) -> float:
        """Its resident memory in megabytes."""
        ps = await asyncio.create_subprocess_exec("ps", "-o", "rss=", "-p", str(self.pid), stdout=subprocess.PIPE)
        said, _ = await ps.communicate()
        return round(int(said) / _MEGABYTE, 1)


@asynccontextmanager
async def service(addresses: Addresses, at_once: int | None = None) -> AsyncIterator[Service]:
    """Runs it while the block runs; with `at_once` each message has a transaction of its own, so many at the same time.

    Raises:
        SetupError: it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    pipe, said = process.stdin, process.stdout
    assert pipe is not None  # noqa: S101 - both were asked for
    assert said is not None  # noqa: S101
    try:
        pipe.write(json.dumps({"addresses": asdict(addresses), "at_once": at_once}).encode() + b"\n")
        try:
            line = await asyncio.wait_for(said.readline(), _START)
            yield Service(json.loads(line)["graphql"], process.pid)
        except (TimeoutError, ValueError) as error:
            raise SetupError("the service that is to be measured does not start; what it said stands above") from error
    finally:
        pipe.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _END)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _serve(addresses: Addresses, at_once: int | None) -> None:
    settings = load_settings(
        http_host="127.0.0.1", http_port=0, planning_grpc_port=0, workflow_grpc_port=0, trust_declared_role=False
    )
    parts = ALL_PARTS if at_once is None else tuple(part for part in Part if part is not Part.WORKFLOW)
    async with serving(settings, addresses, parts=parts) as served:
        reader = asyncio.create_task(_ended())
        plain = [] if at_once is None else [asyncio.create_task(one_by_one(served.engine, addresses.nats_url, at_once))]
        settle()
        print(json.dumps({"graphql": served.graphql}), flush=True)  # noqa: T201 - this is what the parent waits for
        done, _ = await asyncio.wait([reader, *plain], return_when=asyncio.FIRST_COMPLETED)
        for task in plain:
            task.cancel()
        for task in done:
            await task


async def _ended() -> None:
    """Returns when whoever began this process is gone, for whatever reason."""
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    complete(_serve(Addresses(**order["addresses"]), order["at_once"]))


if __name__ == "__main__":
    main()
