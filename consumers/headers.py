"""A client of NATS that reads the headers of a message when somebody looks at them, which is seldom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import cast

from nats.aio.client import Client


class Headers(Mapping[str, str]):
    """What the library makes of a block of headers: it takes longer than to read the message they belong to."""

    def __init__(self, raw: bytes) -> None:
        """`raw` is a block of lines as they came."""
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
        """Everybody asks this first, so it is said without reading them, of a block without any line as well."""
        return True


class LateReader(Client):
    """The library's client but for that. What it overrides is private, so the library's minor version is held."""

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        return cast("dict[str, str]", Headers(raw))
