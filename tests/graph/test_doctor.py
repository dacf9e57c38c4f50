"""The doctor names what was broken by hand, and mends what can be right in one way only."""

from __future__ import annotations

import pytest
import pytest_asyncio

from graph.check import Check
from graph.database import Database
from graph.doctor import Doctor, Options
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.review import Review
from tests.graph.world import NO_TIMES, World

LATEST = "MATCH (:Item {id: $id})-[l:LATEST]->(c:Change) "


@pytest_asyncio.fixture(loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    return await Review.open(World(db, gate, rules))


@pytest.fixture
def doctor(db: Database) -> Doctor:
    """One that names everybody: other tests have broken things too."""
    return Doctor(db, Options(limit=1_000_000, stuck=1_000_000))


async def offends(doctor: Doctor, name: str) -> set[str]:
    """The checks that a thing offends."""
    return {check.name for check in await doctor.examine() if any(one.name == name for one in check.offenders)}


async def test_what_is_sound_offends_nothing(review: Review, doctor: Doctor) -> None:
    paper, fresh = await review.approved(priority=1), await review.paper()
    await review.world.applied(paper, "PRINT", review.printer)
    assert (
        await offends(doctor, paper) == await offends(doctor, fresh) == await offends(doctor, review.workflow) == set()
    )


@pytest.mark.parametrize(
    ("edit", "check"),
    [
        ("MATCH (:Item {id: $id})-[here:IN_STATE]->() DELETE here", "STATE"),
        (
            "MATCH (i:Item {id: $id}), (s:State {workflow: $workflow, name: 'draft'}) CREATE (i)-[:IN_STATE]->(s)",
            "STATE",
        ),
        (
            "MATCH (i:Item {id: $id})-[here:IN_STATE]->(), (s:State {name: 'waiting'}) WHERE s.workflow <> $workflow "
            "WITH i, here, s LIMIT 1 DELETE here CREATE (i)-[:IN_STATE]->(s)",
            "STATE",
        ),
        ("MATCH (i:Item {id: $id}) SET i.version = 7", "VERSION"),
        (
            "MATCH (i:Item {id: $id})-[here:IN_STATE]->(), (s:State {workflow: $workflow, name: 'approved'}) "
            "DELETE here CREATE (i)-[:IN_STATE]->(s)",
            "VERIFIED",
        ),
        (LATEST + "SET c.to = 'reading'", "VERIFIED"),
        (LATEST + "SET c.from = 'reading'", "FOLLOWS"),
        (LATEST + "MATCH (c)-[p:PREVIOUS]->() DELETE p CREATE (c)-[:PREVIOUS]->(c)", "CHAIN"),
    ],
)
async def test_an_item_broken_by_hand_is_named_and_left_as_it_is(
    review: Review, doctor: Doctor, edit: str, check: str
) -> None:
    await Review.open(review.world)
    paper = await review.waiting()
    await review.by_hand(edit, id=paper)
    before = await review.world.written(paper)
    found = await offends(doctor, paper)
    assert check in found
    await doctor.repair(await doctor.examine())
    assert await offends(doctor, paper) == found
    assert (await review.world.written(paper)).replace(', "lock": true', "") == before.replace(', "lock": true', "")


@pytest.mark.parametrize(
    ("edit", "check"),
    [
        (LATEST + "DELETE l", "CHAIN"),
        (LATEST + "MATCH (c)-[p:PREVIOUS]->() DELETE p", "CHAIN"),
        ("MATCH (:Actor)-[f:HAS_FIRED]->(:Item {id: $id}) SET f.times = 5", "FIRED"),
        ("MATCH (:Actor)-[f:HAS_FIRED]->(:Item {id: $id}) DELETE f", "FIRED"),
    ],
)
async def test_what_can_be_right_in_one_way_is_repaired(review: Review, doctor: Doctor, edit: str, check: str) -> None:
    paper = await review.waiting()
    history = await review.world.history(paper)
    await review.by_hand(edit, id=paper)
    assert check in await offends(doctor, paper)
    await doctor.repair(await doctor.examine())
    assert await offends(doctor, paper) == set()
    assert await review.world.history(paper) == history
    rows = await review.world.cypher(
        "MATCH (a:Actor)-[f:HAS_FIRED]->(:Item {id: $id}) RETURN f.action AS action, f.times AS times ORDER BY action",
        id=paper,
    )
    assert rows == [{"action": "HAND_IN", "times": 1}, {"action": "SORT", "times": 1}]


@pytest.mark.parametrize(
    ("edit", "check"),
    [
        *((LATEST + f"SET c.seq = {odd}", "VERSION") for odd in ("'x'", "['x']", "datetime()", "-9223372036854775808")),
        *((LATEST + f"SET c.item_id = {odd}", "CHANGES") for odd in ("7", "['x']", "datetime()", "''")),
        *(
            (f"MATCH (:Actor)-[f:HAS_FIRED]->(:Item {{id: $id}}) SET f.times = {odd}", "FIRED")
            for odd in ("'x'", "['x']", "datetime()", "-9223372036854775808")
        ),
        *(("MATCH (i:Item {id: $id}) SET i.id = " + odd, "STATE") for odd in ("7", "['x']", "datetime()", "''")),
        *(
            ("MATCH (w:Workflow {name: $workflow}) SET w.name = " + odd, "RULES")
            for odd in ("null", "['x']", "datetime()")
        ),
        ("MATCH (w:Workflow {name: $workflow}) SET w.version = datetime('+12345-01-01T00:00Z')", "ADOPTED"),
        *(
            ("MATCH (v:RuleVersion {workflow: $workflow}) SET v.yaml = " + odd, "VERSIONS")
            for odd in ("null", "7", "['x']")
        ),
    ],
)
async def test_values_of_any_type_are_named_and_hide_nothing_else(
    review: Review, doctor: Doctor, edit: str, check: str
) -> None:
    def named(checks: list[Check]) -> set[tuple[str, str]]:
        return {(one.name, offender.name) for one in checks for offender in one.offenders}

    before, paper = named(await doctor.examine()), await review.waiting()
    await review.by_hand("MATCH (n) WHERE n.id = $id OR n.item_id = $id SET n.mark = $id", id=paper)
    await review.by_hand(edit, id=paper)
    try:
        checks = await doctor.examine()
        assert check in {name for name, _ in named(checks) - before}
        await doctor.repair(checks)
    finally:
        await review.by_hand("MATCH (n {mark: $id}) DETACH DELETE n", id=paper)
        await review.by_hand("MATCH (w:Workflow)-[:HAS_STATE]->(:State {workflow: $workflow}) DETACH DELETE w")


async def test_who_moved_an_item_by_hand_may_stand_for_it(review: Review, doctor: Doctor) -> None:
    paper = await review.waiting()
    await review.by_hand(
        "MATCH (i:Item {id: $id})-[here:IN_STATE]->(), (s:State {workflow: $workflow, name: 'approved'}) "
        "DELETE here CREATE (i)-[:IN_STATE]->(s)",
        id=paper,
    )
    await review.world.applied(paper, "WITHDRAW", review.writer)
    assert await offends(doctor, paper) == {"FOLLOWS"}
    await review.by_hand(LATEST + "SET c.accepted_by = 'ann'", id=paper)
    assert await offends(doctor, paper) == set()


async def test_changes_and_refusals_without_their_item(review: Review, doctor: Doctor) -> None:
    paper = await review.waiting()
    await review.world.refused(paper, "PRINT", review.writer, command_id="late")
    await review.world.refused("nowhere", "PRINT", review.writer, command_id="never")
    await review.by_hand("MATCH (i:Item {id: $id}) DETACH DELETE i", id=paper)
    checks = {check.name: {one.name for one in check.offenders} for check in await doctor.examine()}
    assert paper in checks["CHANGES"]
    assert f"{paper} late" in checks["REFUSALS"]
    assert "nowhere never" not in checks["REFUSALS"]


async def test_events_that_are_stuck_or_lack_something(review: Review, db: Database, doctor: Doctor) -> None:
    await review.world.cypher(
        "CREATE (:OutboxEvent {outbox_id: $id, outbox_at: datetime.realtime(), json_fields: [], item_id: 'x'})",
        id=review.suffix,
    )

    async def problem() -> str:
        [outbox] = [check for check in await doctor.examine() if check.name == "OUTBOX"]
        [found] = [one.problem for one in outbox.offenders if one.name == f"{review.suffix} workflow.test"]
        return found

    try:
        assert "OUTBOX" in await offends(doctor, f"{review.suffix} ?")
        await review.world.cypher(
            "MATCH (e:OutboxEvent {outbox_id: $id}) "
            "SET e.subject = 'workflow.test', e.outbox_at = datetime('2020-01-01')",
            id=review.suffix,
        )
        assert (await problem()).startswith("waits since 2020")
        for time in NO_TIMES:
            await review.world.cypher(
                f"MATCH (e:OutboxEvent {{outbox_id: $id}}) SET e.outbox_at = {time}", id=review.suffix
            )
            assert "no time" in await problem(), time
        await review.world.cypher(
            "MATCH (e:OutboxEvent {outbox_id: $id}) SET e.outbox_at = datetime.realtime() "
            "CREATE (copy:OutboxEvent) SET copy = e",
            id=review.suffix,
        )
        assert (await problem()).startswith("has the id of another event")
        few = await Doctor(db, Options(limit=1, stuck=0)).examine()
        [outbox] = [check for check in few if check.name == "OUTBOX"]
        assert (len(outbox.offenders), outbox.total > 1) == (1, True)
    finally:
        await review.world.cypher("MATCH (e:OutboxEvent {outbox_id: $id}) DELETE e", id=review.suffix)


async def test_rules_that_are_broken_or_not_noticed(review: Review, doctor: Doctor) -> None:
    other = await Review.open(review.world)
    await review.by_hand("MATCH (:Transition {workflow: $workflow, name: 'TAKE'})-[to:TO]->() DELETE to")
    assert await offends(doctor, review.workflow) == {"RULES", "ADOPTED"}
    await review.by_hand("MATCH (w:Workflow {name: $workflow}) SET w.unadopted = true")
    assert await offends(doctor, review.workflow) == {"RULES"}
    await other.by_hand("MATCH (:Transition {workflow: $workflow, name: 'TAKE'})-[c:ON]->() SET c.note = 1")
    assert await offends(doctor, other.workflow) == set()
    await other.by_hand("MATCH (t:Transition {workflow: $workflow, name: 'SEND_BACK'}) SET t.relations = ['author']")
    assert await offends(doctor, other.workflow) == {"ADOPTED"}
    await other.by_hand("MATCH (v:RuleVersion {workflow: $workflow}) SET v.yaml = v.yaml + ' '")
    assert await offends(doctor, f"{other.workflow}/1") == {"VERSIONS"}


async def test_a_second_built_in_actor(review: Review, doctor: Doctor) -> None:
    await review.world.cypher("CREATE (:Actor:System {id: $id, name: $id})", id=review.suffix)
    try:
        assert await offends(doctor, review.suffix) == {"ENGINE"}
    finally:
        await review.world.cypher("MATCH (a:System {id: $id}) DELETE a", id=review.suffix)


async def test_the_built_in_actor_comes_back(review: Review, doctor: Doctor) -> None:
    await review.world.cypher("MATCH (a:System) REMOVE a:System")
    checks = await doctor.examine()
    assert "System" in {one.name for check in checks if check.name == "ENGINE" for one in check.offenders}
    await doctor.repair([check for check in checks if check.name == "ENGINE"])
    assert [check.total for check in await doctor.examine() if check.name == "ENGINE"] == [0]


@pytest.mark.parametrize("name", ["change_command", "item_due"])
async def test_a_constraint_or_an_index_comes_back(review: Review, doctor: Doctor, name: str) -> None:
    await review.world.cypher(f"DROP {'CONSTRAINT' if name == 'change_command' else 'INDEX'} {name}")
    checks = await doctor.examine()
    assert name in {one.name for check in checks if check.name == "SCHEMA" for one in check.offenders}
    await doctor.repair([check for check in checks if check.name == "SCHEMA"])
    await review.world.cypher("CALL db.awaitIndexes(60)")
    assert await offends(doctor, name) == set()
