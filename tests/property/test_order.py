"""The order of messages, whatever is taken, put off and handled: none is in two hands, or overtakes one of its item."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from hypothesis import given, settings
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import BaseModel

from consumers.delivery import Delivery, Heard
from consumers.order import Job, Order, Taken, Unread

STEPS = st.lists(st.tuples(st.sampled_from(["add", "take", "finish", "fail", "retry"]), st.integers(0, 9)), max_size=60)


class _Note(BaseModel):
    pass


@dataclass
class _Hand:
    jobs: list[Job[_Note]]
    items: set[str]


class _World:
    """What two hands do with an order, one step after the other."""

    def __init__(self) -> None:
        self.order = Order[_Note]()
        self.hands: list[_Hand] = []
        self.handled: list[Job[_Note]] = []
        self.unread: set[int] = set()
        self.added = 0

    @property
    def open(self) -> set[int]:
        return set(range(1, self.added + 1)) - self.unread - {job.taken.number for job in self.handled}

    def job(self, item: int) -> Job[_Note] | Unread:
        self.added += 1
        taken = Taken(Msg(_client=Client(), data=b"{}"), self.added)
        delivery = Delivery("a", b"{}", {}, str(self.added))
        if item == 9:
            return Unread(delivery, taken, "says nothing")
        return Job(Heard(_Note(), delivery), taken, str(item % 3))

    def add(self, number: int) -> None:
        read = [self.job(item) for item in (number, number + 1, number)]
        self.order.add(read)
        unread = [one.taken for one in read if isinstance(one, Unread)]
        self.unread |= {taken.number for taken in unread}
        self.order.settle(unread)

    def take(self, number: int) -> None:
        if len(self.hands) < 2:
            self.pick_up(self.order.take(number + 1))

    def pick_up(self, jobs: list[Job[_Note]]) -> None:
        items = {job.item for job in jobs}
        assert not any(items & hand.items for hand in self.hands)
        if jobs:
            self.hands.append(_Hand(jobs, items))

    def finish(self, number: int) -> None:
        if self.hands:
            hand = self.hands.pop(number % len(self.hands))
            self.handled += hand.jobs
            self.order.settle([job.taken for job in hand.jobs])
            self.order.lay_down(hand.items)

    def fail(self, number: int) -> None:
        """The first of them, and those behind it of its item; the others stay in hand."""
        if self.hands and (jobs := (hand := self.hands[number % len(self.hands)]).jobs):
            for job in jobs:
                if job.item == jobs[0].item:
                    self.order.put_off(job)
            hand.jobs = [job for job in jobs if job.item != jobs[0].item]

    def retry(self, _: int) -> None:
        for item in "012":
            if parked := self.order.parked(item):
                parked.due = monotonic()
        if len(self.hands) < 2 and (due := self.order.take_due(monotonic())):
            self.pick_up(due.jobs)


@settings(max_examples=500, deadline=None)
@given(STEPS)
def test_messages_of_an_item_are_handled_once_and_in_their_order(steps: list[tuple[str, int]]) -> None:
    world = _World()
    for name, number in steps:
        getattr(world, name)(number)
        assert {taken.number for taken in world.order.open} == world.open
        assert world.order.handled == min([world.added + 1, *world.open]) - 1
    # At the end everything is handled, the sooner the better.
    for _ in range(3 * world.added + 3):
        world.finish(0)
        world.retry(0)
        world.take(9)
    assert not world.order.open
    assert world.order.handled == world.added
    for item in "012":
        places = [job.taken.number for job in world.handled if job.item == item]
        assert places == sorted(set(places))


def test_nobody_is_woken_for_what_is_in_hand() -> None:
    """Else whoever waits for the next try would look for it without end."""
    world = _World()
    world.add(0)
    [job, *_] = world.order.take(1)
    world.order.put_off(job)
    world.retry(0)
    assert not world.hands
    assert world.order.due(5.0) > 4.0
    world.order.lay_down({job.item})
    assert world.order.due(5.0) == 0.0
