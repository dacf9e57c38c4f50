"""How much a request may ask for: what asks for more is refused in words that say what would be right."""

from __future__ import annotations

import base64
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

import api.limits
from api.limits import BODY, ROWS
from api.pages import read, write
from graph.derivation import Wanted
from graph.engine import Engine
from graph.errors import BadInputError
from graph.limits import NAMED
from stategate.service import Served
from tests.doors.raw import post
from tests.doors.sockets import connected_to
from tests.doors.test_graphql_work import fresh


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


CHAIN = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} }}" for n in range(1_200))
DOCUMENTS = [
    "{" + " epics { totalCount }" * 2_000 + " }",
    "{" + " __typename" * 9_000 + " }",
    f"{{ ...f0 }} {CHAIN} fragment f1200 on Query {{ __typename }}",
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text[:20])
async def test_a_document_that_cannot_be_checked_is_told_what_would_be_right(served: Served, document: str) -> None:
    [error] = (await post(served, document))["errors"]
    assert error["extensions"] == {"code": "BAD_INPUT"}
    assert "name each field once" in error["message"]


async def test_fields_that_are_repeated_now_and_then_are_no_matter(served: Served) -> None:
    assert await post(served, "{" + " __typename" * 150 + " }") == {"data": {"__typename": "Query"}}


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


async def _with_tasks(engine: Engine, story: str, count: int) -> None:
    await engine.derivation.derive(story, [Wanted(title=f"Task {n}") for n in range(count)], workflow="task")


TOO_MANY = f"The answer would have more than {ROWS} objects in its lists; ask for fewer with `first`"


async def test_an_answer_that_grows_as_a_cube_is_refused(served: Served, engine: Engine, story: str) -> None:
    await _with_tasks(engine, story, 30)
    nested = "tasks { nodes { story { " * 3 + "id" + " } } }" * 3
    answer = await post(served, f"query($id: ID!) {{ story(id: $id) {{ {nested} }} }}", id=story)
    [error] = answer["errors"]
    assert error["message"].startswith(TOO_MANY)
    assert error["extensions"] == {"code": "BAD_INPUT"}
    async with connected_to(served) as socket:
        [told] = (await socket.ask("1", f"query($id: ID!) {{ story(id: $id) {{ {nested} }} }}", id=story))["errors"]
    assert told["message"] == error["message"]


async def test_the_same_under_many_aliases_is_counted_as_often(served: Served, engine: Engine, story: str) -> None:
    await _with_tasks(engine, story, 30)
    many = " ".join(f"a{n}: nodes {{ id }}" for n in range(99))
    text = f"query($id: ID!) {{ story(id: $id) {{ tasks {{ nodes {{ story {{ tasks {{ {many} }} }} }} }} }} }}"
    [error] = (await post(served, text, id=story))["errors"]
    assert error["message"].startswith(TOO_MANY)


async def test_a_large_epic_with_its_history_is_far_below(
    served: Served, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.limits, "ROWS", ROWS // 2)
    epic = await engine.items.create_epic("Large", fresh("E"))
    for n in range(10):
        story = await engine.items.create_story(f"Story {n}", workflow="story", id=fresh("US"), epic_id=epic)
        await _with_tasks(engine, story, 50)
    answer = await post(
        served,
        """query($id: ID!) { epic(id: $id) { stories { nodes { id awaits { role actions } tasks { nodes {
             id title state { name } awaits { role actions } actions { name allowed reasons { code } }
             dependsOn { id } history { nodes { seq action } } } } } } } }""",
        id=epic,
    )
    assert "errors" not in answer
    assert sum(len(story["tasks"]["nodes"]) for story in answer["data"]["epic"]["stories"]["nodes"]) == 500


async def test_a_request_that_is_too_large_is_refused(served: Served) -> None:
    body = b'{"query": "{ __typename }"}' + b" " * BODY
    async with httpx2.AsyncClient(timeout=60, headers={"content-type": "application/json"}) as http:
        refused = await http.post(served.graphql or "", content=body)
        taken = await http.post(served.graphql or "", content=body[:BODY])
    assert (refused.status_code, refused.text) == (413, "The request has more than 8 MiB; send it in several.")
    assert taken.json() == {"data": {"__typename": "Query"}}
    async with connected_to(served) as socket:
        await socket.connection.send(body.decode())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.connection.recv()
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1009
