"""Things that wait for each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter


def circle(depends_on: Mapping[str, Iterable[str]]) -> list[str]:
    """Ids of which each depends on the next, the last one the same as the first; empty when there are none such."""
    try:
        TopologicalSorter(depends_on).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def told(ids: Iterable[str]) -> str:
    """A way from one to the next, for people."""
    return " → ".join(ids)
