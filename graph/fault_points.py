"""Places at which the process can be made to end as by kill -9, so that a test ends it exactly there.

Nothing is armed unless the operator asks for it by a setting; what passes a place then costs one look into an empty
dictionary."""

from __future__ import annotations

import os
import signal

POINTS = {
    "before-commit": "what a transaction writes is worked out, and not committed",
    "after-commit": "a transaction is committed, and nobody was told",
    "before-answer": "GraphQL's commands are decided, and not answered",
    "before-ack": "messages are handled, and none is acknowledged",
    "between-acks": "some of the messages handled together are acknowledged",
    "before-publish": "events are taken from the outbox, and none is published",
    "amid-batch": "some events are sent, and not all of these confirmed",
    "before-removal": "events are confirmed by their streams, and still in the outbox",
    "before-consumer": "a consumer was deleted, and is not made anew",
}

_left: dict[str, int] = {}


def parse(wanted: str) -> dict[str, int]:
    """`{name: passes}` of a text like `before-ack:3, after-commit:20`. ValueError for anything else."""
    found: dict[str, int] = {}
    for one in filter(None, (part.strip() for part in wanted.split(","))):
        name, _, passes = one.partition(":")
        if name not in POINTS or not passes.isdecimal() or not int(passes):
            raise ValueError("no such fault point")
        found[name] = int(passes)
    return found


def arm(wanted: str) -> None:
    """Ends this process when it passes a point the so-many-th time; an empty text disarms all."""
    _left.clear()
    _left.update(parse(wanted))


def passing(point: str) -> None:
    """Called at the point of that name."""
    if point in _left:
        _left[point] -= 1
        if not _left[point]:
            os.kill(os.getpid(), signal.SIGKILL)
