"""What a figure was measured on: without it a figure says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import redis.asyncio as redis
from nats.aio.client import Client
from neo4j import AsyncDriver

_ROOT = Path(__file__).parents[2]
_VALKEY = ("valkey_version", "redis_version")


async def describe(driver: AsyncDriver, nats: Client, valkey_url: str) -> dict[str, Any]:
    """`{cpu, cores, memory_gb, load, os, python, stategate, commit, neo4j, nats, valkey}`; unknown ones are None."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load": round(os.getloadavg()[0], 2),
        "os": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "stategate": metadata.version("stategate"),
        "commit": _said("git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
        if (_ROOT / ".git").exists()
        else None,
        "neo4j": (await driver.get_server_info()).agent.removeprefix("Neo4j/"),
        "nats": str(nats.connected_server_version),
        "valkey": await _valkey(valkey_url),
    }


def _cpu() -> str | None:
    if sys.platform == "darwin":
        return _said("sysctl", "-n", "machdep.cpu.brand_string")
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or None
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, None) or platform.machine()


def _said(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


async def _valkey(url: str) -> str | None:
    async with redis.from_url(url) as client:
        told = await client.info("server")
    return next((str(told[name]) for name in _VALKEY if name in told), None)
