"""A client of NATS that reads the headers of a message when somebody looks at them, which is seldom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import cast

from nats.aio.client import Client


class Headers(Mapping[str, str]):
    """What the library makes of a block of headers: it takes longer than to read the message they belong to."""

    def __init__(self, raw: bytes) -> None:
        """`raw` is not empty."""
        self._raw = raw

    @cached_property
    def _read(self) -> dict[str, str]:
        return Client._parse_header_lines(self._raw)

    def __getitem__(self, name: str) -> str:
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)

    def __bool__(self) -> bool:
        """Told without reading them, as everybody asks this first."""
        return True


class LateReader(Client):
    """The library's client but for that; should it read them elsewhere some day, they are read at once again."""

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        return cast("dict[str, str]", Headers(raw))
