"""The backlog: an order that is kept by one write a move, pages, filters, and what is found by words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import pytest

from graph.backlog import Backlog, Filter
from graph.database import Database, Row
from graph.engine import Engine
from graph.errors import BadInputError, ConflictError
from graph.page import Page
from graph.queries import query
from tests.graph.world import NO_TIMES, World, unique

SMALL = """
workflow: {name}
item: story
roles: [po]
states: {{{name}-open: {{kind: initial}}, {name}-shut: {{kind: final}}}}
transitions: [{{from: {name}-open, action: SHUT, to: {name}-shut, roles: [po]}}]
"""


async def made(engine: Engine, label: str, count: int = 1, **more: Any) -> list[str]:
    """Stories that a label tells from those of other tests."""
    more = {"title": "A story", "workflow": "story", **more}
    return [await engine.items.create_story(id=unique("US"), labels=[label], **more) for _ in range(count)]


async def listed(engine: Engine, first: int = 100, **wanted: Any) -> list[str]:
    """All pages, and how many there are as they say."""
    asked, seen, after = Filter(**wanted), list[str](), None
    while True:
        page, is_counted = await engine.backlog.page(first, after, asked)
        seen += [row["id"] for row in page.rows]
        total = page.total if is_counted else await engine.backlog.count(asked)
        if not page.has_next:
            assert total == len(seen)
            return seen
        after = [page.rows[-1]["place"], page.rows[-1]["id"]]


async def keys(world: World, ids: list[str]) -> list[str | None]:
    rows = await world.cypher("UNWIND $ids AS id MATCH (s:Story {id: id}) RETURN s.rank_key AS key", ids=ids)
    return [row["key"] for row in rows]


async def test_new_stories_come_last_and_are_put_where_one_wants(world: World, engine: Engine) -> None:
    label = unique("label")
    a, b, c, d = await made(engine, label, 4)
    assert await listed(engine, label=label) == [a, b, c, d]
    before = await keys(world, [a, b, c])
    await engine.places.rank_story(d, before=b)
    assert await listed(engine, label=label) == [a, d, b, c]
    await engine.places.rank_story(d, before=a)
    assert await listed(engine, label=label) == [d, a, b, c]
    await engine.places.rank_story(d, after=c)
    assert await listed(engine, label=label) == [a, b, c, d]
    assert await keys(world, [a, b, c]) == before
    [e] = await made(engine, label)
    assert await listed(engine, label=label) == [a, b, c, d, e]
    assert [(change["action"], change["inputs"]) for change in await world.history(d)] == [
        ("RANK", f'{{"before": "{b}"}}'),
        ("RANK", f'{{"before": "{a}"}}'),
        ("RANK", f'{{"after": "{c}"}}'),
    ]


async def test_many_who_put_stories_to_one_place_at_once(world: World, engine: Engine) -> None:
    label = unique("label")
    a, b, *others = await made(engine, label, 14)
    beside = [{"after": a} if n % 2 else {"before": b} for n in range(len(others))]
    await asyncio.gather(*(engine.places.rank_story(one, **to) for one, to in zip(others, beside, strict=True)))
    order = await listed(engine, label=label)
    assert (order[0], order[-1]) == (a, b)
    assert sorted(order[1:-1]) == sorted(others)
    assert len(set(await keys(world, order))) == 14


async def test_stories_without_a_place_come_last_by_age_and_are_given_one(world: World, engine: Engine) -> None:
    label = unique("label")
    [ranked] = await made(engine, label)
    old = [await world.story_item(labels=[label]) for _ in range(3)]
    for age, story in enumerate(old):
        await world.cypher(
            "MATCH (s:Story {id: $id}) SET s.created_at = datetime() - duration({days: 9 - $n})", id=story, n=age
        )
    assert await listed(engine, 1, label=label) == [ranked, *old]
    assert await keys(world, old) == [None, None, None]
    await engine.places.rank_story(ranked, after=old[1])
    assert await listed(engine, 2, label=label) == [old[0], old[1], ranked, old[2]]
    assert None not in await keys(world, old)
    late = await world.story_item(labels=[label])
    await engine.backlog.number()
    assert None not in await keys(world, [late])
    assert await listed(engine, label=label) == [old[0], old[1], ranked, old[2], late]


async def test_beside_one_of_several_that_were_given_one_place(world: World, engine: Engine) -> None:
    for last in (False, True):
        label = unique("label")
        twins, (before, after) = sorted(await made(engine, label, 4)), await made(engine, label, 2)
        behind = [] if last else await made(engine, label)
        # What is behind them is right behind them.
        await world.cypher(
            "MATCH (s:Story {id: $id}) WITH s.rank_key AS key UNWIND $ids AS id MATCH (t:Story {id: id}) "
            "SET t.rank_key = key + CASE WHEN id IN $behind THEN '1' ELSE '' END",
            id=twins[-1],
            ids=[*twins, *behind],
            behind=behind,
        )
        one, two, three, four = twins
        assert await listed(engine, label=label) == [*twins, *behind, before, after]
        version = (await world.item(two))["version"]
        await engine.places.rank_story(before, before=two)
        await engine.places.rank_story(after, after=two)
        assert await listed(engine, label=label) == [one, before, two, after, three, four, *behind]
        assert (await world.item(two))["version"] == version
        await engine.places.rank_story(one, after=four)
        assert await listed(engine, label=label) == [before, two, after, three, four, one, *behind]


async def test_many_who_put_stories_beside_some_that_were_given_one_place(world: World, engine: Engine) -> None:
    label = unique("label")
    twins, others = sorted(await made(engine, label, 6)), await made(engine, label, 6)
    await world.cypher("MATCH (s:Story) WHERE s.id IN $ids SET s.rank_key = '5'", ids=twins)
    await asyncio.gather(*(engine.places.rank_story(one, after=twin) for one, twin in zip(others, twins, strict=True)))
    order = [one for pair in zip(twins, others, strict=True) for one in pair]
    assert await listed(engine, label=label) == order
    assert len(set(await keys(world, order))) == 12


async def test_a_story_with_an_odd_age_stops_nobody_and_is_on_every_page(world: World, engine: Engine) -> None:
    label, epic = unique("label"), await engine.items.create_epic("An epic", unique("E"))
    sprint = await engine.sprints.create(unique("sprint"))
    [ranked] = await made(engine, label)
    odd = [await world.story_item(labels=[label]) for _ in (*NO_TIMES, "null")]
    tasks = [await world.task("task", labels=[label]) for _ in odd]
    epics = [await engine.items.create_epic("An epic", unique("E")) for _ in odd]
    ana = await world.actor()
    for age, *ids in zip((*NO_TIMES, "null"), odd, tasks, epics, strict=True):
        await world.cypher("MATCH (n:Story|Task|Epic) WHERE n.id IN $ids SET n.created_at = " + age, ids=ids)
    await world.cypher(
        "MATCH (s:Story) WHERE s.id IN $odd MATCH (epic:Epic {id: $epic}), (sprint:Sprint {id: $sprint}) "
        "CREATE (epic)-[:HAS_STORY]->(s), (s)-[:IN_SPRINT]->(sprint)",
        odd=odd,
        epic=epic,
        sprint=sprint,
    )
    await world.cypher(
        "MATCH (t:Task) WHERE t.id IN $tasks MATCH (a:Actor {id: $ana}) CREATE (t)-[:ASSIGNED_TO]->(a)",
        tasks=tasks,
        ana=ana,
    )
    try:
        assert sorted(await listed(engine, 2, label=label)) == sorted([ranked, *odd])
        assert sorted(await listed(engine, 2, label=label, sprint_id=sprint)) == sorted(odd)
        trees = engine.trees
        assert sorted(await paged(lambda after: trees.stories(2, after, sprint_id=sprint))) == sorted(odd)
        assert sorted(await paged(lambda after: trees.tasks(2, after, assignee_id=ana))) == sorted(tasks)
        assert set(await paged(lambda after: trees.epics(500, after))) >= {epic, *epics}
        assert sorted(await paged(lambda after: first_of(trees.stories_of([(epic, 2, after)])))) == sorted(odd)
        await engine.backlog.number()
        assert None not in await keys(world, odd)
    finally:
        await world.cypher("MATCH (n) WHERE n.id IN $ids DETACH DELETE n", ids=[*odd, *tasks, *epics])


async def paged(page: Callable[[Any], Awaitable[Page]]) -> list[str]:
    """The ids on all pages."""
    seen, after = list[str](), None
    while True:
        found = await page(after)
        seen += [row["id"] for row in found.rows]
        if not found.has_next:
            return seen
        after = [found.rows[-1]["place"], found.rows[-1]["id"]]


async def first_of(pages: Awaitable[list[Page]]) -> Page:
    return (await pages)[0]


class _Refusing(Database):
    """As if some story could not be given a place."""

    async def write(self, name: str, /, **parameters: Any) -> list[Row]:
        if name == "backlog/number":
            parameters["limit"] = "many"
        return await super().write(name, **parameters)


async def test_stories_that_cannot_be_given_a_place_keep_no_service_from_starting(world: World, engine: Engine) -> None:
    [ranked] = await made(engine, unique("label"))
    story = await world.story_item()
    unwilling = await Engine.open(_Refusing(engine.db.driver))
    assert await keys(world, [story]) == [None]
    await unwilling.places.rank_story(ranked, after=(await made(engine, unique("label")))[0])
    with pytest.raises(ConflictError, match="no place in the backlog yet"):
        await unwilling.places.rank_story(ranked, after=story)
    await engine.backlog.number()


async def test_a_place_set_by_hand_is_no_way_to_break_it(world: World, engine: Engine) -> None:
    label = unique("label")
    a, b, c = await made(engine, label, 3)
    await world.cypher("MATCH (s:Story {id: $id}) SET s.rank_key = 'what?'", id=b)
    with pytest.raises(ConflictError, match="by hand"):
        await engine.places.rank_story(a, before=b)
    await engine.places.rank_story(b, before=c)
    assert await listed(engine, label=label) == [a, b, c]


async def test_filters(world: World, engine: Engine) -> None:
    label, ann = unique("label"), await world.actor("po")
    epic = await engine.items.create_epic("Epic", unique("E"))
    sprint = await engine.sprints.create("Sprint", unique("SP"))
    [small] = await made(engine, label, story_points=2, author_id=ann)
    [large] = await made(engine, label, story_points=8, epic_id=epic)
    [bare] = await made(engine, label, title="Quite something else")
    [done] = await made(engine, label, story_points=2)
    await engine.sprints.assign(small, sprint)
    await world.applied(done, "ARCHIVE", ann, feedback="It is not wanted any more.")
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [small, large, bare]),
        ({"closed": True}, [small, large, bare, done]),
        ({"state": "DRAFT"}, [small, large, bare]),
        ({"state": "ARCHIVED"}, [done]),
        ({"epic_id": epic}, [large]),
        ({"sprint_id": sprint}, [small]),
        ({"sprint_id": sprint, "epic_id": epic}, []),
        ({"in_sprint": True}, [small]),
        ({"in_sprint": False}, [large, bare]),
        ({"author_id": ann}, [small]),
        ({"min_points": 3}, [large]),
        ({"max_points": 3}, [small]),
        ({"min_points": 2, "max_points": 8}, [small, large]),
        ({"text": "ELSE something"}, [bare]),
        ({"text": "story", "epic_id": epic}, [large]),
        ({"text": "story", "closed": True, "max_points": 2}, [small, done]),
    ]
    for wanted, found in cases:
        assert await listed(engine, 2, **{"label": label, **wanted}) == found, wanted
    await engine.places.archive(done)
    assert await listed(engine, label=label, closed=True) == [small, large, bare]
    assert await listed(engine, label=label, state="ARCHIVED") == []
    assert await listed(engine, label=label, archived=True) == [small, large, bare]
    assert await listed(engine, label=label, archived=True, closed=True) == [small, large, bare, done]
    assert await listed(engine, label=label, archived=True, state="ARCHIVED") == [done]
    assert await listed(engine, label=unique("label")) == []
    with pytest.raises(BadInputError):
        await listed(engine, min_points=-1)


async def test_what_is_listed_unfiltered_is_counted_by_state(engine: Engine) -> None:
    await made(engine, unique("label"), 3)
    assert len(await listed(engine, 1000)) >= 3


async def test_words_are_found_in_titles_and_descriptions(world: World, engine: Engine) -> None:
    word = unique("w").replace("-", "")
    epic = await engine.items.create_epic(f"Of {word} and more", unique("E"))
    story = await engine.items.create_story(
        "Other", workflow="story", id=unique("US"), description=f"We can't {word}, I said."
    )
    task = await engine.items.create_task(story, f"Sign-in: {word.upper()}", workflow="task", id=unique("T"))

    async def found(text: str) -> list[tuple[str, bool]]:
        return sorted(await engine.backlog.search(text, 10))

    assert await found(word) == sorted([(epic, True), (story, False), (task, False)])
    assert await found(f"can't {word}") == [(story, False)]
    assert await found(f"sign-in {word}") == [(task, False)]
    assert await found(f"{word} OR nothing") == []
    assert await found(word[:-2]) == []
    assert len(await engine.backlog.search(word, 2)) == 2
    assert await engine.backlog.search(word, 0) == []
    await engine.items.edit_task(task, {"title": "Something else"})
    assert await found(f"sign-in {word}") == []


@pytest.mark.parametrize(
    "text",
    [
        'a "', "a\\", "a AND", "NOT a", "a OR OR b", "(a", "a)", "[a TO", "{a TO b}", "a^", "a~", "a*", "?a", "*",
        "a:b", "title:a", "a && b", "a || b", "!a", "+a -b", "/a.*/", "/", "\\\\", "\\\"", 'x" OR "y', "a\x00b",
        "a\u2028b", "👩‍👩‍👧 a", "_", "a" * 900,
    ],
)  # fmt: skip
async def test_no_text_means_anything_to_the_search_engine(db: Any, text: str) -> None:
    backlog = Backlog(db)
    if any(char.isalnum() or char == "_" for char in text):
        await backlog.search(text, 5)
        await backlog.page(5, None, Filter(text=text))
    else:
        with pytest.raises(BadInputError, match="words to look for"):
            await backlog.search(text, 5)


@pytest.mark.parametrize("text", ["", "  ", "...", "a " * 51, "x" * 1001])
async def test_no_text_to_look_for(engine: Engine, text: str) -> None:
    with pytest.raises(BadInputError):
        await engine.backlog.search(text, 5)


async def test_a_page_of_a_large_backlog_reads_a_page(world: World, engine: Engine) -> None:
    label, before = unique("label"), await hits(engine, "backlog/sizes")
    await world.cypher(
        "MATCH (state:State {workflow: 'story', name: 'DRAFT'}) UNWIND range(1, 3000) AS n "
        "CREATE (s:Story:Item {id: $label + n, name: $label + n, title: 'Many', workflow: 'story', version: 0, "
        "rework: 0, labels: [$label], began_in: 'DRAFT', created_at: datetime(), "
        "rank_key: '2' + right('0000' + n, 5) + '1'}) "
        "CREATE (s)-[:IN_STATE]->(state)",
        label=label,
    )
    try:
        await engine.backlog.number()
        page, _ = await engine.backlog.page(50, ["2010001", ""], Filter())
        assert [row["id"] for row in page.rows] == [f"{label}{n}" for n in range(1000, 1050)]
        assert len(await listed(engine, 1000, label=label)) == 3000
        for statement, most in (("backlog/ranked", 1500), ("backlog/before", 30), ("backlog/after", 30)):
            assert await hits(engine, statement, key="2010001") < most
        assert await hits(engine, "backlog/sizes") <= before + 10
        # What has no place is looked for where a list ends, at every short one.
        for statement in ("backlog/unranked", "backlog/number"):
            assert await hits(engine, statement, key="~") < 10
    finally:
        await world.cypher("MATCH (s:Story {title: 'Many'}) WHERE s.labels = [$label] DETACH DELETE s", label=label)


async def test_what_was_finished_long_ago_is_not_read_on_the_way_to_what_is_open(world: World, engine: Engine) -> None:
    label, flow = unique("label"), unique("flow")
    await world.publish(SMALL.format(name=flow))
    await world.cypher(
        "MATCH (state:State {workflow: $flow, name: $flow + '-shut'}) UNWIND range(1, 3000) AS n "
        "CREATE (s:Story:Item {id: $label + n, name: $label + n, title: 'Many', workflow: $flow, version: 0, "
        "labels: [$label], began_in: $flow + '-shut', created_at: datetime(), "
        "rank_key: '2' + right('0000' + n, 5) + '1'}) CREATE (s)-[:IN_STATE]->(state)",
        label=label,
        flow=flow,
    )
    try:
        a, b, c = await made(engine, label, 3, workflow=flow)
        await engine.places.rank_story(c, before=b)
        few: dict[str, Any] = {"state": f"{flow}-open"}
        assert await listed(engine, **few) == [a, c, b]
        assert await listed(engine, 1, **few) == [a, c, b]
        assert await listed(engine, label=label) == [a, c, b]
        assert len(await listed(engine, 1000, closed=True, label=label)) == 3003
        page, is_counted = await engine.backlog.page(2, None, Filter(**few))
        assert ([row["id"] for row in page.rows], page.total, is_counted) == ([a, c], 3, True)
        assert await hits(engine, "backlog/narrow", text=None, key="", **few) < 1500
    finally:
        await world.cypher("MATCH (s:Story {title: 'Many'}) WHERE s.labels = [$label] DETACH DELETE s", label=label)


async def test_a_list_of_a_part_reads_that_part(world: World, engine: Engine) -> None:
    label, flow, ana = unique("label"), unique("flow"), await world.actor("developer")
    await world.publish(SMALL.format(name=flow))
    epic, sprint = await engine.items.create_epic("Epic", unique("epic")), await engine.sprints.create("Sprint")
    await world.cypher(
        "MATCH (draft:State {workflow: 'story', name: 'DRAFT'}) "
        "MATCH (work:State {workflow: 'task', name: 'implementing'}) "
        "UNWIND range(1, 3000) AS n CREATE (s:Story:Item {id: $label + n, name: $label + n, title: 'Many', "
        "workflow: 'story', version: 0, began_in: 'DRAFT', labels: [$label], created_at: datetime()}) "
        "CREATE (s)-[:IN_STATE]->(draft) CREATE (s)-[:HAS_TASK]->(t:Task:Item {id: $label + 't' + n, name: $label, "
        "title: 'Many', workflow: 'task', version: 0, began_in: 'implementing', labels: [$label], "
        "created_at: datetime()}) "
        "CREATE (t)-[:IN_STATE]->(work)",
        label=label,
    )
    try:
        for n in (7, 9, 8):
            await engine.places.move_story(f"{label}{n}", epic)
        own = await engine.items.create_story("Own", workflow=flow, epic_id=epic)
        for story in (f"{label}8", f"{label}6", own):
            await engine.sprints.assign(story, sprint)
        for n in (5, 4):
            await engine.items.edit_task(f"{label}t{n}", {"assignee_id": ana})
        small = f"{flow}-open"
        trees, seven, eight = engine.trees, f"{label}7", f"{label}8"
        for asked, ids in (
            ({"epic_id": epic}, [seven, eight, f"{label}9", own]),
            ({"sprint_id": sprint}, [f"{label}6", eight, own]),
            ({"epic_id": epic, "sprint_id": sprint}, [eight, own]),
            ({"state": small}, [own]),
            ({"state": small, "sprint_id": sprint, "epic_id": epic}, [own]),
            ({"state": "DRAFT", "epic_id": epic}, [seven, eight, f"{label}9"]),
            ({"state": "DONE", "epic_id": epic}, []),
            ({"epic_id": "nowhere"}, []),
            ({"sprint_id": "nowhere", "state": small}, []),
        ):
            page = await trees.stories(100, None, **asked)
            assert (sorted(row["id"] for row in page.rows), page.total) == (sorted(ids), len(ids)), asked
            places = [(row["place"], row["id"]) for row in page.rows]
            assert places == sorted(places)
            nothing = {"state": None, "sprint_id": None, "epic_id": None, "after": None}
            assert await hits(engine, "tree/stories", **nothing | asked) < 1000, asked
        page = await trees.stories(1, None, epic_id=epic)
        page = await trees.stories(2, [page.rows[0]["place"], page.rows[0]["id"]], epic_id=epic)
        assert (len(page.rows), page.total, page.has_next) == (2, 4, True)
        assert (await trees.stories(1, None)).total >= 3001

        mine = [f"{label}t4", f"{label}t5"]
        for given, found in (
            ({"assignee_id": ana}, mine),
            ({"assignee_id": ana, "state": "implementing"}, mine),
            ({"assignee_id": ana, "state": "todo"}, []),
            ({"assignee_id": ana, "role": "developer"}, mine),
            ({"assignee_id": ana, "role": "qa"}, []),
            ({"assignee_id": "nobody"}, []),
        ):
            page = await trees.tasks(100, None, **given)
            assert (sorted(row["id"] for row in page.rows), page.total) == (found, len(found)), given
            nobody = {"state": None, "role": None, "assignee_id": None, "after": None}
            assert await hits(engine, "tree/tasks", **nobody | given) < 1000, given
        everybody = await trees.tasks(5000, None, state="implementing", role="developer")
        assert {row["id"] for row in everybody.rows} >= {f"{label}t{n}" for n in range(1, 3001)}
    finally:
        await world.cypher("MATCH (n:Item {title: 'Many'}) WHERE n.labels = [$label] DETACH DELETE n", label=label)


async def hits(engine: Engine, statement: str, **given: Any) -> int:
    """How often the store was asked."""
    wanted = asdict(Filter()) | {"after_id": "", "limit": 50, "id": ""} | given
    async with engine.db.driver.session() as session:
        result = await session.run(query(statement).replace("CYPHER 5\n", "CYPHER 5 PROFILE\n", 1), wanted)
        summary = await result.consume()
    assert summary.profile is not None
    return _hits(summary.profile)


def _hits(profile: dict[str, Any]) -> int:
    return int(profile["dbHits"]) + sum(_hits(child) for child in profile.get("children", []))
