"""The longest chain of open tasks that a story has to wait for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from graph.circle import circle, told
from graph.database import Row
from graph.errors import ConflictError

USUAL = 1  # what a task without an estimate counts


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """Tasks by their ids, each depending on the one before it; `length` is the sum of their estimates.

    The last one is of the story, those before it may be of others. `unestimated` of them count one each.
    """

    tasks: list[str] = field(default_factory=list)
    length: float = 0
    unestimated: int = 0


def critical_path(tasks: Sequence[Row]) -> CriticalPath:
    """The longest chain that ends in an own task, of open tasks `{id, is_own, estimate, on: [id]}` in a fixed order.

    Of chains of the same length it is the one whose tasks come first in that order.

    Raises:
        ConflictError: tasks wait for each other, made so by hand.
    """
    by_id = {task["id"]: task for task in tasks}
    edges = {task["id"]: [on for on in task["on"] if on in by_id] for task in tasks}
    if found := circle(edges):
        raise ConflictError(f"These tasks wait for each other, so no chain of them has an end: {told(found)}.")
    lengths: dict[str, float] = {}
    before: dict[str, str | None] = {}
    for id in TopologicalSorter(edges).static_order():
        before[id] = max(edges[id], key=lambda on: lengths[on], default=None)
        previous = before[id]
        lengths[id] = _estimate(by_id[id]) + (0 if previous is None else lengths[previous])
    last = max((task["id"] for task in tasks if task["is_own"]), key=lambda id: lengths[id], default=None)
    if last is None:
        return CriticalPath()
    way = [last]
    while (previous := before[way[-1]]) is not None:
        way.append(previous)
    unestimated = sum(by_id[id]["estimate"] is None for id in way)
    return CriticalPath(way[::-1], lengths[last], unestimated)


def _estimate(task: Row) -> float:
    estimate = task["estimate"]
    return USUAL if estimate is None else float(estimate)
