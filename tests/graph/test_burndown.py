"""What a sprint had to do and had done, counted from the stays of its stories."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from graph.burndown import MOST_DAYS, Day, Stay, Sum, burndown, total

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


@pytest.mark.parametrize(
    ("stay", "expected"),
    [
        (Stay(5), Sum(5)),
        (Stay(None), Sum(unestimated=1)),
        (Stay(0), Sum()),
        (Stay(5, at(3)), Sum()),
        (Stay(5, at(0), at(1)), Sum()),
        (Stay(5, at(0), at(3)), Sum(5)),
        # What was finished here stays so when the story goes elsewhere, whatever becomes of it there.
        (Stay(5, at(0), at(1), ((at(0.5), "done"),)), Sum(0, 5)),
        (Stay(5, at(0), at(1), ((at(0.5), "done"), (at(1.5), None))), Sum(0, 5)),
        (Stay(5, at(0), at(1), ((at(0.5), "done"), (at(0.7), None))), Sum()),
        (Stay(5, at(0), at(1), ((at(0.5), "cancelled"),)), Sum()),
        (Stay(5, at(0), at(1), ((at(1.5), "done"),)), Sum()),
        (Stay(5, at(0.5), at(1), ((at(0), "done"),)), Sum()),
        (Stay(5, at(0), None, ((at(1), "done"),)), Sum(0, 5)),
        (Stay(5, at(0), None, ((at(3), "done"),)), Sum(5)),
        (Stay(5, at(0), None, ((at(1), "cancelled"),)), Sum()),
        # Done and put away is done; put away and then done is done then.
        (Stay(5, at(0), None, ((at(1), "done"), (at(1.5), "cancelled"))), Sum(0, 5)),
        (Stay(5, at(0), None, ((at(1), "cancelled"), (at(1.5), "done"))), Sum(0, 5)),
        (Stay(5, at(0), None, ((at(1), "done"), (at(1.5), None))), Sum(5)),
        # What came done was not done here; by hand, nobody knows since when it is in.
        (Stay(5, at(1), None, ((at(0), "done"),)), Sum()),
        (Stay(5, at(1), None, ((at(0), "done"), (at(1.5), "done"))), Sum()),
        (Stay(5, at(1), None, ((at(0), "done"), (at(0.5), None), (at(1.5), "done"))), Sum(0, 5)),
        (Stay(5, None, None, ((at(0), "done"),)), Sum(0, 5)),
    ],
)
def test_one_stay_two_days_after_the_start(stay: Stay, expected: Sum) -> None:
    assert total([stay], at(2)) == expected


def test_a_sum_is_over_all_and_as_of_now_unless_told() -> None:
    stays = [Stay(3), Stay(None), Stay(8, at(0), None, ((at(1), "done"),)), Stay(2, at(0), at(1))]
    assert total(stays) == Sum(3, 8, 1)
    assert total(stays).committed == 11


def test_days_of_a_sprint_that_was_closed() -> None:
    stays = [
        Stay(5, at(-1), None, ((at(1), "done"),)),
        Stay(3, at(-1), at(1)),
        Stay(2, at(2)),
        Stay(8, at(-1), at(9)),
        Stay(1, at(-1), None, ((at(2), "cancelled"),)),
    ]
    found = burndown(stays, START, at(3), at(4), now=at(30))
    assert [(day.day, day.remaining, day.completed) for day in found] == [
        (date(2026, 11, 2), 17, 0),
        (date(2026, 11, 3), 9, 5),
        (date(2026, 11, 4), 10, 5),
        (date(2026, 11, 5), 10, 5),
    ]
    ideal = [day.ideal for day in found]
    assert ideal == sorted(ideal, key=lambda left: left or 0.0, reverse=True)
    # A quarter of the time is left when it is closed, of 17 points.
    assert ideal[-1] == round(17 / 4, 1)


def test_a_sprint_that_goes_on_ends_today_and_beyond_its_end_nothing_is_left() -> None:
    found = burndown([Stay(6, at(0))], START, None, at(1), now=at(2.2))
    assert [day.ideal for day in found] == [2.2, 0.0, 0.0]
    assert [day.remaining for day in found] == [6, 6, 6]


def test_without_a_planned_end_or_a_start() -> None:
    assert burndown([], START, None, None, now=START) == [Day(date(2026, 11, 2), 0, 0, None)]
    assert burndown([], START, None, at(-1), now=START)[0].ideal is None
    assert burndown([Stay(5)], None, None, at(1), now=START) == []


def test_of_a_sprint_that_is_very_long_the_last_days_are_told() -> None:
    found = burndown([Stay(6)], datetime(1, 1, 2, tzinfo=UTC), None, None, now=START)
    assert (len(found), found[0].day, found[-1].day) == (MOST_DAYS, date(2024, 2, 7), START.date())


def test_the_last_day_there_is() -> None:
    last = datetime(9999, 12, 31, 12, tzinfo=UTC)
    for closed in (last, None):
        found = burndown([Stay(6)], last - timedelta(days=1), closed, last, now=last)
        assert [day.day.day for day in found] == [30, 31]
