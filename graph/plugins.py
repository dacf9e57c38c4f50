"""Guards and effects of other packages: found by entry points, run outside transactions, within a time limit."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

import structlog

GUARDS = "stategate.guards"
EFFECTS = "stategate.effects"
_LIMIT = 5.0  # seconds a plug-in has; what takes longer is no answer

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a guard is asked about: the item as it is at `version`, and the action somebody wants.

    `item` has `id`, `title`, `workflow`, `state`, `description` and what else the item carries, as plain data.
    """

    item: Mapping[str, Any]
    version: int
    action: str | None
    actor_id: str | None
    inputs: Mapping[str, Any] = field(default_factory=dict)


class Plugins:
    """The plug-ins here. A guard is a callable `(Asked) -> bool`, plain or async; an effect takes an event."""

    def __init__(
        self,
        guards: Mapping[str, Callable[[Asked], Any]] | None = None,
        effects: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
        limit: float = _LIMIT,
    ) -> None:
        self._guards = dict(guards or {})
        self._effects = dict(effects or {})
        self._limit = limit

    @classmethod
    def installed(cls) -> Plugins:
        """Those whose packages are installed; one that cannot be loaded is as one that is not there, and is logged."""
        return cls(_load(GUARDS), _load(EFFECTS))

    async def judge(self, name: str, asked: Asked) -> bool | None:
        """The guard's verdict; None when there is no such guard, or it raises, hangs or answers no truth value."""
        guard = self._guards.get(name)
        if guard is None:
            log.warning("no such guard is installed", plugin=name)
            return None
        try:
            verdict = await _call(guard, asked, self._limit)
        except Exception as error:
            log.warning("a guard gave no answer", plugin=name, error=repr(error))
            return None
        return verdict if isinstance(verdict, bool) else None

    def effect(self, name: str) -> Callable[[Mapping[str, Any]], Any] | None:
        return self._effects.get(name)

    async def run_effect(self, name: str, event: Mapping[str, Any]) -> None:
        """Runs an effect on an event.

        Raises:
            LookupError: it is not installed. TimeoutError: it hangs. RuntimeError: it raised.
        """
        effect = self._effects.get(name)
        if effect is None:
            raise LookupError(f"no effect '{name}' is installed")
        await _call(effect, event, self._limit)


async def _call(plugin: Callable[[Any], Any], given: Any, limit: float) -> Any:
    """Runs a plug-in in a thread of its own with a loop of its own: one that hangs takes nobody with it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_result((value, error))

    def work() -> None:
        value, error = None, None
        try:
            value = plugin(given)
            if inspect.iscoroutine(value):
                value = asyncio.run(value)
        except BaseException as caught:
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=work, name="stategate-plugin", daemon=True).start()
    value, error = await asyncio.wait_for(done, limit)
    if error is not None:
        raise RuntimeError(f"the plug-in raised {error!r}") from error
    return value


def _load(group: str) -> dict[str, Callable[[Any], Any]]:
    found: dict[str, Callable[[Any], Any]] = {}
    for point in entry_points(group=group):
        try:
            found[point.name] = point.load()
        except Exception as error:
            log.warning("a plug-in cannot be loaded", plugin=point.name, group=group, error=repr(error))
    return found
