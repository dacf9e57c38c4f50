"""A client of NATS that is quick with headers: read when somebody looks at them, and written all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, cast

from nats.aio.client import _HEADER_KEY_RE, Client
from nats.protocol.command import hpub_cmd


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


class HeaderClient(Client):
    """The library's client but for that. What it overrides is private, so the library's minor version is held."""

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        return cast("dict[str, str]", Headers(raw))

    async def _send_publish(
        self, subject: str, reply: str, payload: bytes, payload_size: int, headers: dict[str, Any] | None
    ) -> None:
        # The library takes one header after the other, which takes most of the time of publishing a message.
        block = _block(headers) if headers else b""
        if not block:
            await super()._send_publish(subject, reply, payload, payload_size, headers)
            return
        self.stats["out_msgs"] += 1
        self.stats["out_bytes"] += payload_size
        await self._send_command(hpub_cmd(subject, reply, block, payload))
        if self._flush_queue is not None and self._flush_queue.empty():
            await self._flush_pending()


def _block(headers: Mapping[str, str]) -> bytes:
    """The lines of headers; nothing where one is unusual, for the library to refuse or to mend."""
    if not all(map(_is_name, headers)):
        return b""
    lines = "".join([f"{name}: {value.strip()}\r\n" for name, value in headers.items()])
    if not lines.count("\n") == lines.count("\r") == len(headers):
        return b""
    return f"NATS/1.0\r\n{lines}\r\n".encode()


@lru_cache(maxsize=256)
def _is_name(name: str) -> bool:
    return _HEADER_KEY_RE.fullmatch(name) is not None
