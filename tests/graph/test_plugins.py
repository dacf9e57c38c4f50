"""Guards of other packages: asked outside the transaction, for one version; no answer is never a yes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable

import pytest

from graph.database import Row
from graph.decision import Command, Outcome
from graph.gate import Gate
from graph.offers import Offers
from graph.plugins import AT_ONCE, Asked, Plugins
from tests.graph.world import World, codes, unique

_RULES = """
workflow: {name}
states:
  a: {{kind: initial}}
  b: {{kind: active}}
  c: {{kind: final}}
transitions:
  - {{from: a, action: GO, to: b, roles: ["*"], guards: [{{kind: plugin, name: judge}}]}}
  - {{from: b, action: ON, to: c, automatic: true, guards: [{{kind: plugin, name: later}}]}}
"""


def _raises(asked: Asked) -> bool:
    raise ValueError("no")


def _hangs(asked: Asked) -> bool:
    time.sleep(30)
    return True


async def _answers(asked: Asked) -> bool:
    return asked.inputs.get("green") is True and asked.item["state"]["name"] == "a"


async def _ask(
    world: World, inputs: dict[str, object], limit: float = 60.0, **guards: object
) -> tuple[str, list[str], str]:
    name = unique("plugged")
    await world.publish(_RULES.format(name=name))
    item, actor = await world.task(name), await world.actor()
    gate = Gate(world.db, Plugins(guards, limit=limit))  # type: ignore[arg-type]
    [answer] = await gate.decide([Command(item, "GO", actor, inputs=inputs)])
    return answer.outcome.value, codes(answer), await world.state(item)


async def test_a_verdict(world: World) -> None:
    assert await _ask(world, {"green": True}, judge=_answers) == ("APPLIED", [], "b")
    assert await _ask(world, {"green": False}, judge=_answers) == ("REFUSED", ["GUARD_FAILED"], "a")


async def test_a_verdict_counts_for_what_is_offered(world: World) -> None:
    """In the list of actions, and among what a refusal says is legal."""
    name = unique("plugged")
    await world.publish(_RULES.format(name=name))
    item, actor = await world.task(name), await world.actor()
    yes, no = Plugins({"judge": lambda asked: True}), Plugins({"judge": _raises})
    for plugins, allowed in ((yes, True), (no, False)):
        [view] = (await Offers(world.db, plugins).actions([(item, actor)]))[item, actor]
        assert (view.name, view.allowed) == ("GO", allowed)
        [refused] = await Gate(world.db, plugins).decide([Command(item, "FLY", actor)])
        assert refused.legal_actions == (["GO"] if allowed else [])


@pytest.mark.parametrize("guard", [_raises, _hangs, lambda asked: "yes", lambda asked: None])
async def test_no_answer_is_no_yes(world: World, guard: object) -> None:
    assert await _ask(world, {}, limit=0.3, judge=guard) == ("REFUSED", ["INDETERMINATE"], "a")


async def test_a_guard_that_is_not_installed(world: World) -> None:
    assert await _ask(world, {}) == ("REFUSED", ["INDETERMINATE"], "a")


async def test_an_automatic_step_asks_after_the_step_before_it(world: World) -> None:
    seen: list[tuple[int, str]] = []

    def later(asked: Asked) -> bool:
        seen.append((asked.version, asked.item["state"]["name"]))
        return True

    assert await _ask(world, {"green": True}, judge=_answers, later=later) == ("APPLIED", [], "c")
    assert seen == [(1, "b")]


async def test_an_automatic_step_that_was_broken_off_is_taken_when_the_command_comes_again(world: World) -> None:
    name = unique("plugged")
    await world.publish(_RULES.format(name=name))
    item, actor = await world.task(name), await world.actor()

    gate = Gate(world.db, Plugins({"judge": _answers}))
    judge = gate._judges.ask

    async def killed_after_the_commit(rows: list[dict[str, object]], asked: dict[int, tuple[list[str], int]]) -> None:
        if await world.state(item) == "b":
            raise asyncio.CancelledError
        await judge(rows, asked)

    gate._judges.ask = killed_after_the_commit  # type: ignore[method-assign]
    command = Command(item, "GO", actor, unique("c"), inputs={"green": True})
    with pytest.raises(asyncio.CancelledError):
        await gate.decide([command])
    assert await world.state(item) == "b"
    again = Gate(world.db, Plugins({"judge": _answers, "later": lambda asked: True}))
    for _ in range(2):
        [answer] = await again.decide([command])
        assert (answer.outcome, [hop.to_state for hop in answer.hops]) == (Outcome.DUPLICATE, ["b"])
        assert (await world.state(item), (await world.item(item))["version"]) == ("c", 2)


async def test_an_item_that_is_deleted_after_its_commit_spoils_no_answer(world: World) -> None:
    name = unique("plugged")
    await world.publish(_RULES.format(name=name))
    gone, stays, actor = await world.task(name), await world.task(name), await world.actor()
    gate = Gate(world.db, Plugins({"judge": lambda asked: True, "later": lambda asked: True}))
    read = gate._items

    async def deleted_before(ids: Iterable[str]) -> dict[str, Row]:
        await world.cypher("MATCH (i:Item {id: $id}) DETACH DELETE i", id=gone)
        return await read(ids)

    gate._items = deleted_before  # type: ignore[method-assign]
    answers = await gate.decide([Command(item, "GO", actor) for item in (gone, stays)])
    assert [answer.outcome for answer in answers] == [Outcome.APPLIED, Outcome.APPLIED]
    assert await world.state(stays) == "c"


async def test_a_verdict_holds_for_the_version_it_saw(world: World) -> None:
    """The item is moved while the plug-in thinks; the plug-in is asked again."""
    name = unique("plugged")
    await world.publish(_RULES.format(name=name))
    item, actor = await world.task(name), await world.actor()
    versions: list[int] = []

    async def meddles(asked: Asked) -> bool:
        versions.append(asked.version)
        return True

    gate = Gate(world.db, Plugins({"judge": meddles}))
    judge = gate._judges.ask

    async def moved_meanwhile(rows: list[dict[str, object]], asked: dict[int, tuple[list[str], int]]) -> None:
        await judge(rows, asked)
        if len(versions) == 1:
            await world.cypher("MATCH (i:Item {id: $id}) SET i.version = i.version + 1", id=item)

    gate._judges.ask = moved_meanwhile  # type: ignore[method-assign]
    [answer] = await gate.decide([Command(item, "GO", actor)])
    assert answer.outcome is Outcome.APPLIED
    assert versions == [0, 1]


async def test_a_verdict_on_a_version_that_is_gone_is_not_used(world: World) -> None:
    """The item never rests while the plug-in thinks: its yes is about something that is not there any more."""
    name = unique("plugged")
    await world.publish(_RULES.format(name=name))
    item, actor = await world.task(name), await world.actor()
    gate = Gate(world.db, Plugins({"judge": lambda asked: True}))
    judge = gate._judges.ask

    async def moved_meanwhile(rows: list[dict[str, object]], asked: dict[int, tuple[list[str], int]]) -> None:
        await judge(rows, asked)
        await world.cypher("MATCH (i:Item {id: $id}) SET i.version = i.version + 1", id=item)

    gate._judges.ask = moved_meanwhile  # type: ignore[method-assign]
    [answer] = await gate.decide([Command(item, "GO", actor)])
    assert (answer.outcome, codes(answer), await world.state(item)) == (Outcome.REFUSED, ["INDETERMINATE"], "a")


async def test_a_guard_cannot_change_what_is_asked(world: World) -> None:
    def meddles(asked: Asked) -> bool:
        asked.inputs["green"] = "forged"  # type: ignore[index]
        asked.item["state"]["name"] = "z"
        return True

    name = unique("plugged")
    await world.publish(_RULES.format(name=name))
    item, actor = await world.task(name), await world.actor()
    [answer] = await Gate(world.db, Plugins({"judge": meddles})).decide(
        [Command(item, "GO", actor, inputs={"green": [1]})]
    )
    assert answer.outcome is Outcome.APPLIED
    assert (await world.history(item))[-1]["inputs"] == '{"green": [1]}'


async def test_a_guard_that_hangs_for_ever_is_called_a_few_times_and_then_no_more() -> None:
    called, end = [], threading.Event()

    def hangs(asked: Asked) -> bool:
        called.append(asked.version)
        end.wait()
        return True

    # The sound one has as long; only those of the first round wait so long for the other.
    plugins = Plugins({"hangs": hangs, "sound": lambda asked: True}, limit=2)
    asked = Asked({}, 0, None, None)
    for _ in range(3):
        answers = await asyncio.gather(*(plugins.judge(["hangs", "sound"], asked) for _ in range(AT_ONCE)))
        assert answers == [{"hangs": None, "sound": True}] * AT_ONCE
    assert len(called) == AT_ONCE
    # Its calls come back at last, and it is asked again.
    end.set()
    async with asyncio.timeout(10):
        while not (await plugins.judge(["hangs"], asked))["hangs"]:
            await asyncio.sleep(0)


async def test_an_async_guard_that_hangs_is_ended_at_its_limit() -> None:
    ended = threading.Event()

    async def hangs(asked: Asked) -> bool:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return True

    assert await Plugins({"hangs": hangs}, limit=0.2).judge(["hangs"], Asked({}, 0, None, None)) == {"hangs": None}
    assert await asyncio.to_thread(ended.wait, 10)


class _Unspeakable(BaseException):
    def __repr__(self) -> str:
        raise ValueError("not even this")


@pytest.mark.parametrize("error", [_Unspeakable, SystemExit, KeyboardInterrupt, RecursionError])
async def test_whatever_a_guard_raises_is_no_answer(error: type[BaseException]) -> None:
    def raises(asked: Asked) -> bool:
        raise error

    assert await Plugins({"raises": raises}).judge(["raises"], Asked({}, 0, None, None)) == {"raises": None}


async def test_a_guard_is_asked_about_all_of_a_batch_at_once(world: World) -> None:
    name = unique("plugged")
    await world.publish(_RULES.format(name=name))
    items, actor = [await world.task(name) for _ in range(4)], await world.actor()
    together = threading.Barrier(4)

    def judge(asked: Asked) -> bool:
        together.wait(30)
        return True

    gate = Gate(world.db, Plugins({"judge": judge, "later": lambda asked: False}, limit=60))
    answers = await gate.decide([Command(item, "GO", actor) for item in items])
    assert {answer.outcome for answer in answers} == {Outcome.APPLIED}


async def test_to_wait_for_ones_turn_is_not_to_think(world: World) -> None:
    def slow(asked: Asked) -> bool:
        time.sleep(2)
        return True

    plugins, asked = Plugins({"slow": slow}, limit=3), Asked({}, 0, None, None)
    answers = await asyncio.gather(*(plugins.judge(["slow"], asked) for _ in range(3 * AT_ONCE)))
    assert answers == [{"slow": True}] * 3 * AT_ONCE
