"""Items whose events the bus did not take: they rest, longer each time, so that they hold up no others meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

_FIRST, _LONGEST = 0.5, 5.0  # seconds of a rest; doubled each time
_MOST = 10_000  # items that rest at once


class Resting:
    """Those of one publisher, by their ids."""

    def __init__(self) -> None:
        self._items: dict[str, tuple[float, float]] = {}
        """`{item: (until, pause)}`; one is known for a while after its rest, in which it may fail again."""

    def now(self) -> list[str]:
        """Those that rest now."""
        now = monotonic()
        self._items = {item: rest for item, rest in self._items.items() if rest[0] + _LONGEST > now}
        return [item for item, (until, _) in self._items.items() if until > now]

    def put(self, items: Iterable[str]) -> bool:
        """Lets them rest; False when there are too many, and some do not."""
        all_rest, now = True, monotonic()
        for item in items:
            if item in self._items:
                pause = min(self._items[item][1] * 2, _LONGEST)
            elif len(self._items) < _MOST:
                pause = _FIRST
            else:
                all_rest = False
                continue
            self._items[item] = (now + pause, pause)
        return all_rest

    def wake(self, items: Iterable[str]) -> None:
        """Forgets that they failed."""
        for item in items:
            self._items.pop(item, None)
