"""The messages one reader has taken and not handled: which may be handled now, and up to where everything is."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic

from nats.aio.msg import Msg

from consumers.delivery import Delivery, Event, Heard

BACK_OFF = 0.2  # seconds before the second try; doubled each time
LONGEST_BACK_OFF = 5.0


@dataclass(slots=True)
class Taken:
    """A message that was taken from its stream, where it has a `number`; `done` when nothing is left to do about it."""

    message: Msg
    number: int
    done: bool = False


@dataclass(slots=True)
class Job(Generic[Event]):
    """One that could be read, and what it is about."""

    heard: Heard[Event]
    taken: Taken
    item: str
    error: str = ""


@dataclass(slots=True)
class Unread:
    """One that says nothing to us, and why."""

    delivery: Delivery
    taken: Taken
    reason: str


@dataclass(slots=True)
class Parked(Generic[Event]):
    """Messages of one item, of which the first could not be handled; those behind it must not overtake it."""

    jobs: list[Job[Event]]
    tries: int = 0
    due: float = field(default_factory=lambda: monotonic() + BACK_OFF)


class Order(Generic[Event]):
    """Keeps the messages of each item in the order of the stream, while others are handled beside them."""

    def __init__(self, *, each: bool = False) -> None:
        """`each` as in `Subscribed`: whether every message wants an acknowledgement."""
        self._each = each
        self._open: deque[Taken] = deque()
        self._line: list[Job[Event]] = []
        self._in_hand: set[str] = set()
        self._parked: dict[str, Parked[Event]] = {}
        self._newest = 0
        self.handled = 0
        """The place in the stream up to which nothing is left to do."""

    @property
    def open(self) -> list[Taken]:
        """What something is left to do about."""
        return [taken for taken in self._open if not taken.done]

    @property
    def waiting(self) -> int:
        """Messages nobody has in hand yet, but for parked ones."""
        return len(self._line)

    @property
    def is_any_free(self) -> bool:
        """Whether `take` would find one."""
        return any(job.item not in self._in_hand and job.item not in self._parked for job in self._line)

    @property
    def is_any_in_hand(self) -> bool:
        """Whether something is handled right now."""
        return bool(self._in_hand)

    def split(self, read: Iterable[Job[Event] | Unread]) -> tuple[list[Job[Event] | Unread], list[Taken]]:
        """Those that are new, and of those that come again the ones that are `handled`, and so to be acknowledged.

        One that is not handled yet comes again when its time with the server is over. It is known already, unless the
        consumer had a reader before us, which is where `each` is acknowledged.
        """
        if self._each:
            return list(read), []
        new, again = [], []
        for one in read:
            if one.taken.number > self._newest:
                self._newest = one.taken.number
                new.append(one)
            elif one.taken.number <= self.handled:
                again.append(one.taken)
        return new, again

    def add(self, read: Iterable[Job[Event] | Unread]) -> None:
        """The next ones of the stream."""
        for one in read:
            self._open.append(one.taken)
            if isinstance(one, Job):
                self._line.append(one)

    def take(self, most: int) -> list[Job[Event]]:
        """The first that may be handled now; their items are in hand until they are `laid_down`."""
        free: list[Job[Event]] = []
        left: list[Job[Event]] = []
        for job in self._line:
            if job.item in self._in_hand or len(free) >= most:
                left.append(job)
            elif parked := self._parked.get(job.item):
                parked.jobs.append(job)
            else:
                free.append(job)
        self._line = left
        self._in_hand.update([job.item for job in free])
        return free

    def lay_down(self, items: Collection[str]) -> None:
        """What is left of these is in nobody's hands any more."""
        self._in_hand.difference_update(items)

    def put_off(self, job: Job[Event]) -> None:
        """Parks it, behind what is parked of its item; another try is due soon."""
        if parked := self._parked.get(job.item):
            parked.jobs.append(job)
        else:
            self._parked[job.item] = Parked([job])

    def parked(self, item: str) -> Parked[Event] | None:
        """What waits for another try, with all that is behind it."""
        return self._parked.get(item)

    def take_parked(self, item: str) -> list[Job[Event]]:
        """The same, which is not parked any more."""
        return self._parked.pop(item).jobs

    def take_due(self, now: float) -> Parked[Event] | None:
        """What is to be tried again by `now`, of one item, which is in hand from then on."""
        for item, parked in self._parked.items():
            if parked.due <= now and item not in self._in_hand:
                self._in_hand.add(item)
                return self._parked.pop(item)
        return None

    def due(self, idle: float) -> float:
        """Seconds until something parked is to be tried again, at most `idle`."""
        dues = [parked.due for item, parked in self._parked.items() if item not in self._in_hand]
        return max(0.0, min([idle, *(due - monotonic() for due in dues)]))

    def settle(self, handled: Collection[Taken]) -> list[Msg]:
        """Nothing is left to do about these; the messages to acknowledge, which may be one for all before it."""
        for one in handled:
            one.done = True
            one.message.data = b""  # Others may be open before it for seconds; what it said is of no use any more.
        last: list[Msg] = []
        while self._open and self._open[0].done:
            taken = self._open.popleft()
            self.handled, last = max(self.handled, taken.number), [taken.message]
        return [one.message for one in handled] if self._each else last
