"""In which order tasks are created, so that what one depends on is there before it; and which can never be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graph.circle import circle, told

_CIRCLES = 10  # that are named; each is looked for in all that is left
_MORE = "it is in one more circle of tasks that wait for each other, or waits for one"


@dataclass(slots=True)
class Order:
    """Tasks that come after all others, in this order; and those that cannot come at all, each with the reason."""

    late: list[str] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)


def order(depends_on: Mapping[str, list[str]], line: Mapping[str, int], known: Callable[[str], bool]) -> Order:
    """The order of new tasks.

    `depends_on` of those that depend on any; `line` of every new task, by which they come; `known`: whether a task
    that is not new is there.
    """
    found = Order()
    waiting: dict[str, list[str]] = {}
    for id, others in depends_on.items():
        for other in others:
            if other in line:
                waiting.setdefault(other, []).append(id)
            elif not known(other):
                found.bad.setdefault(
                    id, f"there is no task '{other}', neither in the graph nor as a right row of the file"
                )
    _spread(found.bad, list(found.bad), waiting)
    open = {
        id: sum(other in depends_on for other in others) for id, others in depends_on.items() if id not in found.bad
    }
    ready = deque(sorted((id for id, count in open.items() if not count), key=lambda id: line[id]))
    late: set[str] = set()
    while ready:
        id = ready.popleft()
        del open[id]
        if any(other in line and (line[other] > line[id] or other in late) for other in depends_on[id]):
            late.add(id)
            found.late.append(id)
        for next in waiting.get(id, []):
            if next in open:
                open[next] -= 1
                if not open[next]:
                    ready.append(next)
    # What is left is in a circle, or behind one.
    circles: dict[str, str] = {}
    left = {id: [other for other in depends_on[id] if other in open] for id in open}
    for _ in range(_CIRCLES):
        way = circle(left)
        circles |= dict.fromkeys(way, f"these tasks wait for each other: {told(way)}")
        for id in set(way):
            del left[id]
    _spread(circles, list(circles), waiting)
    found.bad |= circles | {id: _MORE for id in open if id not in circles}
    return found


def _spread(bad: dict[str, str], new: list[str], waiting: Mapping[str, list[str]]) -> None:
    """What depends on a bad row is bad too."""
    while new:
        id = new.pop()
        for next in waiting.get(id, []):
            if next not in bad:
                bad[next] = f"'{id}', which it depends on, is a bad row"
                new.append(next)
