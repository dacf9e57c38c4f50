"""How much memory there is, and how much of it a started Neo4j takes: this machine is not its alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

MB = 2**20
_SHARE = 8  # an eighth for the heap, an eighth for the page cache
_HEAP = (512, 4096)  # MB at the least and at the most; more is seldom better, as it makes the collector's pauses longer
_PAGE_CACHE = (128, 8192)
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory(limits: Sequence[Path] = _LIMITS) -> int:
    """Bytes this process may use: those of the machine, or of its container where that has fewer."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for limit in limits:
        # No such file, or the word `max`: no limit.
        with suppress(OSError, ValueError):
            found.append(int(limit.read_text()))
    return min(found)


def heap(total: int) -> str:
    """Of a machine with `total` bytes, as Java and Neo4j write it."""
    return _share(total, *_HEAP)


def page_cache(total: int) -> str:
    """Of a machine with `total` bytes, as Neo4j writes it."""
    return _share(total, *_PAGE_CACHE)


def _share(total: int, least: int, most: int) -> str:
    return f"{min(most, max(least, total // MB // _SHARE))}m"
