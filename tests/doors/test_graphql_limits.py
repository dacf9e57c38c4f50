"""How much a request may ask for: what asks for more is refused in words that say what would be right."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from api.pages import read, write
from graph.errors import BadInputError
from graph.limits import NAMED
from stategate.service import Served
from tests.doors.raw import post


async def test_fragments_that_spread_others_twice_are_measured_once(served: Served) -> None:
    chain = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    answer = await post(served, f"{{ ...f0 }} {chain} fragment f60 on Query {{ __typename }}")
    assert answer == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(("count", "refused"), [(49, False), (50, True)])
async def test_aliases_are_limited(served: Served, count: int, refused: bool) -> None:
    inner = " ".join(f"x{n}: __typename" for n in range(count))
    answer = await post(served, f"{{ a: __typename ...f b: __typename ...f }} fragment f on Query {{ {inner} }}")
    said = [error["message"] for error in answer.get("errors", [])]
    assert said == (["There are more than 100 aliases; spread them over several requests."] if refused else [])


@pytest.mark.parametrize(("last", "refused"), [("id", False), ("epic { id }", True)])
async def test_depth_is_limited(served: Served, last: str, refused: bool) -> None:
    nested = "story { tasks { nodes { " * 6 + f"story {{ {last} }}" + " } } }" * 6
    answer = await post(served, f'{{ task(id: "nowhere") {{ ...f }} }} fragment f on Task {{ {nested} }}')
    assert [error["message"][:30] for error in answer.get("errors", [])] == (
        ["Fields nest more than 20 deep;"] if refused else []
    )


CURSORS = [
    "[" * 7_000,
    "[" * 100_000,
    "[" + "1" * 5_000 + "]",
    "[NaN]",
    "[1e400]",
    '["\\ud800"]',
    "{}",
    "7",
    "",
    "\x00",
]


@pytest.mark.parametrize("inside", CURSORS, ids=lambda text: text[:10])
def test_a_cursor_that_is_none_is_bad_input(inside: str) -> None:
    with pytest.raises(BadInputError, match="cursor"):
        read(base64.urlsafe_b64encode(inside.encode()).decode(), int, str)


def test_the_longest_cursor_of_ours_is_read() -> None:
    place: list[Any] = [2**62, "😀" * NAMED]
    assert read(write(place), int, str) == place
