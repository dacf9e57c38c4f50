"""How long questions take over GraphQL: a story, an epic, a work list."""

from __future__ import annotations

import time
from typing import Any

from stategate.bench.errors import BenchError
from stategate.bench.quantiles import milliseconds
from stategate.bench.sizes import Sizes
from stategate.bench.world import PREFIX, World
from stategate.demo.client import GraphQLClient

_STORY = """
query Story($id: ID!, $tasks: Int!) {
  story(id: $id) {
    id title state { name } version awaits { role actions }
    tasks(first: $tasks) { nodes { id title priority state { name } version assignee { id } awaits { role actions } } }
  }
}
"""
_EPIC = """
query Epic($id: ID!, $stories: Int!, $tasks: Int!) {
  epic(id: $id) {
    id title
    stories(first: $stories) { nodes {
      id title state { name } version
      tasks(first: $tasks) { nodes { id title state { name } version } }
    } }
  }
}
"""
_WORK_LIST = """
query Work($actor: ID!) { workList(actorId: $actor, first: 50) { item { id title state { name } } actions } }
"""


async def reads(world: World, graphql: str, sizes: Sizes) -> dict[str, Any]:
    """`{story, epic, work_list: {p50_ms, …}}`, asked one after the other by one client."""
    prefix, epic = f"{PREFIX}read-", f"{PREFIX}epic"
    await world.fill(prefix, 0, sizes.stories * sizes.tasks, per_story=sizes.tasks, epic=epic)
    shape = {"stories": sizes.stories, "tasks": sizes.tasks}
    questions: dict[str, tuple[str, dict[str, Any]]] = {
        "story": (_STORY, {"id": f"{prefix}story-0", "tasks": sizes.tasks}),
        "epic": (_EPIC, {"id": epic, **shape}),
        "work_list": (_WORK_LIST, {"actor": world.plan.reader}),
    }
    figures: dict[str, Any] = {}
    async with GraphQLClient(graphql) as ask:
        for name, (document, variables) in questions.items():
            samples = []
            for _ in range(sizes.reads * 2):
                began = time.perf_counter()
                answer = await ask(document, **variables)
                samples.append(time.perf_counter() - began)
                if not next(iter(answer.values())):
                    raise BenchError(f"the question for the {name} found nothing")
            # The first half is for Neo4j and Python to learn it.
            figures[name] = milliseconds(samples[sizes.reads :])
    return figures | {"story_tasks": sizes.tasks, "epic_stories": sizes.stories}
