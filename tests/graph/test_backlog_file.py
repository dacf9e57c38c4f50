"""A backlog as a file: out, in, and out again; what is bad is named, and what is there is left alone."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from graph.backlog import Filter
from graph.burndown import Sum, total
from graph.database import Database
from graph.doctor import Doctor, Options
from graph.engine import Engine
from graph.errors import ConflictError
from graph.gate import Gate
from graph.rank_keys import between
from graph.transfer.exporting import Export
from graph.transfer.importing import Import
from graph.transfer.report import Report
from tests.graph.team import Team
from tests.graph.world import World, unique

Row = dict[str, Any]

BROKEN = """
workflow: {name}
item: story
roles: [po]
states: {{open: {{kind: initial}}, busy: {{kind: active}}, shut: {{kind: final}}}}
transitions:
  - {{from: open, action: BEGIN_IT, to: busy, roles: [po]}}
  - {{from: busy, action: SHUT_IT, to: shut, automatic: true}}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def team(world: World) -> Team:
    return await Team.open(world)


def quiet(*_: object) -> None:
    pass


def text(*rows: Row | str) -> bytes:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows).encode()


async def bring(db: Database, gate: Gate, data: bytes, **options: bool) -> Report:
    return await Import(db, gate).run(io.BytesIO(data), len(data), quiet, **options)


async def take(db: Database, epic: str | None = None, *, history: bool = False) -> bytes:
    out = io.BytesIO()
    await Export(db).run(out, quiet, history=history, epic_id=epic)
    return out.getvalue()


async def clear(world: World, epic: str) -> None:
    """An epic is gone with everything that belongs to it."""
    await world.cypher(
        "MATCH (e:Epic {id: $epic}) OPTIONAL MATCH (e)-[:HAS_STORY]->(s) OPTIONAL MATCH (s)-[:HAS_TASK]->(t) "
        "OPTIONAL MATCH (s)-[:IN_SPRINT|WAS_IN_SPRINT]->(p) OPTIONAL MATCH (s)<-[:ABOUT]-(d:Decision) "
        "WITH e, collect(s) + collect(t) + collect(d) AS items, collect(p) AS sprints "
        "FOREACH (one IN sprints | DETACH DELETE one) DETACH DELETE e "
        "WITH items UNWIND items AS item OPTIONAL MATCH (c:Change {item_id: item.id}) DETACH DELETE c, item",
        epic=epic,
    )


def problems(report: Report) -> list[tuple[int, str | None]]:
    return [(bad.line, bad.field) for bad in report.bad]


async def sound(db: Database, *names: str) -> bool:
    checks = await Doctor(db, Options(limit=1_000_000, stuck=1_000_000)).examine()
    return not {one.name for check in checks for one in check.offenders} & set(names)


async def lived(engine: Engine, team: Team) -> tuple[str, list[str]]:
    """An epic with a story in a sprint, a task that is done, one that was sent back once, one that waits."""
    world, items = team.world, engine.items
    epic, story, sprint = unique("epic"), unique("story"), unique("sprint")
    tasks = [unique("task") for _ in range(3)]
    await items.create_epic("Sign in", epic, "Everybody must.")
    earlier, start = unique("sprint"), datetime(2026, 11, 2, 9, tzinfo=UTC)
    await engine.sprints.create("Earlier", earlier)
    await engine.sprints.create("First", sprint, 20, start, start + timedelta(days=14))
    await items.create_story(
        "Tokens – „kurz“",
        workflow="story",
        id=story,
        epic_id=epic,
        description="They end after an hour, as everybody knows.",
        acceptance_criteria=["A token ends", "Another\u2028begins"],
        story_points=5,
        author_id=team.po,
    )
    await engine.sprints.assign(story, earlier, team.po)
    await engine.sprints.start(earlier)
    await engine.sprints.close(earlier)
    await engine.sprints.assign(story, sprint, team.po)
    for place, task in enumerate(tasks):
        await items.create_task(
            story, f"Task {place}", workflow="task", id=task, depends_on=tasks[:place], author_id=team.po
        )
    for action in ("SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"):
        await world.applied(story, action, team.po)
    await team.work.story_transitioned(story, "READY_FOR_EXECUTION")
    await team.finish(tasks[0])
    await team.rejected(tasks[1])
    await team.work.settle_all([story])
    await items.edit_story(story, {"story_points": 8}, actor_id=team.po)
    await engine.places.rank_task(tasks[2], before=tasks[1], actor_id=team.po)
    await engine.places.archive(tasks[0])
    await engine.places.archive(epic)
    assert [await world.state(task) for task in tasks] == ["done", "implementing", "todo"]
    return epic, [story, *tasks]


async def went(engine: Engine, story: str) -> Row:
    """The stays of a story in sprints, and what is counted from them."""
    stays = (await engine.sprints.stays_of([story]))[story]
    assert [bool(stay["left_at"]) for stay in stays] == [True, False]
    ids = [stay["sprint_id"] for stay in stays]
    return {"stays": stays, "sprints": await engine.sprints.by_ids(ids), "counted": await engine.sprints.stays(ids)}


async def decided(world: World, story: str) -> list[Row]:
    return await world.cypher(
        "MATCH (a:Actor)-[:DECIDED]->(d:Decision)-[:ABOUT]->(:Story {id: $id}) "
        "RETURN a.id AS by, d.id AS id, d.kind AS kind, d.name AS name, d.action AS action, d.comment AS comment, "
        "d.decided_by AS decided_by, d.item_id AS item_id, d.seq AS seq, d.at AS at ORDER BY seq",
        id=story,
    )


async def test_out_and_in_and_out_again(engine: Engine, team: Team) -> None:
    world, db, gate = team.world, engine.db, engine.gate
    epic, items = await lived(engine, team)
    whole, plain = await take(db, epic, history=True), await take(db, epic)
    before = [await world.history(item) for item in items]
    rows = [json.loads(row) for row in whole.splitlines()]
    assert [row["kind"] for row in rows if row["kind"] not in {"actor", "change"}] == [
        "sprint", "sprint", "epic", "story", "task", "task", "task",
    ]  # fmt: skip
    burndown = await went(engine, items[0])
    decisions = await decided(world, items[0])
    assert [one["kind"] for one in decisions] == ["approved"]

    await clear(world, epic)
    report = await bring(db, gate, whole)
    assert (report.bad, report.different) == ([], [])
    assert {kind: tally.created for kind, tally in report.kinds.items() if tally.created} == {
        "sprint": 2, "epic": 1, "story": 1, "task": 3, "change": sum(map(len, before)),
    }  # fmt: skip
    assert await take(db, epic, history=True) == whole
    assert await went(engine, items[0]) == burndown
    assert await decided(world, items[0]) == decisions
    assert await sound(db, *items)
    answers = {"command_key", "fingerprint", "awaits", "answered_at"}
    for item, changes in zip(items, before, strict=True):
        assert await world.history(item) == [
            {key: value for key, value in change.items() if key not in answers} for change in changes
        ]
    # Who handed in does not approve, also of what was imported.
    handed_in = items[2]
    await team.commit(handed_in)
    both = await world.actor("developer", "architect")
    await world.applied(handed_in, "REJECT_DESIGN", both, feedback="Please handle the empty list.")
    await world.applied(handed_in, "COMMIT_CODE", both, commit_sha="1")
    assert await world.refused(handed_in, "APPROVE_DESIGN", both) == ["SAME_ACTOR"]

    await clear(world, epic)
    report = await bring(db, gate, plain)
    assert report.bad == []
    assert await take(db, epic) == plain
    assert await sound(db, *items)
    assert [len(await world.history(item)) for item in items] == [0, 0, 0, 0]
    assert [await world.state(item) for item in items[1:]] == ["done", "implementing", "todo"]


async def sums(world: World, item: str) -> dict[tuple[str, str], int]:
    rows = await world.cypher(
        "MATCH (a:Actor)-[f:HAS_FIRED]->(:Item {id: $id}) RETURN a.id AS who, f.action AS action, f.times AS times",
        id=item,
    )
    return {(row["who"], row["action"]): row["times"] for row in rows}


async def test_who_did_what_is_known_without_a_history(engine: Engine, team: Team) -> None:
    world, db, gate = team.world, engine.db, engine.gate
    epic, (story, done, handed_in, _) = await lived(engine, team)
    before = {item: await sums(world, item) for item in (story, done, handed_in)}
    plain = await take(db, epic)
    await clear(world, epic)
    assert (await bring(db, gate, plain)).bad == []
    assert {item: await sums(world, item) for item in before} == before
    assert before[done][team.architect, "APPROVE_DESIGN"] == 1
    # Separation of duties is remembered: who handed in does not approve.
    await world.cypher(
        "MATCH (a:Actor {id: $id}) MATCH (r:Role {name: 'architect'}) MERGE (a)-[:HAS_ROLE]->(r)", id=team.developer
    )
    other = await world.actor("developer")
    await world.applied(handed_in, "COMMIT_CODE", other, commit_sha="1")
    assert await world.refused(handed_in, "APPROVE_DESIGN", team.developer) == ["SAME_ACTOR"]

    # What came without a history and what was done since are told apart, and never counted twice.
    assert await sound(db, story, done, handed_in)
    assert [bad.different for bad in (await bring(db, gate, plain)).kinds.values() if bad.different]
    since = {item: await sums(world, item) for item in before}
    whole = await take(db, epic, history=True)
    await clear(world, epic)
    assert (await bring(db, gate, whole)).bad == []
    assert {item: await sums(world, item) for item in before} == since
    assert await take(db, epic, history=True) == whole
    report = await bring(db, gate, whole)
    assert (report.bad, report.different) == ([], [])
    assert await sound(db, story, done, handed_in)
    # The doctor finds a sum that is wrong, and puts it right.
    await world.cypher("MATCH ()-[f:HAS_FIRED]->(:Item {id: $id}) SET f.times = f.times + 5", id=handed_in)
    doctor = Doctor(db, Options(limit=1_000_000, stuck=1_000_000))
    assert not await sound(db, handed_in)
    await doctor.repair(await doctor.examine())
    assert await sound(db, handed_in)
    assert await sums(world, handed_in) == since[handed_in]


async def test_who_did_what_as_it_is_written(world: World, engine: Engine) -> None:
    db, gate = engine.db, engine.gate
    ana, story, task = await world.actor("architect"), unique("story"), unique("task")
    did = {"actor_id": ana, "action": "APPROVE_DESIGN"}
    rows: list[Row | str] = [
        {"kind": "story", "id": story, "title": "S"},
        {"kind": "task", "id": task, "story_id": story, "title": "T", "state": "done", "fired": [did]},
        {"kind": "task", "id": unique("t"), "story_id": story, "title": "T", "fired": [did, did]},
        {"kind": "task", "id": unique("t"), "story_id": story, "title": "T", "fired": [{**did, "actor_id": "nobody"}]},
        {"kind": "task", "id": unique("t"), "story_id": story, "title": "T", "fired": [{**did, "times": 0}]},
        {"kind": "story", "id": unique("s"), "title": "T", "external": True, "fired": [did]},
    ]
    report = await bring(db, gate, text(*rows))
    assert problems(report) == [(3, "fired"), (4, "fired"), (5, "fired"), (6, "fired")]
    assert await sums(world, task) == {(ana, "APPROVE_DESIGN"): 1}
    again = await bring(db, gate, text(*rows[:2]))
    assert again.different == []


async def test_stories_whose_tasks_came_done_go_on(engine: Engine, team: Team) -> None:
    world, db, gate = team.world, engine.db, engine.gate
    flow = unique("broken")
    await world.publish(BROKEN.format(name=flow))
    spoilt, stories = unique("a-story"), [unique("story") for _ in range(3)]
    fired = [
        {"actor_id": team.architect, "action": "APPROVE_DESIGN", "times": 1},
        {"actor_id": team.qa, "action": "APPROVE_TESTS", "times": 1},
    ]
    rows: list[Row | str] = [{"kind": "story", "id": spoilt, "title": "S", "workflow": flow, "state": "busy"}]
    for place, story in enumerate(stories):
        rows += [
            {"kind": "story", "id": story, "title": "S", "state": "IN_PROGRESS"},
            {"kind": "task", "id": unique("t"), "story_id": story, "title": "T", "state": "done",
             "fired": fired[: 2 - place % 2]},
        ]  # fmt: skip
    rows.append({"kind": "task", "id": unique("t"), "story_id": stories[2], "title": "T", "state": "todo"})
    spoil = "MATCH (t:Transition {workflow: $flow, name: 'SHUT_IT'}) "
    await world.cypher(
        spoil + "CREATE (t)-[:GUARDED_BY {order: 1}]->(:Guard {name: 'spoilt', kind: 'field', field: 7})", flow=flow
    )
    try:
        assert (await bring(db, gate, text(*rows))).bad == []
    finally:
        await world.cypher(spoil + "MATCH (t)-[:GUARDED_BY]->(g:Guard {name: 'spoilt'}) DETACH DELETE g", flow=flow)
    assert [await world.state(story) for story in (spoilt, *stories)] == [
        "busy", "READY_TO_REVIEW", "TESTING", "IN_PROGRESS",
    ]  # fmt: skip


async def test_a_story_that_came_done_counts_where_it_was_done(world: World, engine: Engine) -> None:
    db, gate = engine.db, engine.gate
    past, later, sprintless = unique("sprint"), unique("sprint"), unique("sprint")
    done, came, given_up, undated = (unique("story") for _ in range(4))
    begin = {"kind": "story", "title": "S", "story_points": 5, "created_at": "2026-10-01T09:00:00Z", "sprint_points": 5}
    rows: list[Row | str] = [
        {"kind": "sprint", "id": past, "name": "P", "state": "closed", "closed_at": "2026-11-20T09:00:00Z"},
        {"kind": "sprint", "id": later, "name": "L", "state": "active", "started_at": "2026-11-20T09:00:00Z"},
        {"kind": "sprint", "id": sprintless, "name": "L", "state": "active"},
        {**begin, "id": done, "sprint_id": past, "sprint_entered_at": "2026-11-10T09:00:00Z", "state": "DONE",
         "done_at": "2026-11-12T09:00:00Z"},
        {**begin, "id": came, "sprint_id": later, "sprint_entered_at": "2026-11-21T09:00:00Z", "state": "DONE",
         "done_at": "2026-11-12T09:00:00Z"},
        {**begin, "id": given_up, "sprint_id": later, "sprint_entered_at": "2026-11-21T09:00:00Z",
         "state": "ARCHIVED"},
        {**begin, "id": undated, "sprint_id": sprintless, "state": "DONE"},
    ]  # fmt: skip
    assert (await bring(db, gate, text(*rows))).bad == []

    async def counted() -> list[Sum]:
        stays = await engine.sprints.stays([past, later, sprintless])
        closed = datetime(2026, 11, 20, 9, tzinfo=UTC)
        return [total(stays[past], closed), total(stays[later]), total(stays[sprintless])]

    assert await counted() == [Sum(0, 5), Sum(), Sum(0, 5)]
    # Put away by its rules it is done all the same, then when it was.
    await world.applied(done, "ARCHIVE", await world.actor("po"), feedback="It is not needed any more.")
    assert await counted() == [Sum(0, 5), Sum(), Sum(0, 5)]
    whole = await take(db, history=True)
    assert [json.loads(row)["began_at"] for row in whole.splitlines() if f'"id": "{done}"' in row.decode()] == [
        "2026-11-12T09:00:00Z"
    ]


async def test_again_does_nothing_and_names_what_differs(world: World, engine: Engine) -> None:
    db, gate = engine.db, engine.gate
    epic, story, task = unique("epic"), unique("story"), unique("task")
    rows: list[Row | str] = [
        {"kind": "epic", "id": epic, "title": "One", "labels": ["a"]},
        {"kind": "story", "id": story, "epic_id": epic, "title": "S", "labels": ["b", "b"]},
        "",
        {"kind": "task", "id": task, "story_id": story, "title": "T", "type": "bug", "estimate": 2.5},
    ]
    first = await bring(db, gate, text(*rows), dry_run=True)
    assert {kind: tally.created for kind, tally in first.kinds.items()} == {"epic": 1, "story": 1, "task": 1}
    assert await world.cypher("MATCH (e:Epic {id: $id}) RETURN e", id=epic) == []
    await bring(db, gate, text(*rows))
    [told] = await world.events(story, "planning.story.created")
    assert (told["epic_id"], told["title"]) == (epic, "S")
    found = await world.item(task)
    assert (found["type"], found["estimate"], found["priority"], found["rank"]) == ("bug", 2.5, 3, 4)
    assert (await world.item(story))["labels"] == ["b"]
    written = await world.written(story)
    rows[1] = {"kind": "story", "id": story, "epic_id": epic, "title": "Other", "state": "DONE"}
    for dry_run in (True, False):
        again = await bring(db, gate, text(*rows), dry_run=dry_run)
        assert [(row.line, row.id, row.fields) for row in again.different] == [(2, story, ["state", "title"])]
        assert {kind: (t.created, t.there, t.bad) for kind, t in again.kinds.items()} == dict.fromkeys(
            ["epic", "story", "task"], (0, 1, 0)
        )
    assert await world.written(story) == written


async def test_bad_rows_are_named_and_the_rest_is_done(world: World, engine: Engine) -> None:
    db, gate = engine.db, engine.gate
    epic, story, actor = unique("epic"), unique("story"), unique("actor")
    a, b, c, d, e = (unique(name) for name in "abcde")
    good: list[Row] = [
        {"kind": "actor", "id": actor, "actor_kind": "agent", "roles": ["developer"]},
        {"kind": "epic", "id": epic, "title": "E"},
        {"kind": "story", "id": story, "epic_id": epic, "title": "S", "author_id": actor},
        {"kind": "task", "id": a, "story_id": story, "title": "A", "depends_on": [b]},
        {"kind": "task", "id": b, "story_id": story, "title": "B"},
    ]
    task = {"kind": "task", "story_id": story, "title": "T"}
    bad: list[tuple[Row | str, str | None, str]] = [
        ("{", None, "no JSON"),
        ("[1]", None, "must be an object"),
        ({"kind": "saga", "id": "x"}, None, "actor, epic"),
        ({"kind": "epic", "id": epic, "title": "again"}, "id", "line 2"),
        ({"kind": "story", "id": unique("s"), "epic_id": "none", "title": "S"}, "epic_id", "no epic 'none'"),
        ({"kind": "story", "id": unique("s"), "workflow": "none", "title": "S"}, "workflow", "no workflow"),
        ({"kind": "story", "id": unique("s"), "state": "Dun", "title": "S"}, "state", "there are DRAFT, PO_REVIEW"),
        ({"kind": "story", "id": unique("s"), "title": " "}, "title", "is empty"),
        ({"kind": "story", "id": unique("s"), "titel": "S", "title": "x"}, "titel", "there are kind, id, epic_id"),
        ({"kind": "story", "id": unique("s"), "title": "S", "version": 2}, "version", "0 changes follow"),
        ({"kind": "story", "id": unique("s"), "title": "S", "author_id": "nobody"}, "author_id", "no actor 'nobody'"),
        ({"kind": "actor", "id": unique("x"), "actor_kind": "human", "roles": ["king"]}, "roles", "'king'"),
        ({**task, "id": unique("t"), "story_points": 3}, "story_points", "no field"),
        ({**task, "id": unique("t"), "priority": "1"}, "priority", "must be a valid integer"),
        ({**task, "id": unique("t"), "created_at": "2026-11-26"}, "created_at", "2026-11-26T09:00:00Z"),
        ({**task, "id": unique("t"), "depends_on": ["none"]}, "depends_on", "no task 'none'"),
        ({**task, "id": c, "depends_on": [d]}, "depends_on", f"{c} → {d} → {c}"),
        ({**task, "id": d, "depends_on": [c]}, "depends_on", f"{c} → {d} → {c}"),
        ({**task, "id": e, "depends_on": [d]}, "depends_on", f"'{d}', which it depends on"),
        ({"kind": "change", "item_id": "x", "seq": 1, "action": "A", "from": "a", "to": "b", "at": "2026-11-26T09:00Z"},
         "item_id", "right behind its item"),
    ]  # fmt: skip
    data = text(*good, *(row for row, _, _ in bad)) + b'{"kind": "epic", "title": "\xff"}\n'
    stopped = await bring(db, gate, data, stop_on_error=True)
    assert stopped.stopped
    assert await world.cypher("MATCH (e:Epic {id: $id}) RETURN e", id=epic) == []
    dry = await bring(db, gate, data, dry_run=True)
    report = await bring(db, gate, data)
    assert [(one.line, one.field, one.message) for one in dry.bad] == [
        (one.line, one.field, one.message) for one in report.bad
    ]
    assert problems(report) == [(line, field) for line, (_, field, _) in enumerate(bad, start=len(good) + 1)] + [
        (len(good) + len(bad) + 1, None)
    ]
    for one, (_, _, words) in zip(report.bad, bad, strict=False):
        assert words.replace(d, c) in one.message.replace(d, c), one
    assert "UTF-8" in report.bad[-1].message
    assert sum(tally.created for tally in report.kinds.values()) == len(good)
    assert await sound(db, story, a, b)
    rows = await world.cypher("MATCH (:Task {id: $id})-[:DEPENDS_ON]->(on) RETURN on.id AS id", id=a)
    assert rows == [{"id": b}]


@pytest.mark.parametrize(
    ("spoil", "line", "field"),
    [
        ({2: {"seq": 3}}, 3, "seq"),
        ({2: {"from": "todo"}}, 3, "from"),
        ({1: {"from": "done"}}, 2, "from"),
        ({0: {"state": "done"}}, 1, "state"),
        ({0: {"version": 7}}, 1, "version"),
        ({1: {"actor_id": "nobody"}}, 2, "actor_id"),
        ({2: {"at": "yesterday"}}, 3, "at"),
    ],
)
async def test_a_history_that_does_not_hold_keeps_its_item_out(
    world: World, engine: Engine, spoil: dict[int, Row], line: int, field: str
) -> None:
    id = unique("task")
    change = {"kind": "change", "item_id": id, "at": "2026-11-26T09:00:00Z", "actor_id": "stategate", "role": "system"}
    rows: list[Row | str] = [
        {"kind": "task", "id": id, "title": "T", "state": "dev_completed", "version": 2, "began_in": "todo"},
        change | {"seq": 1, "action": "START_WORK", "from": "todo", "to": "implementing"},
        change | {"seq": 2, "action": "COMMIT_CODE", "from": "implementing", "to": "dev_completed"},
    ]
    good = await bring(engine.db, engine.gate, text(*rows), dry_run=True)
    assert good.bad == []
    broken = [row | spoil.get(place, {}) for place, row in enumerate(rows) if isinstance(row, dict)]
    report = await bring(engine.db, engine.gate, text(*broken))
    assert (line, field) in problems(report)
    assert {bad.line for bad in report.bad} == {1, 2, 3}
    assert await world.cypher("MATCH (t:Task {id: $id}) RETURN t", id=id) == []


async def test_an_import_that_is_broken_off_goes_on(
    world: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, gate = engine.db, engine.gate
    monkeypatch.setattr("graph.transfer.examination.BATCH", 3)
    story, suffix = unique("story"), unique("")
    # Each task depends on the one behind it, so all but the last are late.
    rows: list[Row | str] = [{"kind": "story", "id": story, "title": "S", "state": "READY_FOR_EXECUTION"}]
    rows += [
        {"kind": "task", "id": f"{n}{suffix}", "story_id": story, "title": "T", "depends_on": [f"{n + 1}{suffix}"]}
        for n in range(10)
    ]
    rows.append({"kind": "task", "id": f"10{suffix}", "story_id": story, "title": "T"})

    class StoppedError(Exception):
        pass

    left = 3
    through = Database.in_transaction

    async def failing(self: Database, work: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoppedError
        return await through(self, work)

    with monkeypatch.context() as broken:
        broken.setattr(Database, "in_transaction", failing)
        with pytest.raises(StoppedError):
            await bring(db, gate, text(*rows))
    half = await world.cypher("MATCH (:Story {id: $id})-[:HAS_TASK]->(t) RETURN count(t) AS n", id=story)
    assert 0 < half[0]["n"] < 11
    assert await world.state(f"10{suffix}") == "todo"
    report = await bring(db, gate, text(*rows))
    assert (report.bad, report.different) == ([], [])
    assert report.kinds["task"].there == half[0]["n"]
    edges = await world.cypher(
        "MATCH (:Story {id: $id})-[:HAS_TASK]->(t)-[:DEPENDS_ON]->(on) RETURN count(on) AS n", id=story
    )
    assert edges == [{"n": 10}]
    # What may begin was begun at the end, by the rules.
    states = [await world.state(f"{n}{suffix}") for n in range(11)]
    assert states == ["todo"] * 10 + ["implementing"]
    assert await sound(db, story, *(f"{n}{suffix}" for n in range(11)))


async def test_a_file_that_somebody_writes_into_meanwhile(world: World, engine: Engine) -> None:
    epic = unique("epic")
    data = text({"kind": "epic", "id": epic, "title": "E"})
    file = io.BytesIO(data)

    def told(step: str, done: int, total: int) -> None:
        if done == total:
            file.getbuffer()[:1] = b"x"

    with pytest.raises(ConflictError):
        await Import(engine.db, engine.gate).run(file, len(data), told)
    assert await world.cypher("MATCH (e:Epic {id: $id}) RETURN e", id=epic) == []


async def test_a_story_without_a_place_goes_to_the_end_and_one_with_it_there(world: World, engine: Engine) -> None:
    db, gate, label = engine.db, engine.gate, unique("label")
    first, last = [
        await engine.items.create_story(name, workflow="story", id=unique("US"), labels=[label]) for name in "ab"
    ]
    [low, high] = await world.cypher(
        "UNWIND $ids AS id MATCH (s:Story {id: id}) RETURN s.rank_key AS key", ids=[first, last]
    )
    between_them = between(low["key"], high["key"], "1")
    suffix = unique("")
    rows: list[Row | str] = [
        {"kind": "story", "id": f"{name}{suffix}", "title": "S", "labels": [label]} for name in ("z", "y", "x", "a")
    ]
    rows.append({"kind": "story", "id": f"m{suffix}", "title": "S", "labels": [label], "rank_key": between_them})
    bad = {"kind": "story", "id": unique("s"), "title": "S", "rank_key": "what?"}
    report = await bring(db, gate, text(*rows, bad))
    assert problems(report) == [(6, "rank_key")]
    page, _ = await engine.backlog.page(100, None, Filter(label=label))
    order = [first, f"m{suffix}", last, *(f"{name}{suffix}" for name in ("z", "y", "x", "a"))]
    assert [row["id"] for row in page.rows] == order
    assert None not in await world.cypher("MATCH (s:Ranked) WHERE s.id IN $ids RETURN s.rank_key AS k", ids=order)


async def test_what_is_closed_takes_nothing_new_by_file(world: World, engine: Engine) -> None:
    db, gate = engine.db, engine.gate
    epic, story, task, other = unique("epic"), unique("story"), unique("task"), unique("story")
    rows: list[Row | str] = [
        {"kind": "epic", "id": epic, "title": "E", "archived_at": "2026-11-20T09:00:00Z"},
        {"kind": "story", "id": story, "epic_id": epic, "title": "S", "state": "DONE"},
        {"kind": "story", "id": other, "epic_id": epic, "title": "S", "state": "DONE"},
        {"kind": "task", "id": task, "story_id": story, "title": "T"},
    ]
    whole = await bring(db, gate, text(*rows))
    assert whole.bad == []
    # As if that had been broken off: the same file goes on with what it has closed itself.
    await world.cypher("MATCH (i:Item) WHERE i.id IN $ids DETACH DELETE i", ids=[task, other])
    again = await bring(db, gate, text(*rows))
    assert (again.bad, again.kinds["task"].created, again.kinds["story"].created) == ([], 1, 1)
    late: list[Row | str] = [
        {"kind": "story", "id": unique("s"), "epic_id": epic, "title": "S", "state": "DONE"},
        {"kind": "task", "id": unique("t"), "story_id": story, "title": "T"},
        {"kind": "task", "id": unique("t"), "story_id": story, "title": "T", "state": "implementing"},
        {"kind": "task", "id": unique("t"), "story_id": story, "title": "T", "state": "done"},
    ]
    report = await bring(db, gate, text(*late))
    assert problems(report) == [(1, "epic_id"), (2, "story_id"), (3, "story_id")]
    assert report.kinds["task"].created == 1


async def test_what_is_closed_while_the_file_is_written_takes_nothing(world: World, engine: Engine) -> None:
    epic, story = unique("epic"), unique("story")
    await engine.items.create_epic("E", epic)
    await engine.items.create_story("S", workflow="story", id=story)
    rows: list[Row | str] = [
        {"kind": "story", "id": unique("s"), "epic_id": epic, "title": "S"},
        {"kind": "task", "id": unique("t"), "story_id": story, "title": "T"},
    ]

    through = Import._write

    async def closed_first(self: Import, *given: Any) -> None:
        await world.cypher("MATCH (e:Epic {id: $id}) SET e.archived_at = datetime()", id=epic)
        await world.cypher(
            "MATCH (s:Story {id: $id})-[r:IN_STATE]->() DELETE r WITH s "
            "MATCH (state:State {workflow: 'story', name: 'DONE'}) CREATE (s)-[:IN_STATE]->(state)",
            id=story,
        )
        await through(self, *given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Import, "_write", closed_first)
        report = await bring(engine.db, engine.gate, text(*rows))
    assert [bad.line for bad in report.bad] == [1, 2]
    assert all("was closed" in bad.message for bad in report.bad)


async def test_a_sprint_that_has_ended_takes_no_story_but_from_a_file_that_tells_of_it(
    world: World, engine: Engine
) -> None:
    db, gate = engine.db, engine.gate
    ended, past = await engine.sprints.create("Ended"), unique("sprint")
    await engine.sprints.close(ended)
    at = "2026-11-20T09:00:00Z"
    row = {"kind": "sprint", "id": past, "name": "P", "state": "closed", "closed_at": at}
    rows: list[Row | str] = [row, {"kind": "story", "id": unique("s"), "title": "S", "sprint_id": past}]
    assert (await bring(db, gate, text(*rows))).bad == []
    # Another file of the same past, such as that of another epic, tells more of it.
    rows[1] = {"kind": "story", "id": unique("s"), "title": "S", "sprint_id": past}
    assert (await bring(db, gate, text(*rows))).bad == []
    late: list[Row | str] = [
        {"kind": "sprint", "id": ended, "name": "Ended", "state": "closed", "closed_at": at},
        *({"kind": "story", "id": unique("s"), "title": "S", "sprint_id": sprint} for sprint in (ended, past)),
        {"kind": "story", "id": unique("s"), "title": "S", "stays": [{"sprint_id": ended, "left_at": at}]},
    ]
    report = await bring(db, gate, text(*late))
    assert problems(report) == [(2, "sprint_id"), (3, "sprint_id")]
    assert report.kinds["story"].created == 1


async def test_a_sprint_that_ends_while_the_file_is_written_takes_no_story(world: World, engine: Engine) -> None:
    sprint, story = await engine.sprints.create("Ends"), unique("s")
    through = Import._write

    async def closed_first(self: Import, *given: Any) -> None:
        await engine.sprints.close(sprint)
        await through(self, *given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Import, "_write", closed_first)
        rows = text({"kind": "story", "id": story, "title": "S", "sprint_id": sprint})
        report = await bring(engine.db, engine.gate, rows)
    assert [bad.line for bad in report.bad] == [1]
    assert await world.cypher("MATCH (s:Story {id: $id}) RETURN s", id=story) == []


async def test_an_id_is_of_an_epic_or_of_an_item(world: World, engine: Engine) -> None:
    epic, both = unique("epic"), unique("both")
    await engine.items.create_epic("E", epic)
    story, foreign = await engine.items.create_story("S", workflow="story", id=unique("s")), await world.story()
    rows: list[Row | str] = [
        {"kind": "epic", "id": both, "title": "E"},
        {"kind": "story", "id": both, "title": "S"},
        {"kind": "story", "id": epic, "title": "S"},
        {"kind": "task", "id": epic + " ", "title": "T"},
        {"kind": "epic", "id": story, "title": "E"},
        {"kind": "epic", "id": foreign, "title": "E"},
    ]
    report = await bring(engine.db, engine.gate, text(*rows))
    assert problems(report) == [(2, "id"), (3, "id"), (4, "id"), (5, "id"), (6, "id")]
    task = {"kind": "task", "id": epic, "title": "T"}
    assert problems(await bring(engine.db, engine.gate, text(task))) == [(1, "id")]


async def test_a_place_that_would_be_in_the_way_of_what_is_new(world: World, engine: Engine) -> None:
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    good: list[Row | str] = [
        {"kind": "story", "id": unique("s"), "title": "S", "rank_key": key} for key in (f"{now}zzz", "1", "0zzz")
    ]
    story = str(good[0]["id"]) if isinstance(good[0], dict) else ""
    good.append({"kind": "task", "id": unique("t"), "story_id": story, "title": "T", "rank": 2**31})
    bad: list[Row | str] = [
        {"kind": "story", "id": unique("s"), "title": "S", "rank_key": key}
        for key in (f"{now + 7_200_000_000}1", "9", "A", "zz")
    ]
    bad += [
        {"kind": "task", "id": unique("t"), "story_id": story, "title": "T", "rank": rank}
        for rank in (9223372036854775807, 2**31 + 1, -(2**31) - 1)
    ]
    report = await bring(engine.db, engine.gate, text(*good, *bad))
    assert problems(report) == [(line, "rank_key" if line < 9 else "rank") for line in range(5, 12)]
    await engine.items.create_task(story, "Next", workflow="task")


async def test_what_depends_on_a_task_that_could_not_be_written_is_not_written_either(
    world: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing, story, suffix = unique("story"), unique("story"), unique("")
    for id in (closing, story):
        await engine.items.create_story("S", workflow="story", id=id)
    rows: list[Row | str] = [{"kind": "task", "id": f"0{suffix}", "story_id": closing, "title": "T"}]
    rows += [
        {"kind": "task", "id": f"{n}{suffix}", "story_id": story, "title": "T", "depends_on": [f"{n - 1}{suffix}"]}
        for n in range(1, 5)
    ]
    rows.append({"kind": "task", "id": f"5{suffix}", "story_id": story, "title": "T"})
    monkeypatch.setattr("graph.transfer.examination.BATCH", 3)
    through = Import._write

    async def closed_first(self: Import, *given: Any) -> None:
        await world.cypher(
            "MATCH (s:Story {id: $id})-[r:IN_STATE]->() DELETE r WITH s "
            "MATCH (state:State {workflow: 'story', name: 'DONE'}) CREATE (s)-[:IN_STATE]->(state)",
            id=closing,
        )
        await through(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Import, "_write", closed_first)
        report = await bring(engine.db, engine.gate, text(*rows))
    assert problems(report) == [(line, None) for line in range(1, 6)]
    assert (report.kinds["task"].created, report.kinds["task"].bad) == (1, 5)
    assert await world.cypher("MATCH (t:Task) WHERE t.id ENDS WITH $s RETURN t.id AS id", s=suffix) == [
        {"id": f"5{suffix}"}
    ]


async def test_what_hands_have_drawn_twice_or_spoilt_is_written_once_and_named_when_it_comes(
    world: World, engine: Engine
) -> None:
    db, epic, story, task = engine.db, unique("epic"), unique("story"), unique("task")
    await engine.items.create_epic("E", epic)
    await engine.items.create_story("S", workflow="story", id=story, epic_id=epic)
    await engine.items.create_task(story, "T", workflow="task", id=task)
    await world.cypher("MATCH (e:Epic {id: $id})-[:HAS_STORY]->(s) CREATE (e)-[:HAS_STORY]->(s)", id=epic)
    await world.cypher("MATCH (t:Task {id: $id}) SET t.created_at = date('2026-11-26'), t.labels = [date()]", id=task)
    await world.cypher("MATCH (s:Story {id: $id}) SET s.updated_at = datetime({year: 10000})", id=story)
    whole = await take(db, epic)
    assert await take(db, epic) == whole
    assert [json.loads(row)["id"] for row in whole.splitlines()] == [epic, story, task]
    await clear(world, epic)
    assert set(problems(await bring(db, engine.gate, whole))) == {(2, "updated_at"), (3, "created_at")}
    await clear(world, epic)


async def test_an_item_that_was_deleted_by_hand_comes_back_once_its_changes_are_gone(
    world: World, engine: Engine
) -> None:
    db, gate, epic, story = engine.db, engine.gate, unique("epic"), unique("story")
    await engine.items.create_epic("E", epic)
    await engine.items.create_story("S", workflow="story", id=story, epic_id=epic)
    await engine.items.edit_story(story, {"title": "Other"})
    whole = await take(db, epic, history=True)
    await world.cypher("MATCH (s:Story {id: $id}) DETACH DELETE s", id=story)
    for data in (whole, await take(db, epic), text({"kind": "story", "id": story, "title": "S"})):
        report = await bring(db, gate, data)
        assert problems(report)[:1] == ([(2, "id")] if data == whole else [] if epic.encode() in data else [(1, "id")])
    await world.cypher("MATCH (c:Change {item_id: $id}) DETACH DELETE c", id=story)
    assert (await bring(db, gate, whole)).bad == []
    assert await take(db, epic, history=True) == whole


async def test_a_line_with_very_much_that_is_wrong_is_told_in_few_words(engine: Engine) -> None:
    task = {"kind": "task", "id": unique("t"), "title": "T"}
    rows: list[Row | str] = [{**task, "depends_on": [1] * 1000}, {"kind": "epic"} | {f"k{n}": 1 for n in range(1000)}]
    report = await bring(engine.db, engine.gate, text(*rows), dry_run=True)
    assert [bad.field for bad in report.bad if bad.line == 1] == ["depends_on"]
    assert 1 < len([bad for bad in report.bad if bad.line == 2]) <= 50
