"""Commands that arrive together are decided together, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from graph.collector import Collector
from graph.decision import Command, Decision, Outcome
from graph.errors import BadInputError
from graph.gate import Gate
from tests.graph.world import World, unique

_PATIENCE = 60.0  # seconds before a test fails that waits in vain
_RULES = """
workflow: {name}
states: {{a: {{kind: initial}}, b: {{kind: active}}}}
transitions:
  - {{from: a, action: GO, to: b, roles: ["*"]}}
  - {{from: b, action: BACK, to: a, roles: ["*"]}}
"""


class Counting(Gate):
    """The gate, which says how many commands came at once."""

    sizes: list[int]

    async def decide(self, commands: Sequence[Command]) -> list[Decision]:
        self.sizes.append(len(commands))
        return await super().decide(commands)

    async def until_asked(self, times: int) -> None:
        """Returns when it was asked so often."""
        async with asyncio.timeout(_PATIENCE):
            while len(self.sizes) < times:
                await asyncio.sleep(0.01)


@pytest.fixture
def counting(world: World) -> Counting:
    gate = Counting(world.db)
    gate.sizes = []
    return gate


async def _tasks(world: World, count: int) -> tuple[list[str], str]:
    name = unique("quick")
    await world.publish(_RULES.format(name=name))
    return [await world.task(name) for _ in range(count)], await world.actor()


async def test_what_arrives_together_shares_a_transaction(world: World, counting: Counting) -> None:
    tasks, actor = await _tasks(world, 20)
    collector = Collector(counting)
    answers = await asyncio.gather(*(collector.decide(Command(task, "GO", actor)) for task in tasks))
    assert [answer.outcome for answer in answers] == [Outcome.APPLIED] * 20
    assert [answer.item_id for answer in answers] == tasks
    assert sum(counting.sizes) == 20
    assert len(counting.sizes) < 20


async def test_one_that_cannot_be_stored_costs_only_itself(world: World, counting: Counting) -> None:
    tasks, actor = await _tasks(world, 9)
    collector = Collector(counting)
    bad = Command(tasks[4], "GO", actor, inputs={"n": float("nan")})
    commands = [Command(task, "GO", actor) for task in tasks]
    commands[4] = bad
    answers = await asyncio.gather(*(collector.decide(command) for command in commands), return_exceptions=True)
    assert isinstance(answers[4], BadInputError)
    others = [answer for place, answer in enumerate(answers) if place != 4]
    assert all(isinstance(answer, Decision) and answer.outcome is Outcome.APPLIED for answer in others)


async def test_a_dry_run_stays_apart_and_writes_nothing(world: World, counting: Counting) -> None:
    tasks, actor = await _tasks(world, 3)
    collector = Collector(counting)
    commands = [Command(task, "GO", actor, dry=place == 1) for place, task in enumerate(tasks)]
    answers = await asyncio.gather(*(collector.decide(command) for command in commands))
    assert all(answer.outcome is Outcome.APPLIED for answer in answers)
    assert [await world.state(task) for task in tasks] == ["b", "a", "b"]


async def test_the_same_command_many_times_is_done_once(world: World, counting: Counting) -> None:
    [task], actor = await _tasks(world, 1)
    collector = Collector(counting)
    command = Command(task, "GO", actor, command_id=unique("command"))
    answers = await asyncio.gather(*(collector.decide(command) for _ in range(12)))
    assert sorted(answer.outcome for answer in answers) == [Outcome.APPLIED, *[Outcome.DUPLICATE] * 11]
    assert await world.cypher("MATCH (c:Change {item_id: $task}) RETURN count(c) AS n", task=task) == [{"n": 1}]


async def test_who_has_gone_away_does_not_keep_the_others_from_their_answers(world: World, counting: Counting) -> None:
    tasks, actor = await _tasks(world, 4)
    collector = Collector(counting)
    asked = [asyncio.create_task(collector.decide(Command(task, "GO", actor))) for task in tasks]
    await asyncio.sleep(0)
    asked[2].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(answers[2], asyncio.CancelledError)
    assert [answers[place].outcome for place in (0, 1, 3)] == [Outcome.APPLIED] * 3  # type: ignore[union-attr]


@asynccontextmanager
async def held(world: World, tasks: list[str]) -> AsyncIterator[None]:
    """Somebody else has their locks."""
    async with world.db.driver.session() as session, await session.begin_transaction() as tx:
        await tx.run("MATCH (item:Item) WHERE item.id IN $tasks SET item.held = true", tasks=tasks)
        yield


async def test_one_that_takes_its_time_does_not_keep_those_behind_it(world: World, counting: Counting) -> None:
    [slow, *tasks], actor = await _tasks(world, 4)
    collector = Collector(counting)
    async with held(world, [slow]):
        waits = asyncio.create_task(collector.decide(Command(slow, "GO", actor)))
        await counting.until_asked(1)
        answers = await asyncio.gather(*(collector.decide(Command(task, "GO", actor)) for task in tasks))
        assert [answer.outcome for answer in answers] == [Outcome.APPLIED] * 3
        assert not waits.done()
    assert (await waits).outcome is Outcome.APPLIED


async def test_when_all_take_their_time_they_are_few_at_once(world: World, counting: Counting) -> None:
    tasks, actor = await _tasks(world, 30)
    collector = Collector(counting)
    asked = []
    async with held(world, tasks):
        for number, task in enumerate(tasks[:8], 1):
            asked.append(asyncio.create_task(collector.decide(Command(task, "GO", actor))))
            await counting.until_asked(number)
        asked += [asyncio.create_task(collector.decide(Command(task, "GO", actor))) for task in tasks[8:]]
        await asyncio.sleep(1)
        assert counting.sizes == [1] * 8
    assert [answer.outcome for answer in await asyncio.gather(*asked)] == [Outcome.APPLIED] * 30
    assert counting.sizes == [*[1] * 8, 22]
