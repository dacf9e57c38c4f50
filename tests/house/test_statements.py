"""Every statement: used, explained, and made of words the graph knows; what is read writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio
from neo4j import ResultSummary
from neo4j.exceptions import CypherSyntaxError

from graph.database import Database
from graph.queries import query
from tests.house.statements import CYPHER, named, on_disk, parameters, read, sources
from tests.house.vocabulary import documented

NAMED = {name for path in sources() for name in named(path.read_text("utf-8"))}
READ = {name for path in sources() for name in read(path.read_text("utf-8"))}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def known(db: Database) -> Database:
    """A database that has met every word docs/graph.md lists, so that any other is a slip."""
    words = documented()
    async with db.driver.session() as session:
        for procedure, names in (
            ("createLabel", words.labels),
            ("createRelationshipType", words.types),
            ("createProperty", words.properties),
        ):
            await (
                await session.run(f"CYPHER 5 UNWIND $names AS name CALL db.{procedure}(name)", names=sorted(names))
            ).consume()
    return db


async def explain(db: Database, text: str) -> ResultSummary:
    given = dict.fromkeys(parameters(text))
    async with db.driver.session(notifications_min_severity="INFORMATION") as session:
        result = await session.run(text.replace("CYPHER 5\n", "CYPHER 5 EXPLAIN\n", 1), given)
        return await result.consume()


def complaints(summary: ResultSummary) -> list[str]:
    return [told.status_description for told in summary.gql_status_objects if told.is_notification]


def operators(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each operator of a plan, by its name, with its details."""
    yield plan["operatorType"].split("@")[0], str(plan["args"].get("Details", ""))
    for child in plan.get("children", []):
        yield from operators(child)


@pytest.mark.parametrize("path", sorted(CYPHER.rglob("*.cypher")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_statement_begins_with_its_purpose(path: Any) -> None:
    assert path.read_text("utf-8").startswith("// ")


def test_every_statement_on_disk_is_named_in_python() -> None:
    assert set(on_disk()) - NAMED == set()


def test_every_statement_named_in_python_is_on_disk() -> None:
    assert NAMED - set(on_disk()) == set()


def test_a_name_is_found_wherever_it_stands() -> None:
    source = """
async def f():
    '''gate/nothing'''
    await tx.run(
        "gate/one", a=1)
    await self._db.read("work/two")
    await db.write("rules/three")
    await self._pages("gate/four")
    mime = "text/plain"
"""
    assert named(source) == {"gate/one", "work/two", "rules/three", "gate/four"}
    assert read(source) == {"work/two", "gate/four"}


@pytest.mark.parametrize("name", on_disk())
async def test_a_statement_is_explained_without_a_complaint(known: Database, name: str) -> None:
    assert complaints(await explain(known, query(name))) == []


@pytest.mark.parametrize("name", sorted(READ))
async def test_what_is_read_writes_nothing(known: Database, name: str) -> None:
    assert (await explain(known, query(name))).query_type == "r"


@pytest.mark.parametrize(
    "slip",
    [
        ("(item:Item {id: id})", "(item:Itme {id: id})"),
        ("[:IN_STATE]", "[:IN_SATE]"),
        ("state.awaits[place]", "state.awiats[place]"),
        ("{id: id}", "{di: id}"),
        ("UNWIND $ids AS id", "UNWIND $ids AS id MATCH (a:Item), (b:Item)"),
        ("RETURN id, awaited", "RETURN id(item) AS id, awaited"),
    ],
)
async def test_a_slip_in_a_statement_is_found(known: Database, slip: tuple[str, str]) -> None:
    text = query("gate/awaits")
    assert complaints(await explain(known, text)) == []
    assert slip[0] in text
    try:
        found = complaints(await explain(known, text.replace(*slip)))
    except CypherSyntaxError as error:  # a hint that names what is not there
        found = [str(error)]
    assert found != []


async def test_a_statement_that_writes_is_seen_as_one(known: Database) -> None:
    assert (await explain(known, query("timer/look_later"))).query_type != "r"


def test_what_is_found_by_its_id_and_leads_on_is_found_by_its_index() -> None:
    """Where many items are new and no index is sampled yet, Neo4j would read all of them for each id, and go on so."""
    for path in sorted(CYPHER.rglob("*.cypher")):
        lines = path.read_text("utf-8").splitlines()
        for line, after in pairwise([*lines, ""]):
            if re.match(
                r"\s*MATCH .*:(Item|Story|Task) \{id: .*[-<]\[|\s*MATCH .*\]->?\(\w*:(Item|Story|Task) \{id: ", line
            ):
                assert "USING INDEX SEEK" in after, f"{path.name}: {line.strip()}"


async def test_the_decision_finds_items_and_actors_by_their_index(known: Database) -> None:
    plan = (await explain(known, query("gate/decide"))).plan
    assert plan is not None
    steps = list(operators(plan))
    for label in ("Item", "Actor"):
        assert any(name.startswith("NodeUniqueIndexSeek") and f":{label}(id)" in details for name, details in steps)
    assert [step for step in steps if step[0].endswith("AllNodesScan")] == []
    scans = [details for name, details in steps if "LabelScan" in name]
    assert [scan for scan in scans if any(f":{label}" in scan for label in ("Item", "Task", "Story", "Change"))] == []
