"""Details of items: found in Valkey at their version, loaded once for all who ask, and never those of another time."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio as redis

from graph import details as module
from graph.database import Database, Row
from graph.decision import Command
from graph.details import Details, Texts
from graph.engine import Engine
from graph.errors import UnavailableError
from graph.history import inputs_of
from graph.queries import query
from graph.transfer.importing import Import
from stategate import cache as keeper
from stategate.cache import FAILURES, ValkeyCache
from stategate.servers.environment import Addresses
from tests.graph.world import NO_TIMES, World, unique

LONG = "A text that is long. " * 1000
OTHER = "Another one, as long. " * 1000


class Watched(Database):
    """The database, which says what was read, and lets a test hold it up or break it."""

    read_so_far: Counter[str]
    may_go: asyncio.Event
    broken: bool

    async def read(self, name: str, /, **parameters: Any) -> list[Row]:
        self.read_so_far[name] += 1
        await self.may_go.wait()
        if self.broken:
            raise UnavailableError("Neo4j does not answer.")
        return await super().read(name, **parameters)


@pytest.fixture
def watched(db: Database) -> Watched:
    found = Watched(db.driver)
    found.read_so_far, found.may_go, found.broken = Counter(), asyncio.Event(), False
    found.may_go.set()
    return found


@pytest_asyncio.fixture
async def cache(servers: Addresses) -> AsyncIterator[ValkeyCache]:
    async with ValkeyCache.connected(servers.valkey_url) as found:
        yield found


@pytest_asyncio.fixture
async def valkey(servers: Addresses) -> AsyncIterator[redis.Redis]:
    async with redis.Redis.from_url(servers.valkey_url) as client:
        yield client


@pytest_asyncio.fixture
async def story(engine: Engine) -> str:
    return await engine.items.create_story(
        "A story", workflow="story", id=unique("US"), description=LONG, acceptance_criteria=["It works", "Always"]
    )


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Valkey is given the time it needs: who does not wait for it on a busy machine reads once more than is said."""
    monkeypatch.setattr(keeper, "_PATIENCE", 6000)
    monkeypatch.setattr("graph.cache._KEEP_UNSETTLED", 600.0)


async def kept(details: Details) -> None:
    """Until what was read is in Valkey, where it is put after it was answered."""
    await asyncio.gather(*details._texts._fetches)


async def texts(details: Details, *ids: str) -> list[Texts]:
    rows = await details.light(list(ids))
    return await details.texts([rows[id] for id in ids])


async def keys(valkey: redis.Redis, id: str) -> list[Any]:
    return list(await valkey.keys(f"stategate:*:{id}"))


@pytest.mark.usefixtures("unhurried")
async def test_long_texts_are_left_out_of_the_row_and_then_found_in_valkey(
    watched: Watched, cache: ValkeyCache, engine: Engine, story: str
) -> None:
    short = await engine.items.create_story("Short", workflow="story", id=unique("US"), description="In a word")
    details = Details(watched, cache)
    rows = await details.light([story, short])
    assert (rows[story]["is_long"], rows[story]["description"], rows[story]["acceptance_criteria"]) == (True, None, [])
    assert (rows[short]["is_long"], rows[short]["description"]) == (False, "In a word")
    both = [Texts(LONG, ["It works", "Always"]), Texts("In a word", [])]
    assert await details.texts([rows[story], rows[short]]) == both
    assert await details.texts([rows[story], rows[short]]) == both
    await kept(details)
    # Another process has nothing but what is in Valkey.
    other = Details(watched, cache)
    assert await other.texts([rows[story], rows[short]]) == both
    assert watched.read_so_far["tree/texts"] == 1
    whole = await other.whole([story, short])
    assert (whole[story]["description"], whole[short]["description"]) == (LONG, "In a word")
    plain = await engine.trees.items_by_ids([story])
    assert {name: whole[story][name] for name in plain[story]} == plain[story]


async def test_many_who_ask_at_once_make_one_query(watched: Watched, cache: ValkeyCache, story: str) -> None:
    details = Details(watched, cache)
    row = (await details.light([story]))[story]
    watched.may_go.clear()
    asking = [asyncio.create_task(details.texts([row])) for _ in range(200)]
    await asyncio.sleep(0)
    asking[0].cancel()  # whoever came first goes away
    watched.may_go.set()
    first, *others = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert others == [[Texts(LONG, ["It works", "Always"])]] * 199
    assert watched.read_so_far["tree/texts"] == 1


@pytest.mark.usefixtures("unhurried")
async def test_two_processes_make_one_query_too(
    watched: Watched, cache: ValkeyCache, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long the one takes, the other waits for it.
    monkeypatch.setattr(keeper, "_CLAIM", 60.0)
    monkeypatch.setattr("graph.cache._WAIT", 60.0)
    one, other = Details(watched, cache), Details(watched, cache)
    row = (await one.light([story]))[story]
    found = await asyncio.gather(*(reader.texts([row]) for reader in (one, other) for _ in range(20)))
    assert found == [[Texts(LONG, ["It works", "Always"])]] * 40
    assert watched.read_so_far["tree/texts"] == 1


async def test_a_process_that_died_while_it_loaded_is_not_waited_for(
    watched: Watched, cache: ValkeyCache, valkey: redis.Redis, story: str
) -> None:
    row = (await Details(watched, cache).light([story]))[story]
    watched.may_go.clear()
    dead: list[asyncio.Task[list[Texts]]] = []
    # The sign that somebody loads it stands for a moment only, which a busy machine may miss; then another one begins.
    while not await keys(valkey, story):
        if not dead or watched.read_so_far["tree/texts"] == len(dead):
            dead.append(asyncio.create_task(Details(watched, cache).texts([row])))
        await asyncio.sleep(0.01)
    begun = watched.read_so_far["tree/texts"]
    asking = asyncio.create_task(Details(watched, cache).texts([row]))
    while watched.read_so_far["tree/texts"] <= begun:
        await asyncio.sleep(0.01)
    watched.may_go.set()
    assert [await one for one in (asking, *dead)] == [[Texts(LONG, ["It works", "Always"])]] * (1 + len(dead))


async def test_what_was_loaded_in_vain_is_asked_for_again(watched: Watched, cache: ValkeyCache, story: str) -> None:
    details = Details(watched, cache)
    row = (await details.light([story]))[story]
    watched.broken = True
    failed = await asyncio.gather(*(details.texts([row]) for _ in range(20)), return_exceptions=True)
    assert {type(error) for error in failed} == {UnavailableError}
    assert watched.read_so_far["tree/texts"] == 1
    watched.broken = False
    assert (await details.texts([row]))[0].description == LONG


async def test_an_edit_is_seen_at_once(watched: Watched, cache: ValkeyCache, engine: Engine, story: str) -> None:
    details = Details(watched, cache)
    assert (await texts(details, story))[0].description == LONG
    await engine.items.edit_story(story, {"description": OTHER})
    assert (await texts(details, story))[0].description == OTHER
    await engine.items.edit_story(story, {"acceptance_criteria": [LONG]})
    assert await texts(details, story) == [Texts(OTHER, [LONG])]
    assert watched.read_so_far["tree/texts"] == 3


async def test_an_item_made_anew_has_nothing_of_the_one_before(
    cache: ValkeyCache, engine: Engine, world: World, story: str
) -> None:
    details = Details(engine.db, cache)
    assert (await texts(details, story))[0].description == LONG
    await world.cypher("MATCH (s:Story {id: $id}) DETACH DELETE s", id=story)
    await engine.items.create_story("Again", workflow="story", id=story, description=OTHER)
    assert await texts(details, story) == [Texts(OTHER, [])]


async def test_an_item_that_another_file_brings_anew_has_nothing_of_the_one_before(
    cache: ValkeyCache, engine: Engine, world: World
) -> None:
    details, id = Details(engine.db, cache), unique("US")
    for description in (LONG, f"{LONG} and more"):
        row = {"kind": "story", "id": id, "title": "S", "description": description, "updated_at": "2026-11-20T09:00Z"}
        data = json.dumps(row).encode()
        await Import(engine.db, engine.gate).run(io.BytesIO(data), len(data), lambda *_: None)
        assert (await texts(details, id))[0].description == description
        await world.cypher("MATCH (s:Story {id: $id}) DETACH DELETE s", id=id)


@pytest.mark.usefixtures("unhurried")
async def test_a_text_under_the_hand_of_somebody_is_seen_with_the_time_set(
    cache: ValkeyCache, engine: Engine, world: World, story: str
) -> None:
    details = Details(engine.db, cache)
    await texts(details, story)
    await kept(details)
    await world.cypher("MATCH (s:Story {id: $id}) SET s.description = $other", id=story, other=OTHER)
    assert (await texts(details, story))[0].description == LONG
    await world.cypher("MATCH (s:Story {id: $id}) SET s.updated_at = datetime.realtime()", id=story)
    assert (await texts(details, story))[0].description == OTHER


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(
    "foreign", [b"", b"no JSON", b"[1, 2]", b'{"description": 5}', b'{"something": "else"}', b"\xff\xfe", b"null"]
)
async def test_what_somebody_else_put_there_is_written_over(
    watched: Watched, cache: ValkeyCache, valkey: redis.Redis, story: str, foreign: bytes
) -> None:
    details = Details(watched, cache)
    whole = await texts(details, story)
    await kept(details)
    [key] = await keys(valkey, story)
    await valkey.set(key, foreign)
    assert await texts(details, story) == whole
    assert await texts(details, story) == whole
    assert watched.read_so_far["tree/texts"] == 2
    # Together, because what was loaded is kept after it was answered, and may be on its way.
    async with valkey.pipeline(transaction=True) as both:
        both.delete(key)
        both.rpush(key, foreign)
        await both.execute()
    assert await texts(details, story) == whole


async def test_what_has_just_changed_is_kept_for_seconds_and_the_rest_for_minutes(
    cache: ValkeyCache,
    valkey: redis.Redis,
    engine: Engine,
    world: World,
    story: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeper, "_PATIENCE", 6000)
    details = Details(engine.db, cache)
    await texts(details, story)
    await kept(details)
    [key] = await keys(valkey, story)
    assert 0 < await valkey.pttl(key) <= 5_000
    await world.cypher(
        "MATCH (s:Story {id: $id}) SET s.updated_at = datetime.realtime() - duration({hours: 1})", id=story
    )
    await texts(details, story)
    await kept(details)
    [settled] = {*await keys(valkey, story)} - {key}
    assert 60_000 < await valkey.pttl(settled) <= 600_000


@pytest.mark.usefixtures("unhurried")
async def test_what_is_very_large_is_not_kept(cache: ValkeyCache, valkey: redis.Redis, engine: Engine) -> None:
    criteria = ["x" * 100_000] * 12
    huge = await engine.items.create_story("Huge", workflow="story", id=unique("US"), acceptance_criteria=criteria)
    details = Details(engine.db, cache)
    assert await texts(details, huge) == [Texts(None, criteria)]
    await kept(details)
    assert await keys(valkey, huge) == []


async def test_an_item_that_went_away_meanwhile_has_no_texts(engine: Engine, world: World, story: str) -> None:
    details = Details(engine.db)
    row = (await details.light([story]))[story]
    await world.cypher("MATCH (s:Story {id: $id}) DETACH DELETE s", id=story)
    assert await details.texts([row]) == [Texts(None, [])]


_RULES = """
workflow: {name}
states: {{a: {{kind: initial}}, b: {{kind: active}}}}
transitions:
  - {{from: a, action: GO, to: b, roles: ["*"]}}
  - {{from: b, action: BACK, to: a, roles: ["*"]}}
"""


@pytest.mark.usefixtures("unhurried")
async def test_artefacts_are_what_was_handed_in_last(
    watched: Watched, cache: ValkeyCache, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)  # so that there are several
    name = unique("flow")
    await world.publish(_RULES.format(name=name))
    task, actor = await world.task(name), await world.actor()
    details = Details(watched, cache)

    async def artefacts() -> list[tuple[str, Any, str, int]]:
        rows = await details.light([task])
        [found] = await details.artefacts([rows[task]])
        assert all(one.actor_id == actor and one.at.tzinfo for one in found)
        return [(one.name, one.value, one.action, one.seq) for one in found]

    assert await artefacts() == []
    handed: list[dict[str, Any]] = [
        {"report": LONG, "commit": "a1"},
        {},
        {"commit": "b2", "numbers": [1, 2.5, None]},
        {"log": {"lines": 2**53 + 1, "ü": "\u2028"}},
        {"commit": "c3"},
        {},
        {"commit": "d4"},
    ]
    for number, inputs in enumerate(handed):
        action = "BACK" if number % 2 else "GO"
        [answer] = await world.gate.decide([Command(task, action, actor, inputs=inputs)])
        assert answer.hops
    expected = [
        ("commit", "d4", "GO", 7),
        ("log", {"lines": 2**53 + 1, "ü": "\u2028"}, "BACK", 4),
        ("numbers", [1, 2.5, None], "GO", 3),
        ("report", LONG, "GO", 1),
    ]
    assert await artefacts() == expected
    loaded = watched.read_so_far["tree/artefacts"]
    assert await artefacts() == expected
    assert watched.read_so_far["tree/artefacts"] == loaded == 3
    [answer] = await world.gate.decide([Command(task, "BACK", actor, feedback="Once more, with feeling")])
    assert (await artefacts())[0] == ("feedback", "Once more, with feeling", "BACK", 8)
    # What somebody wrote by hand is no reason to fail.
    for text in ("no JSON", "[1]"):
        await world.cypher("MATCH (c:Change {item_id: $id, seq: 8}) SET c.inputs = $inputs", id=task, inputs=text)
        rows = await Details(watched).light([task])
        assert [one.name for one in (await Details(watched).artefacts([rows[task]]))[0]] == [
            name for name, *_ in expected
        ]


@pytest.mark.parametrize(
    "spoilt", [*(f"at = {time}" for time in NO_TIMES), "at = null", "inputs = 7", "inputs = ['a']", "feedback = [1]"]
)
async def test_a_change_that_was_spoilt_keeps_nobody_from_reading_the_others(
    engine: Engine, world: World, spoilt: str
) -> None:
    name = unique("flow")
    await world.publish(_RULES.format(name=name))
    sound, odd, actor = await world.task(name), await world.task(name), await world.actor()
    for task in (sound, odd):
        await world.applied(task, "GO", actor, commit="a1")
        await world.applied(task, "BACK", actor, log="all well")
    await world.cypher(f"MATCH (c:Change {{item_id: $id, seq: 2}}) SET c.{spoilt}", id=odd)
    rows = await engine.details.light([sound, odd])
    of_sound, of_odd = await engine.details.artefacts([rows[sound], rows[odd]])
    assert [one.name for one in of_sound] == ["log", "commit"]
    assert "commit" in [one.name for one in of_odd]
    # One whose time cannot be read comes first of all, as it does among items.
    assert all(one.at <= datetime.now(UTC) for one in of_odd)
    for page in await engine.history.pages([(sound, 10, 0), (odd, 10, 0)]):
        assert [change["action"] for change in page.rows] == ["GO", "BACK"]
        for change in page.rows:
            assert change["at"].to_native() <= datetime.now(UTC)
            assert isinstance(inputs_of(change), dict)
            assert change["feedback"] is None


async def test_a_page_of_a_long_history_reads_no_more_than_itself(engine: Engine, world: World) -> None:
    item, changes = await engine.items.create_story("A story", workflow="story"), 2000
    await world.cypher(
        "UNWIND range(1, $changes) AS seq "
        "CREATE (:Change {item_id: $id, seq: seq, action: 'EDIT', from: 'DRAFT', to: 'DRAFT'})",
        id=item,
        changes=changes,
    )
    async with engine.db.driver.session() as session:
        pages = [{"id": item, "after": 10, "limit": 3}]
        result = await session.run("PROFILE " + query("tree/history"), pages=pages, limit=3)
        [row] = await result.data()
        profile = (await result.consume()).profile
    assert ([change["seq"] for change in row["rows"]], row["total"]) == ([11, 12, 13], changes)
    assert profile is not None
    # All are counted, by the index.
    assert _hits(profile) < 3 * changes


def _hits(plan: dict[str, Any]) -> int:
    return int(plan["args"].get("DbHits", 0)) + sum(map(_hits, plan.get("children", [])))


@pytest.mark.parametrize("time", [*NO_TIMES, "null"])
async def test_a_text_whose_time_was_spoilt_keeps_nobody_from_reading_the_others(
    engine: Engine, world: World, cache: ValkeyCache, valkey: redis.Redis, story: str, time: str
) -> None:
    odd = await engine.items.create_story("A story", workflow="story", description=OTHER)
    await world.cypher(f"MATCH (s:Story {{id: $id}}) SET s.updated_at = {time}", id=odd)
    details = Details(engine.db, cache)
    assert [found.description for found in await texts(details, story, odd)] == [LONG, OTHER]
    await kept(details)
    assert len(await keys(valkey, odd)) == 1
    assert await valkey.get((await keys(valkey, odd))[0])


async def test_without_valkey_everything_comes_from_the_graph_and_it_is_left_alone_for_a_while(
    watched: Watched, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_PAUSE", 600.0)
    failed = FAILURES._value.get()
    async with ValkeyCache.connected("redis://127.0.0.1:1/0") as cache:
        details = Details(watched, cache)
        row = (await details.light([story]))[story]
        for _ in range(20):
            assert (await details.texts([row]))[0].description == LONG
    assert watched.read_so_far["tree/texts"] == 20
    assert FAILURES._value.get() - failed == 1
