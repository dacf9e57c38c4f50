"""The lock files: which jars make one Neo4j release, with their sizes and checksums."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LOCKS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of a lock file; `path` is the path in a Maven repository, and in the cache."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Lock:
    """One release: its jars, and a digest of the lock file that changes when any of them does."""

    version: str
    jars: tuple[Jar, ...]
    digest: str


@cache
def locked_versions() -> tuple[str, ...]:
    """The Neo4j versions that can be started, newest first."""
    versions = [path.name.removeprefix("neo4j-").removesuffix(".lock") for path in LOCKS.glob("neo4j-*.lock")]
    return tuple(sorted(versions, key=version_key, reverse=True))


def version_key(version: str) -> tuple[int, ...]:
    """What versions are compared by; the calendar versions are newer than 5.x."""
    return tuple(int(part) for part in version.split("."))


def read_lock(version: str, locks: Path = LOCKS) -> Lock:
    """The lock of a version out of `locked_versions()`."""
    text = (locks / f"neo4j-{version}.lock").read_text(encoding="ascii")
    fields = (line.split() for line in text.splitlines())
    jars = tuple(Jar(path, int(size), sha256) for path, size, sha256 in fields)
    return Lock(version, jars, hashlib.sha256(text.encode()).hexdigest())
