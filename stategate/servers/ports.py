"""The ports of started servers: the same as last time when they are free, so that an open Browser tab keeps working."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
KNOWN = {"neo4j-bolt": 7687, "neo4j-http": 7474, "nats": 4222, "valkey": 6379}


class Ports:
    """Ports by purpose (the keys of `KNOWN`), remembered in `<data>/ports.json`."""

    def __init__(self, data: Path, *, prefer_known: bool) -> None:
        self._file = data / "ports.json"
        self._prefer_known = prefer_known
        self._taken: dict[str, int] = {}

    def choose(self, purpose: str) -> int:
        """The remembered port, else (if so wished) the well-known one, else any that is free now."""
        wishes = [self._remembered().get(purpose), KNOWN[purpose] if self._prefer_known else None, 0]
        return self._take(purpose, [wish for wish in wishes if wish is not None])

    def choose_other(self, purpose: str) -> int:
        """Any free port, after somebody took the chosen one before our server could."""
        return self._take(purpose, [0])

    def _take(self, purpose: str, wishes: list[int]) -> int:
        others = {port for name, port in self._taken.items() if name != purpose}
        port = next(found for wish in [*wishes, 0, 0, 0] if (found := _free(wish)) and found not in others)
        self._taken[purpose] = port
        self._file.write_text(json.dumps(self._remembered() | self._taken))
        return port

    def _remembered(self) -> dict[str, int]:
        """What an unreadable file remembers is not worth an error."""
        with suppress(OSError, ValueError, TypeError, AttributeError, OverflowError):
            return {name: int(port) for name, port in json.loads(self._file.read_text()).items()}
        return {}


def _free(port: int) -> int | None:
    """The port if it can be listened on (for 0: one that can), else nothing."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            return None
        return int(probe.getsockname()[1])
