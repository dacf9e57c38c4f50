"""Publishing under live work: items follow a mapping in batches, whatever happens meanwhile; and who may do it."""

from __future__ import annotations

import asyncio

import pytest

from graph.decision import Outcome
from graph.doctor import Doctor, Options
from graph.errors import ConflictError, NotFoundError
from graph.queries import query
from graph.rules import moves
from graph.rules.moves import Moves
from tests.graph.world import Row, World, told, unique
from tests.house.statements import on_disk

_RULES = """
workflow: {name}
item: task
roles: [writer-{name}, reader-{name}]
states:
  draft: {{kind: initial}}
  waiting: {{kind: active}}
  printed: {{kind: final}}
  dropped: {{kind: final}}
transitions:
  - {{from: draft, action: HAND_IN, to: waiting, roles: [writer-{name}]}}
  - {{from: waiting, action: PRINT, to: printed, roles: [reader-{name}]}}
  - {{from: "*", action: DROP, to: dropped, roles: [writer-{name}]}}
"""


class Paper:
    """The workflow of a paper, with people of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.name = unique("paper")
        self.rules = _RULES.format(name=self.name)
        self.renamed = self.rules.replace("waiting", "queued")

    async def open(self) -> Paper:
        await self.world.publish(self.rules)
        self.writer = await self.world.actor(f"writer-{self.name}")
        self.reader = await self.world.actor(f"reader-{self.name}")
        return self

    async def waiting(self, count: int = 1) -> list[str]:
        """Papers that have been handed in."""
        items = [await self.world.task(self.name) for _ in range(count)]
        for item in items:
            await self.world.applied(item, "HAND_IN", self.writer)
        return items

    async def draft(self, text: str) -> str:
        result = await self.world.rules.import_draft(text)
        assert result.confirm is not None, result.findings
        return result.confirm

    async def crashed(self, monkeypatch: pytest.MonkeyPatch, text: str, mapping: dict[str, str]) -> str:
        """Publishes, and breaks off before any item is moved; returns the confirm."""
        confirm = await self.draft(text)

        async def crash(*_: object) -> None:
            raise asyncio.CancelledError

        with monkeypatch.context() as patch:
            patch.setattr(Moves, "finish", crash)
            with pytest.raises(asyncio.CancelledError):
                await self.world.rules.publish(self.name, confirm, mapping)
        return confirm

    async def waits(self) -> int:
        return sum(move.waiting for move in await self.world.rules.moves.pending(self.name))


@pytest.fixture
async def paper(world: World) -> Paper:
    return await Paper(world).open()


async def test_items_follow_in_batches_with_progress(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    world = paper.world
    items = await paper.waiting(5)
    monkeypatch.setattr(moves, "BATCH", 2)
    seen: list[tuple[int, int]] = []
    confirm = await paper.draft(paper.renamed)
    version = await world.rules.publish(
        paper.name, confirm, {"waiting": "queued"}, progress=lambda done, total: seen.append((done, total))
    )
    assert (version, seen) == (2, [(0, 5), (2, 5), (4, 5), (5, 5)])
    for item in items:
        assert await world.state(item) == "queued"
        change = (await world.history(item))[-1]
        assert (change["from"], change["to"], change["rule_version"], change["automatic"]) == (
            "waiting", "queued", 2, True,
        )  # fmt: skip
        assert (change["actor_id"], change["seq"]) == ("stategate", 2)
        event = (await world.events(item, "workflow.state.changed"))[-1]
        assert (event["action"], event["version"], event["rule_version"]) == ("RULES_CHANGED", 2, 2)
        assert len(told(await world.events(item, "workflow.state.changed"))) == 2
        assigned = (await world.events(item, "workflow.task.assigned"))[-1]
        assert (assigned["role"], assigned["action"], assigned["state"]) == (f"reader-{paper.name}", "PRINT", "queued")
    assert await paper.waits() == 0
    assert await world.cypher("MATCH (s:State {workflow: $n, name: 'waiting'}) RETURN s", n=paper.name) == []
    await world.applied(items[0], "PRINT", paper.reader)


async def test_a_crash_is_gone_on_with_by_the_same_publish(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    world = paper.world
    items = await paper.waiting(3)
    confirm = await paper.crashed(monkeypatch, paper.renamed, {"waiting": "queued"})
    assert await paper.waits() == 3
    assert await world.rules.export(paper.name) == await world.rules.export(paper.name, 2)
    assert await world.rules.publish(paper.name, confirm, {"waiting": "queued"}) == 2
    assert [await world.state(item) for item in items] == ["queued"] * 3
    with pytest.raises(NotFoundError):
        await world.rules.publish(paper.name, confirm)


async def test_a_crash_is_gone_on_with_by_the_clock(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    items = await paper.waiting(3)
    await paper.crashed(monkeypatch, paper.renamed, {"waiting": "queued"})
    other = Moves(paper.world.db)
    await asyncio.gather(other.tick(), paper.world.rules.moves.tick())
    assert [await paper.world.state(item) for item in items] == ["queued"] * 3
    assert all([len(await paper.world.history(item)) == 2 for item in items])
    assert await other.pending(paper.name) == []


async def test_what_is_asked_of_an_item_not_moved_yet(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is moved first, then the new rules decide; a question moves nothing."""
    world = paper.world
    first, second, third = await paper.waiting(3)
    text = paper.renamed.replace('from: "*", action', 'from: "*", except: [queued], action')
    await paper.crashed(monkeypatch, text, {"waiting": "queued"})
    asked = await world.act(first, "PRINT", paper.reader, dry=True)
    assert (asked.outcome, await world.state(first)) == (Outcome.APPLIED, "waiting")
    assert await world.offers.actions([(first, paper.reader)]) == {(first, paper.reader): []}
    # From anywhere but from where it belongs now.
    assert await world.refused(second, "DROP", paper.writer) == ["NOT_FROM_THIS_STATE"]
    await world.applied(first, "PRINT", paper.reader)
    assert [(c["from"], c["to"]) for c in (await world.history(first))[1:]] == [
        ("waiting", "queued"), ("queued", "printed"),
    ]  # fmt: skip
    assert await world.refused(third, "PRINT", paper.reader, expected_version=1) == ["STALE_VERSION"]
    await world.rules.moves.finish(paper.name)
    assert [await world.state(item) for item in (first, second, third)] == ["printed", "queued", "queued"]


async def test_what_the_rules_do_by_themselves_follows(paper: Paper) -> None:
    world = paper.world
    [item] = await paper.waiting()
    text = paper.renamed.replace("  printed:", "  filed: {kind: active}\n  printed:")
    text = text.replace("from: queued, action: PRINT", "from: filed, action: PRINT")
    text += "  - {from: queued, action: FILE, to: filed, automatic: true}\n"
    await world.rules.publish(paper.name, await paper.draft(text), {"waiting": "queued"})
    assert [(c["action"], c["to"]) for c in (await world.history(item))[1:]] == [
        ("RULES_CHANGED", "queued"), ("FILE", "filed"),
    ]  # fmt: skip
    assigned = [event["state"] for event in await world.events(item, "workflow.task.assigned")]
    assert assigned == ["waiting", "filed"]


async def test_timers_begin_anew_and_a_final_state_keeps_its_time(paper: Paper) -> None:
    world = paper.world
    [waiting, printed] = await paper.waiting(2)
    await world.applied(printed, "PRINT", paper.reader)
    done_at = (await world.item(printed))["done_at"]
    text = paper.renamed.replace("printed", "issued").replace("to: issued, ", "to: issued, after: 2h, ")
    await world.rules.publish(paper.name, await paper.draft(text), {"waiting": "queued", "printed": "issued"})
    assert (await world.item(waiting))["due_at"] is not None
    assert (await world.state(printed), (await world.item(printed))["done_at"]) == ("issued", done_at)


async def test_items_come_in_while_it_is_published(paper: Paper) -> None:
    """Whatever the moment, each item has one state, and it is one of the rules."""
    world = paper.world
    items = [await world.task(paper.name) for _ in range(12)]
    await world.applied(items[0], "HAND_IN", paper.writer)
    confirm = await paper.draft(paper.renamed)
    publishing = asyncio.create_task(world.rules.publish(paper.name, confirm, {"waiting": "queued"}))
    answers = [await world.act(item, "HAND_IN", paper.writer) for item in items[1:]]
    assert await publishing == 2
    await world.rules.moves.finish(paper.name)
    assert {answer.outcome for answer in answers} == {Outcome.APPLIED}
    assert {await world.state(item) for item in items} == {"queued"}


async def test_items_made_or_spoilt_by_hand_are_moved_once(paper: Paper) -> None:
    world, raw = paper.world, unique("raw")
    [twice] = await paper.waiting()
    await world.cypher("MATCH (i:Item {id: $id})-[:IN_STATE]->(s) CREATE (i)-[:IN_STATE]->(s)", id=twice)
    made = (
        "MATCH (s:State {workflow: $n, name: 'waiting'}) CREATE (:Item:Task {id: $id, workflow: $n})-[:IN_STATE]->(s)"
    )
    await world.cypher(made, n=paper.name, id=raw)
    await world.rules.publish(paper.name, await paper.draft(paper.renamed), {"waiting": "queued"})
    for item, place in ((twice, 2), (raw, 1)):
        assert (await world.state(item), (await world.item(item))["version"]) == ("queued", place)
        assert [change["seq"] for change in await world.history(item)][-1] == place
        assert len(await world.events(item, "workflow.state.changed")) == place
        await world.applied(item, "PRINT", paper.reader)
    checks = await Doctor(world.db, Options(limit=1_000_000)).examine()
    assert [one for check in checks for one in check.offenders if one.name in {twice, raw}] == []


async def test_one_that_cannot_be_moved_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    paper, other = sorted([await Paper(world).open() for _ in range(2)], key=lambda one: one.name)
    items, [elsewhere] = await paper.waiting(3), await other.waiting()
    [bad, *good] = sorted(items)
    await world.cypher("MATCH (i:Item {id: $id}) SET i.version = date()", id=bad)
    await other.crashed(monkeypatch, other.renamed, {"waiting": "queued"})
    confirm = await paper.draft(paper.renamed)
    with pytest.raises(ConflictError, match=f"1 items.*cannot be moved from 'waiting' to 'queued': '{bad}'"):
        await world.rules.publish(paper.name, confirm, {"waiting": "queued"})
    assert [await world.state(item) for item in (bad, *good)] == ["waiting", "queued", "queued"]
    await world.applied(good[0], "PRINT", paper.reader)
    # Nor the moves of other workflows, whichever process makes them.
    another = Moves(world.db)
    assert await another._lease.take()
    await another.tick()
    assert await world.state(elsewhere) == "queued"
    await world.cypher("MATCH (i:Item {id: $id}) SET i.version = 1", id=bad)
    assert await world.rules.publish(paper.name, confirm, {"waiting": "queued"}) == 2
    assert await world.state(bad) == "queued"


async def test_undone_by_publishing_the_version_before(paper: Paper) -> None:
    """A state that comes back takes its items by the mapping the other way round."""
    world = paper.world
    [item] = await paper.waiting()
    with pytest.raises(NotFoundError, match="only one version"):
        await world.rules.draft_version(paper.name)
    await world.rules.publish(paper.name, await paper.draft(paper.renamed), {"waiting": "queued"})
    draft = await world.rules.draft_version(paper.name)
    assert (draft.impact["states_added"], draft.impact["states_removed"]) == (["waiting"], {"queued": 1})
    assert draft.confirm is not None
    with pytest.raises(ConflictError):
        await world.rules.publish(paper.name, draft.confirm)
    assert await world.rules.publish(paper.name, draft.confirm, {"queued": "waiting"}) == 3
    assert await world.rules.export(paper.name, 3) == await world.rules.export(paper.name, 1)
    assert [change["rule_version"] for change in await world.history(item)] == [1, 2, 3]
    assert await world.state(item) == "waiting"
    with pytest.raises(NotFoundError):
        await world.rules.draft_version(paper.name, 9)


async def test_a_draft_is_stale_when_the_live_rules_have_changed(paper: Paper) -> None:
    world = paper.world
    confirm = await paper.draft(paper.renamed)
    edit = "MATCH (t:Transition {workflow: $n, name: 'PRINT'}), (r:Role {name: $r}) MERGE (r)-[e:MAY_FIRE]->(t)"
    await world.cypher(edit, n=paper.name, r=f"writer-{paper.name}")
    with pytest.raises(ConflictError, match="changed since"):
        await world.rules.publish(paper.name, confirm)
    assert await world.rules.publish(paper.name, await paper.draft(paper.renamed)) == 3


async def test_roles_that_the_rules_no_longer_list_inherit_nothing(paper: Paper) -> None:
    world = paper.world
    reader = f"reader-{paper.name}"
    more = paper.rules.replace(f"{reader}]", f"{reader}, {{name: chief, inherits: [{reader}]}}]", 1)
    await world.publish(more)
    await world.publish(paper.rules)
    left = "MATCH ()-[e:INHERITS {workflow: $n}]->() RETURN e"
    assert await world.cypher(left, n=paper.name) == []


async def permitted(world: World, workflow: str, kind: str = "human", *, draft: bool, publish: bool) -> str:
    role = unique("keeper")
    actor = await world.actor(role, kind=kind)
    await world.rules.permit(role, workflow, draft=draft, publish=publish)
    return actor


async def test_who_may_draft_and_publish(paper: Paper) -> None:
    world, rules = paper.world, paper.world.rules
    drafter = await permitted(world, paper.name, draft=True, publish=False)
    publisher = await permitted(world, paper.name, draft=False, publish=True)
    admin = await world.actor("admin")
    for actor in (paper.writer, publisher):
        with pytest.raises(ConflictError, match=r"may not draft.*keeper"):
            await rules.import_draft(paper.renamed, actor)
    draft = await rules.import_draft(paper.renamed, drafter)
    for actor in (paper.writer, drafter):
        with pytest.raises(ConflictError, match=r"may not publish.*keeper"):
            await rules.publish(paper.name, draft.confirm or "", by=actor)
    assert await rules.publish(paper.name, draft.confirm or "", by=publisher) == 2
    again = await rules.draft_version(paper.name, by=admin)
    assert await rules.publish(paper.name, again.confirm or "", by=admin) == 3
    by = "MATCH (v:RuleVersion {workflow: $n}) RETURN v.by AS by ORDER BY v.number"
    assert [row["by"] for row in await world.cypher(by, n=paper.name)] == ["stategate", publisher, admin]


async def test_what_everybody_may(paper: Paper) -> None:
    rules, anyone, agent = paper.world.rules, await paper.world.actor(), await paper.world.actor(kind="agent")
    assert await rules.permit("*", paper.name, draft=True, publish=True) == {"draft": True, "publish": True}
    draft = await rules.import_draft(paper.renamed, anyone)
    with pytest.raises(ConflictError, match="never publish"):
        await rules.publish(paper.name, draft.confirm or "", by=agent)
    assert await rules.publish(paper.name, draft.confirm or "", by=anyone) == 2


async def test_an_agent_drafts_and_never_publishes(paper: Paper) -> None:
    world, rules = paper.world, paper.world.rules
    agent = await permitted(world, paper.name, "agent", draft=True, publish=True)
    await world.cypher("MATCH (a:Actor {id: $a}), (r:Role {name: 'admin'}) CREATE (a)-[:HAS_ROLE]->(r)", a=agent)
    draft = await rules.import_draft(paper.renamed, agent)
    for edit in ("SET a.kind = 'agent'", "REMOVE a.kind"):
        await world.cypher(f"MATCH (a:Actor {{id: $a}}) {edit}", a=agent)
        with pytest.raises(ConflictError, match="never publish"):
            await rules.publish(paper.name, draft.confirm or "", by=agent)
    assert await rules.publish(paper.name, draft.confirm or "") == 2


async def test_nobody_changes_rules_in_the_name_of_the_system_or_of_nobody(paper: Paper) -> None:
    with pytest.raises(ConflictError, match="system itself"):
        await paper.world.rules.import_draft(paper.renamed, "stategate")
    with pytest.raises(NotFoundError, match="no actor"):
        await paper.world.rules.import_draft(paper.renamed, unique("nobody"))
    for role, workflow in ((unique("no-role"), paper.name), ("admin", unique("nothing"))):
        with pytest.raises(NotFoundError):
            await paper.world.rules.permit(role, workflow, draft=True)


async def test_a_permission_is_taken_away_and_outlives_a_publish(paper: Paper) -> None:
    rules, role = paper.world.rules, f"reader-{paper.name}"
    assert await rules.permit(role, paper.name, draft=True, publish=True) == {"draft": True, "publish": True}
    await paper.world.publish(paper.renamed)
    assert await rules.permit(role, paper.name, publish=False) == {"draft": True, "publish": False}


async def test_versions_never_change_and_each_change_names_its_own(paper: Paper) -> None:
    world = paper.world
    [item] = await paper.waiting()
    versions = "MATCH (v:RuleVersion {workflow: $n}) RETURN properties(v) AS v ORDER BY v.number"
    before: list[Row] = await world.cypher(versions, n=paper.name)
    await world.publish(paper.rules.replace("PRINT", "ISSUE"))
    await world.applied(item, "ISSUE", paper.reader)
    after = await world.cypher(versions, n=paper.name)
    assert (after[:1], len(after)) == (before, 2)
    assert [change["rule_version"] for change in await world.history(item)] == [1, 2]


def test_no_statement_changes_a_version() -> None:
    for name in on_disk():
        text = query(name)
        if "RuleVersion" in text:
            assert "version:RuleVersion" in text, f"{name}: call it `version`, so that this test can follow it"
            assert "MERGE (version" not in text
            assert not any(word in text for word in ("SET version", "DELETE version", "REMOVE version")), name
