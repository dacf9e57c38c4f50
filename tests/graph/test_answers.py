"""Answers are forgotten when they are old enough, and nothing else is."""

from __future__ import annotations

from graph.answers import Cleaner
from graph.decision import Outcome
from tests.graph.world import World, unique

_RULES = """
workflow: {name}
states: {{a: {{kind: initial}}}}
transitions: [{{from: a, action: AGAIN, to: a, roles: ["*"]}}]
"""


async def test_old_answers_are_forgotten_and_young_ones_kept(world: World) -> None:
    name = unique("again")
    await world.publish(_RULES.format(name=name))
    task, actor = await world.task(name), await world.actor()
    for command in ("old", "young"):
        await world.act(task, "AGAIN", actor, command_id=command)
        await world.act(task, "NOTHING", actor, command_id=f"{command}-no")
    await world.cypher(
        "MATCH (n) WHERE n.item_id = $task AND n.command_id STARTS WITH 'old' AND (n:Change OR n:Refusal) "
        "SET n.at = n.at - duration({days: 31}), n.answered_at = n.answered_at - duration({days: 31})",
        task=task,
    )
    await world.cypher("MATCH (l:Lease {name: 'cleaner'}) DETACH DELETE l")
    cleaner = Cleaner(world.db, 30)
    while await cleaner.clean():
        pass
    await cleaner.leave()
    assert (await world.act(task, "AGAIN", actor, command_id="young")).outcome is Outcome.DUPLICATE
    assert (await world.act(task, "NOTHING", actor, command_id="young-no")).outcome is Outcome.DUPLICATE
    assert (await world.act(task, "NOTHING", actor, command_id="old-no")).outcome is Outcome.REFUSED
    assert await world.cypher("MATCH (c:Change {item_id: $task}) RETURN count(c) AS n", task=task) == [{"n": 2}]
    assert (await world.act(task, "AGAIN", actor, command_id="old")).outcome is Outcome.APPLIED
