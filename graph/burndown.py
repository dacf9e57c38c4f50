"""How a sprint went: what was to do and what was done at any time, from the histories of its stories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DONE = "done"  # the outcome of final states that are reached by finishing
MOST_DAYS = 1_000
NOW = datetime.max.replace(tzinfo=UTC)  # later than whatever the graph has noted


@dataclass(frozen=True, slots=True)
class Stay:
    """A story's time in a sprint.

    `points` None is a story without an estimate, `entered_at` None one that was put in by hand, `left_at` None one that
    is in it still. `ends` are its hops into final states, with their outcome, and out of them, with None, in order.
    """

    points: int | None
    entered_at: datetime | None = None
    left_at: datetime | None = None
    ends: tuple[tuple[datetime, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """Points at one time: `open` of what was to do, `done` of what was finished; stories without an estimate apart."""

    open: int = 0
    done: int = 0
    unestimated: int = 0

    @property
    def committed(self) -> int:
        return self.open + self.done


@dataclass(frozen=True, slots=True)
class Day:
    """The end of a day; `ideal` is what would be left if work went on evenly to the planned end."""

    day: date
    remaining: int
    completed: int
    ideal: float | None


def total(stays: Sequence[Stay], moment: datetime = NOW) -> Sum:
    """The sum over the stories in a sprint; one that was given up counts for nothing, as does one that came done."""
    counted = [(stay.points, _is_done(stay, moment)) for stay in stays]
    return Sum(
        sum(points or 0 for points, done in counted if done is False),
        sum(points or 0 for points, done in counted if done),
        sum(points is None for points, done in counted if done is not None),
    )


def burndown(
    stays: Sequence[Stay],
    started_at: datetime | None,
    closed_at: datetime | None,
    ends_at: datetime | None,
    now: datetime,
) -> list[Day]:
    """Each day (UTC) from the start of a sprint to its close, or to today; none of one that was not started.

    Of more than `MOST_DAYS` days, as when a time was spoilt by hand, these are the last ones.
    """
    if started_at is None:
        return []
    whole = total(stays, started_at).committed
    first, last = (moment.astimezone(UTC).date() for moment in (started_at, closed_at or now))
    found: list[Day] = []
    days = (last - first).days + 1
    for place in range(max(days - MOST_DAYS, 0), days):
        day = first + timedelta(days=place)
        end = NOW if day == date.max else datetime.combine(day + timedelta(days=1), time(), UTC)
        moment = min(end, closed_at or end)
        sums = total(stays, moment)
        ideal = None
        if ends_at is not None and ends_at > started_at:
            left = 1 - (moment - started_at) / (ends_at - started_at)
            ideal = round(whole * max(left, 0.0), 1)
        found.append(Day(day, sums.open, sums.done, ideal))
    return found


def _is_done(stay: Stay, moment: datetime) -> bool | None:
    """Whether it was done in the sprint or still to do; None when it was not there, came done or was given up.

    One that has left is what it was when it left, if it was done then; else it is not there any more.
    """
    if stay.entered_at is not None and moment < stay.entered_at:
        return None
    has_left = stay.left_at is not None and moment >= stay.left_at
    moment = min(moment, stay.left_at or moment)
    outcome, since = None, None
    for at, to in stay.ends:
        # What is done stays done when it is put away, which is another final state; only going on undoes it.
        if at <= moment and to != outcome and (outcome != DONE or to is None):
            outcome, since = to, at
    if outcome is None:
        return None if has_left else False
    came_done = since is not None and stay.entered_at is not None and since < stay.entered_at
    return True if outcome == DONE and not came_done else None
