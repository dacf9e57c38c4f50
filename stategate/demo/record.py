"""What was heard on the bus while the demo ran."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SUBJECTS = ("planning.>", "workflow.>", "agent.work.>", "dead.>")


@dataclass(frozen=True, slots=True)
class Heard:
    subject: str
    body: dict[str, Any]


@dataclass(slots=True)
class Record:
    """Every message once: what is published again carries the same id."""

    messages: list[Heard] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def add(self, subject: str, data: bytes, headers: dict[str, str] | None) -> Heard | None:
        """Keeps a message and wakes whoever waits; None when it was heard before."""
        mark = (headers or {}).get("Nats-Msg-Id")
        if mark is not None and mark in self._ids:
            return None
        if mark is not None:
            self._ids.add(mark)
        heard = Heard(subject, json.loads(data))
        self.messages.append(heard)
        async with self._grown:
            self._grown.notify_all()
        return heard

    def by_subject(self) -> Counter[str]:
        return Counter(message.subject for message in self.messages)

    async def reach(self, expected: dict[str, int], seconds: float) -> bool:
        """Waits until each subject was heard as often as expected; False when that takes too long."""
        try:
            async with asyncio.timeout(seconds), self._grown:
                await self._grown.wait_for(lambda: all(self.by_subject()[name] >= n for name, n in expected.items()))
        except TimeoutError:
            return False
        return True
