"""A process beside which the example of docs/plugins is installed: imports its rules, walks them, prints what came."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from api.schema import schema
from consumers.bus import connected
from consumers.effects import run_effects
from consumers.streams import Streams
from graph.database import Database
from graph.decision import Command
from graph.engine import Engine
from tests.graph.world import World, unique
from tests.house.statements import ROOT

DERIVE = """mutation($story: ID!) { deriveTasks(storyId: $story, deriver: "checklist") { id title priority } }"""


async def derived(engine: Engine) -> list[object]:
    """What the deriver makes of a story, twice, with an item ticked off in between."""
    story = await engine.items.create_story(
        "Sign in", workflow="story", description="- [ ] Page\n- [x] Form\n- [ ] Key!"
    )
    answers: list[object] = []
    for description in (None, "- [x] Page\n- [ ] Key!\n- [ ] Words"):
        if description:
            await engine.items.edit_story(story, {"description": description})
        answer = await schema.execute(DERIVE, {"story": story}, context_value=engine)
        assert answer.data, answer.errors
        answers.append(answer.data["deriveTasks"])
    return answers


async def main(neo4j: str, user: str, password: str, nats: str) -> dict[str, object]:
    db = Database.connect(neo4j, user, password)
    engine = await Engine.open(db, plugin_seconds=2)
    world = World(db, engine.gate, engine.rules)
    rules, name = (ROOT / "docs" / "plugins" / "rules.yaml").read_text("utf-8"), unique("checked")
    await world.publish(rules.replace("workflow: checked", f"workflow: {name}"))
    item, actor = await world.task(name), await world.actor("developer")
    said: dict[str, object] = {"item": item}
    await world.cypher("MATCH (e:Effect) WHERE e.item_id <> $id REMOVE e.due_at", id=item)

    async def hand_in(report: str) -> None:
        [answer] = await engine.gate.decide([Command(item, "HAND_IN", actor, inputs={"commit_sha": report})])
        said[report] = [answer.outcome.value, *(reason.code for reason in answer.reasons)]

    for report in ("red", "missing", "slow"):
        await hand_in(report)
    said["early"] = os.listdir(os.environ["TEAM_CHANNEL"])
    await hand_in("green")
    stopping = asyncio.Event()
    async with connected(nats, "example") as bus:
        running = asyncio.create_task(run_effects(Streams(bus), engine.effects, stopping))
        async with asyncio.timeout(60):
            while left := len(await world.cypher("MATCH (e:Effect {item_id: $id}) RETURN e", id=item)):
                await asyncio.sleep(0.1)
        stopping.set()
        await running
    said["derived"] = await derived(engine)
    await db.close()
    return said | {"left": left}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*json.loads(sys.argv[1])))))  # noqa: T201
