"""Tasks derived by plug-ins, and by answers to what was asked outside: looked at first, made once, or not at all."""

from __future__ import annotations

import time
from typing import Any

import pytest

from graph.backlog import Backlog
from graph.database import Database
from graph.derivation import Derivation, Wanted
from graph.derivation_requests import DerivationRequests
from graph.derivers import Derivers
from graph.errors import BadInputError, ConflictError, NotFoundError, UnavailableError
from graph.gate import Gate
from graph.places import Places
from graph.plugins import Plugins
from tests.graph.world import World, unique


@pytest.fixture
def derivation(db: Database, gate: Gate) -> Derivation:
    return Derivation(db, gate)


@pytest.fixture
def requests(db: Database, derivation: Derivation) -> DerivationRequests:
    return DerivationRequests(db, derivation)


async def a_story(world: World, **properties: Any) -> str:
    return await world.story_item(description="Two things", **properties)


async def titles_by_id(world: World, story: str) -> dict[str, str]:
    rows = await world.cypher("MATCH (:Story {id: $id})-[:HAS_TASK]->(t) RETURN t.title AS title, t.id AS id", id=story)
    return {row["title"]: row["id"] for row in rows}


async def titles(world: World, story: str) -> list[str]:
    rows = await world.cypher(
        "MATCH (:Story {id: $id})-[:HAS_TASK]->(t:Task) RETURN t.title AS title ORDER BY t.rank", id=story
    )
    return [row["title"] for row in rows]


def _hangs(story: Any) -> Any:
    time.sleep(30)


def _raises(story: Any) -> Any:
    raise ValueError("the password is swordfish")


async def test_a_deriver_sees_the_story_and_can_change_nothing_of_it(world: World, db: Database) -> None:
    seen: list[dict[str, Any]] = []

    async def deriver(story: Any) -> list[Any]:
        seen.append(dict(story))
        story.clear()
        return [
            "One",
            {"title": "Two", "type": "bug", "estimate": 2, "labels": ["a"], "depends_on": [task], "colour": 1},
        ]

    story = await a_story(world, story_points=5, acceptance_criteria=["It works"])
    task = await world.task("task", story, title="There", priority=2)
    found = await Derivers(db, Plugins(derivers={"mine": deriver})).ask("mine", story)
    assert found == [Wanted("One"), Wanted("Two", type="bug", estimate=2, labels=["a"], depends_on=[task])]
    [given] = seen
    assert (given["id"], given["description"], given["story_points"]) == (story, "Two things", 5)
    assert given["acceptance_criteria"] == ["It works"]
    [there] = given["tasks"]
    assert (there["id"], there["title"], there["state"], there["depends_on"]) == (task, "There", "todo", [])
    assert await titles(world, story) == ["There"]


@pytest.mark.parametrize(
    ("deriver", "error", "said"),
    [
        (_hangs, UnavailableError, "no answer within 0.3 s"),
        (_raises, UnavailableError, "it raised ValueError"),
        (lambda story: None, BadInputError, "no list of tasks: the body"),
        (lambda story: [], BadInputError, "at least 1 item"),
        (lambda story: ["x"] * 201, BadInputError, "at most 200 items"),
        (lambda story: iter(["x"]), BadInputError, "valid list"),
        (lambda story: [{"title": ""}], BadInputError, "0.title"),
        (lambda story: ["x", {"name": "y"}], BadInputError, "1.title: Field required"),
        (lambda story: [{"title": "x", "priority": 2**70}], BadInputError, "0.priority"),
        (lambda story: [{"title": "x", "estimate": -1}], BadInputError, "0.estimate"),
        (lambda story: [{"title": "x", "labels": "y"}], BadInputError, "0.labels"),
        (lambda story: [{"title": "x", "depends_on": "y"}], BadInputError, "0.depends_on"),
        (lambda story: [object()], BadInputError, "0: "),
    ],
)
async def test_a_deriver_that_gives_no_tasks(world: World, db: Database, deriver: Any, error: Any, said: str) -> None:
    story, limit = await a_story(world), 0.3 if deriver is _hangs else 60.0
    with pytest.raises(error, match=said) as told:
        await Derivers(db, Plugins(limit=limit, derivers={"mine": deriver})).ask("mine", story)
    assert "swordfish" not in str(told.value)


async def test_a_deriver_or_a_story_that_is_not_there(world: World, db: Database) -> None:
    derivers = Derivers(db, Plugins(derivers={"mine": lambda story: ["x"]}))
    with pytest.raises(NotFoundError, match="no deriver 'other'"):
        await derivers.ask("other", await a_story(world))
    for nothing in ("nowhere", await world.task("task")):
        with pytest.raises(NotFoundError, match="no story"):
            await derivers.ask("mine", nothing)


async def test_a_derived_task_that_was_moved_is_not_derived_again(
    world: World, db: Database, derivation: Derivation, gate: Gate
) -> None:
    story, other = await world.story_item(acceptance_criteria=["It works", "It is fast"]), await world.story_item()
    first, second = await derivation.derive(story, None, workflow="task")
    await Places(db, gate, Backlog(db)).move_task(first, other)
    assert await derivation.derive(story, None, workflow="task") == [first, second]
    assert await derivation.derive(story, [Wanted("It works"), Wanted("New")], workflow="task") == [
        first,
        (await titles_by_id(world, story))["New"],
    ]
    assert (await titles(world, story), await titles(world, other)) == (["It is fast", "New"], ["It works"])
    # What was given by its id is another matter.
    with pytest.raises(ConflictError, match=first):
        await derivation.derive(story, [Wanted("It works", first)], workflow="task")
    # So is an id that became that of something else.
    await world.cypher("MATCH (t:Task {id: $id}) DETACH DELETE t CREATE (:Story {id: $id})", id=first)
    with pytest.raises(ConflictError, match=first):
        await derivation.derive(story, None, workflow="task")


async def test_a_story_too_large_for_a_message_is_not_asked_for(world: World, requests: DerivationRequests) -> None:
    fits = await world.story_item(description="x" * 490_000)
    await requests.request(fits, workflow="task")
    for texts in ({"description": "é" * 250_000}, {"acceptance_criteria": ['"' * 90_000] * 3}):
        large = await world.story_item(**texts)
        with pytest.raises(BadInputError, match="500000 are allowed"):
            await requests.request(large, workflow="task")
        assert await world.events(large, "planning.derivation.requested") == []
        assert await world.cypher("MATCH (r:DerivationRequest)-[:OF]->(:Story {id: $id}) RETURN r", id=large) == []


async def test_nobody_derives_in_the_name_of_the_system(
    world: World, requests: DerivationRequests, derivation: Derivation
) -> None:
    story = await a_story(world)
    with pytest.raises(BadInputError, match="the system itself"):
        await requests.request(story, workflow="task", author_id="stategate")
    with pytest.raises(BadInputError, match="the system itself"):
        await derivation.derive(story, [Wanted("x")], workflow="task", author_id="stategate")
    assert await titles(world, story) == []


async def test_a_request_is_told_once_and_answered_once(world: World, requests: DerivationRequests) -> None:
    story, actor = await a_story(world, acceptance_criteria=["It works"]), await world.actor("po")
    task = await world.task("task", story, title="There", rank=0)
    asked = await requests.request(story, workflow="task", author_id=actor)
    assert await requests.request(story, workflow="task", id=asked) == asked
    [event] = await world.events(story, "planning.derivation.requested")
    assert (event["request_id"], event["tasks"], event["acceptance_criteria"]) == (asked, [task], ["It works"])
    answer = [Wanted("One"), Wanted("Two", depends_on=[task])]
    for _ in range(2):
        await requests.answer(asked, story, answer)
    assert await titles(world, story) == ["There", "One", "Two"]
    [derived] = await world.events(story, "planning.task.derived")
    assert len(derived["tasks"]) == 2
    authors = await world.cypher(
        "MATCH (:Story {id: $id})-[:HAS_TASK]->(t)-[:AUTHORED_BY]->(a:Actor) RETURN a.id AS id", id=story
    )
    assert [row["id"] for row in authors] == [actor, actor]
    with pytest.raises(ConflictError, match="answered already, with other tasks"):
        await requests.answer(asked, story, [Wanted("Three")])
    assert (await requests.get(asked))["answered_at"] is not None
    # What was made of an answer is not made again, whatever became of it.
    again = await requests.request(story, workflow="task")
    await world.cypher("MATCH (t:Task {title: 'One'})<-[:HAS_TASK]-(:Story {id: $id}) SET t.version = 0", id=story)
    await requests.answer(again, story, [*answer, Wanted("Three")])
    assert await titles(world, story) == ["There", "One", "Two", "Three"]


async def test_a_late_answer_to_a_request_that_was_replaced(world: World, requests: DerivationRequests) -> None:
    story = await a_story(world)
    first = await requests.request(story, workflow="task")
    second = await requests.request(story, workflow="task")
    with pytest.raises(ConflictError, match=f"replaced by '{second}'"):
        await requests.answer(first, story, [Wanted("Late")])
    await requests.answer(second, story, [Wanted("One")])
    with pytest.raises(ConflictError, match=f"replaced by '{second}'"):
        await requests.answer(first, story, [Wanted("Late")])
    assert await titles(world, story) == ["One"]


async def test_an_answer_that_cannot_be_taken_leaves_the_request_open(
    world: World, requests: DerivationRequests
) -> None:
    story, other = await a_story(world), await a_story(world)
    asked = await requests.request(story, workflow="task")
    with pytest.raises(NotFoundError, match="no request 'never'"):
        await requests.answer("never", story, [Wanted("x")])
    with pytest.raises(ConflictError, match=f"is for '{story}', not for '{other}'"):
        await requests.answer(asked, other, [Wanted("x")])
    with pytest.raises(NotFoundError, match="no task 'nowhere'"):
        await requests.answer(asked, story, [Wanted("x"), Wanted("y", depends_on=["nowhere"])])
    with pytest.raises(BadInputError, match="wait for each other"):
        await requests.answer(asked, story, [Wanted("x", "X", depends_on=["Y"]), Wanted("y", "Y", depends_on=["X"])])
    assert await titles(world, story) == await titles(world, other) == []
    await requests.answer(asked, story, [Wanted("x")])
    assert await titles(world, story) == ["x"]


async def test_what_cannot_be_asked(world: World, requests: DerivationRequests) -> None:
    story, other = await a_story(world), await a_story(world)
    for given, said in (
        ({"story_id": "nowhere", "workflow": "task"}, "no story"),
        ({"story_id": story, "workflow": "task", "author_id": "nobody"}, "no actor"),
        ({"story_id": story, "workflow": unique("none")}, "no workflow"),
    ):
        with pytest.raises(NotFoundError, match=said):
            await requests.request(**given)
    asked = await requests.request(story, workflow="task")
    with pytest.raises(ConflictError, match="another story"):
        await requests.request(other, workflow="task", id=asked)
    assert await world.events(other, "planning.derivation.requested") == []
