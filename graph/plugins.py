"""Guards, effects and derivers of other packages: found by entry points, run outside transactions, with a limit."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from importlib.metadata import entry_points
from typing import Any

import structlog
from neo4j.time import DateTime

GUARDS = "stategate.guards"
EFFECTS = "stategate.effects"
DERIVERS = "stategate.derivers"
LIMIT = 5.0  # seconds a plug-in has; what takes longer is no answer
AT_ONCE = 8  # calls of one plug-in; when so many hang, it is not called again before one of them comes back
_TURNS = 6  # limits for which a call waits while others run

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a guard is asked about: the item as it is at `version`, and the action somebody wants.

    `item` has `id`, `title`, `workflow`, `state`, `description` and what else the item carries. All of it is a copy, as
    plain data, times as RFC 3339: a plug-in can change nothing by it.
    """

    item: Mapping[str, Any]
    version: int
    action: str | None
    actor_id: str | None
    inputs: Mapping[str, Any] = field(default_factory=dict)


class Plugins:
    """The plug-ins here, plain callables or async ones.

    A guard is `(Asked) -> bool`, an effect takes an event, a deriver takes a story and returns a list of tasks.
    """

    def __init__(
        self,
        guards: Mapping[str, Callable[[Asked], Any]] | None = None,
        effects: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
        limit: float = LIMIT,
        derivers: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
    ) -> None:
        self.limit = limit
        self._guards = {name: _Plugin(call, limit) for name, call in (guards or {}).items()}
        self._effects = {name: _Plugin(call, limit) for name, call in (effects or {}).items()}
        self._derivers = {name: _Plugin(call, limit) for name, call in (derivers or {}).items()}

    @classmethod
    def installed(cls, limit: float = LIMIT) -> Plugins:
        """Those whose packages are installed; one that cannot be loaded is as one that is not there, and is logged."""
        return cls(_load(GUARDS), _load(EFFECTS), limit, _load(DERIVERS))

    async def judge(self, names: Iterable[str], asked: Asked) -> dict[str, bool | None]:
        """The guards' verdicts, all asked at once; None where one is not there, raises, hangs or says neither."""
        once = list(dict.fromkeys(names))
        return dict(zip(once, await asyncio.gather(*(self._judge(name, asked) for name in once)), strict=True))

    async def _judge(self, name: str, asked: Asked) -> bool | None:
        if name not in self._guards:
            log.warning("no such guard is installed", plugin=name)
            return None
        given = Asked(plain(asked.item), asked.version, asked.action, asked.actor_id, plain(asked.inputs))
        try:
            verdict = await self._guards[name].call(given)
        except Exception as error:
            log.warning("a guard gave no answer", plugin=name, error=str(error))
            return None
        return verdict if isinstance(verdict, bool) else None

    async def run_effect(self, name: str, event: Mapping[str, Any]) -> None:
        """Runs an effect on an event.

        Raises:
            LookupError: it is not installed. TimeoutError: it hangs. RuntimeError: it raised.
        """
        await _installed(self._effects, name).call(plain(event))

    async def derive(self, name: str, story: Mapping[str, Any]) -> Any:
        """What a deriver returns for a story. Raises as `run_effect`."""
        return await _installed(self._derivers, name).call(plain(story))


class _Plugin:
    """One plug-in, each call in a thread of its own with a loop of its own: one that hangs takes nobody with it."""

    def __init__(self, call: Callable[[Any], Any], limit: float) -> None:
        self._call = call
        self._limit = limit
        self._free = asyncio.Semaphore(AT_ONCE)
        self._hanging = 0

    async def call(self, given: Any) -> Any:
        """What the plug-in returns. Raises TimeoutError when it hangs, RuntimeError when it raised."""
        await self._until_free()
        try:
            async with asyncio.timeout(self._limit):
                value, error = await self._started(given)
        except TimeoutError:
            raise TimeoutError(f"no answer within {self._limit:g} s") from None
        if error is not None:
            raise RuntimeError(f"it raised {_words(error)}") from error
        return value

    async def _until_free(self) -> None:
        """Waits for its turn, as long as not all that are before it hang; waiting is not counted as thinking."""
        for _ in range(_TURNS):
            if self._hanging >= AT_ONCE:
                raise TimeoutError(f"{self._hanging} calls of it hang already")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limit):
                    await self._free.acquire()
                return
        raise TimeoutError(f"no turn within {_TURNS * self._limit:g} s")

    def _started(self, given: Any) -> asyncio.Future[tuple[Any, BaseException | None]]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

        def given_up(_: object) -> None:
            if done.cancelled():
                self._hanging += 1

        def settle(value: Any, error: BaseException | None) -> None:
            self._free.release()
            if done.done():
                self._hanging -= 1
            else:
                done.set_result((value, error))

        def work() -> None:
            value, error = None, None
            try:
                value = self._call(given)
                if inspect.iscoroutine(value):
                    value = asyncio.run(asyncio.wait_for(value, self._limit))
            except BaseException as caught:
                error = caught
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(settle, value, error)

        done.add_done_callback(given_up)
        threading.Thread(target=work, name="stategate-plugin", daemon=True).start()
        return done


def _installed(plugins: Mapping[str, _Plugin], name: str) -> _Plugin:
    if name not in plugins:
        raise LookupError("it is not installed here")
    return plugins[name]


def _words(error: BaseException) -> str:
    """An error as text; one whose own text cannot be made has its name at least."""
    try:
        return repr(error)[:500]
    except Exception:
        return type(error).__name__


def plain(value: Any) -> Any:
    """A copy of a value of the graph that has only what JSON has; times as RFC 3339 with Z."""
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, DateTime):
        return value.to_native().astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _load(group: str) -> dict[str, Callable[[Any], Any]]:
    found: dict[str, Callable[[Any], Any]] = {}
    for point in entry_points(group=group):
        try:
            found[point.name] = point.load()
        except Exception as error:
            log.warning("a plug-in cannot be loaded", plugin=point.name, group=group, error=repr(error))
    return found
