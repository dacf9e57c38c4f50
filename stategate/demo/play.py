"""The example, played through the doors a user has: GraphQL for planning, NATS for the agents."""

from __future__ import annotations

import asyncio
import time

import nats
from nats.aio.msg import Msg
from rich.console import Console

from stategate.demo.agents import Agents
from stategate.demo.client import TREE, GraphQLClient, GraphQLError
from stategate.demo.display import Display, show_result
from stategate.demo.record import SUBJECTS, Record
from stategate.demo.scenario import Scenario
from stategate.demo.verdict import differences

_PATIENCE = 240.0  # seconds without the end in sight, after which the demo has failed


async def play(console: Console, scenario: Scenario, graphql_url: str, nats_url: str) -> bool:
    """Plays the example against running services; True when it ended exactly as the rules say."""
    began = time.monotonic()
    record = Record()
    connection = await nats.connect(nats_url.split(","), name="stategate-demo")
    try:
        async with GraphQLClient(graphql_url) as graphql:
            with Display(console, scenario) as display:
                js = connection.jetstream()
                agents = Agents(js, scenario)
                accepted = asyncio.Event()

                async def hear(message: Msg) -> None:
                    heard = await record.add(message.subject, message.data, message.headers)
                    if heard is None:
                        return
                    display.heard(heard)
                    if heard.subject == "workflow.task.assigned":
                        await agents.hear(heard.body)
                    elif heard.body.get("to_state") == scenario.acceptance.state:
                        accepted.set()

                for subject in SUBJECTS:
                    await js.subscribe(subject, cb=hear, ordered_consumer=True)
                await _plan(graphql, scenario, display)
                await _accept(graphql, scenario, accepted)
                await record.reach(scenario.expected.events, _PATIENCE)
                # What must not come any more would come now.
                await asyncio.sleep(0.5)
            epic = (await graphql(TREE, id=scenario.epic["id"]))["epic"]
        show_result(console, scenario, epic, record)
        wrong = differences(scenario, epic, record)
        for difference in wrong:
            console.print(f"[bold red]Not as the rules say:[/] {difference}", soft_wrap=True)
        console.print(f"Played in {time.monotonic() - began:.1f} s.")
        return not wrong
    except (GraphQLError, TimeoutError) as error:
        console.print(f"[bold red]The demo failed:[/] {error or 'nothing happened for too long'}", soft_wrap=True)
        return False
    finally:
        await connection.close()


async def _plan(graphql: GraphQLClient, scenario: Scenario, display: Display) -> None:
    for actor in scenario.actors:
        await graphql.create("createActor", id=actor.id, kind=actor.kind, roles=actor.roles)
    await graphql.create("createEpic", **scenario.epic)
    await graphql.create("createStory", epicId=scenario.epic["id"], **scenario.story)
    for task in scenario.tasks:
        await graphql.create("createTask", storyId=scenario.story["id"], **task)
    await graphql.create("createSprint", **scenario.sprint)
    story = scenario.story["id"]
    await graphql.create("assignToSprint", storyId=story, sprintId=scenario.sprint["id"])
    display.say(f"{scenario.epic['id']}, {story} and {len(scenario.tasks)} tasks are written down.")
    for step in scenario.planning:
        await _act(graphql, story, step.action, step.actor)


async def _accept(graphql: GraphQLClient, scenario: Scenario, ready: asyncio.Event) -> None:
    async with asyncio.timeout(_PATIENCE):
        await ready.wait()
    await _act(graphql, scenario.story["id"], scenario.acceptance.action, scenario.acceptance.actor)


async def _act(graphql: GraphQLClient, item: str, action: str, actor: str) -> None:
    decision = await graphql.act(item, action, actor)
    if decision["__typename"] != "Applied":
        reasons = "; ".join(reason["message"] for reason in decision.get("reasons", []))
        raise GraphQLError(f"{actor} was not allowed {action} on {item}: {reasons}")
