"""Tasks of a file in an order in which each comes after what it depends on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graph.transfer.order import order

IDS = [str(n) for n in range(7)]


@given(st.dictionaries(st.sampled_from(IDS), st.lists(st.sampled_from([*IDS, "old", "none"]), min_size=1, unique=True)))
def test_each_after_what_it_depends_on(depends_on: dict[str, list[str]]) -> None:
    line = {id: place for place, id in enumerate(IDS)}
    found = order(depends_on, line, lambda id: id == "old")
    written = [id for id in IDS if id not in found.bad and id not in found.late] + found.late
    assert sorted([*written, *found.bad]) == IDS
    for place, id in enumerate(written):
        assert {other for other in depends_on.get(id, []) if other != "old"} <= set(written[:place])
    # What could come does: a bad one waits for what is not there, or for a bad one.
    for id in found.bad:
        assert any(other == "none" or other in found.bad for other in depends_on[id])


def test_what_is_wrong_is_said() -> None:
    line = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
    depends_on = {"a": ["b"], "b": ["a"], "c": ["b"], "d": ["x"], "e": ["e"]}
    assert order(depends_on, line, lambda id: False).bad == {
        "a": "these tasks wait for each other: a → b → a",
        "b": "these tasks wait for each other: a → b → a",
        "c": "'b', which it depends on, is a bad row",
        "d": "there is no task 'x', neither in the graph nor as a right row of the file",
        "e": "these tasks wait for each other: e → e",
    }
