"""Keys of an order: one fits between any two, the others stay, and they grow slowly."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import ConflictError
from graph.rank_keys import DIGITS, between, salt

KEYS = st.text(DIGITS, max_size=20).flatmap(lambda start: st.sampled_from(DIGITS[1:]).map(lambda last: start + last))
ENDS = st.text(DIGITS, max_size=2).flatmap(lambda start: st.sampled_from(DIGITS[1:]).map(lambda last: start + last))
NEW = "1795660800000000ab3f1"


@given(KEYS, KEYS, ENDS)
def test_a_key_fits_between_any_two(one: str, other: str, end: str) -> None:
    low, high = sorted((one, other))
    if low != high:
        assert low < between(low, high, end) < high


@given(KEYS, ENDS)
def test_a_key_fits_at_either_end(key: str, end: str) -> None:
    assert between(None, key, end) < key < between(key, None, end)


@given(st.lists(st.tuples(st.integers(0), ENDS), max_size=60))
def test_an_order_is_kept_and_nothing_else_is_written(moves: list[tuple[int, str]]) -> None:
    order = [NEW]
    for number, end in moves:
        place = number % (len(order) + 1)
        low, high = (order[place - 1] if place else None), (order[place] if place < len(order) else None)
        order.insert(place, between(low, high, end))
    assert all(one < other for one, other in pairwise(order))


@pytest.mark.parametrize("first", [True, False])
def test_keys_at_the_ends_do_not_grow(first: bool) -> None:
    key = NEW
    for _ in range(5_000):
        key = between(None, key, salt()) if first else between(key, None, salt())
    assert len(key) == 19


@pytest.mark.parametrize("after", [True, False])
def test_keys_at_one_place_grow_by_a_character_in_four_moves(after: bool) -> None:
    low, high = NEW, between(NEW, None, salt())
    for _ in range(1_000):
        key = between(low, high, salt())
        low, high = (key, high) if after else (low, key)
    assert len(key) < 16 + 3 + 1_000 / 4


def test_two_who_put_something_to_one_place_at_once_make_two_keys() -> None:
    assert len({between("a", "b", salt()) for _ in range(30)}) == 30


@pytest.mark.parametrize(
    ("low", "high"),
    [("b", "a"), ("a", "a"), ("a", "a0"), ("", "a"), ("a b", "c"), (None, "é"), ("a", f"a{'0' * 5_000}1")],
)
def test_what_was_made_by_hand_is_told(low: str | None, high: str | None) -> None:
    with pytest.raises(ConflictError):
        between(low, high, salt())
