"""Long texts and artefacts over GraphQL: from Valkey, from Neo4j, and how many are in Valkey while items change."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from stategate.bench.errors import BenchError
from stategate.bench.quantiles import milliseconds
from stategate.bench.service import service
from stategate.bench.sizes import Sizes
from stategate.bench.world import PREFIX, Walkers, World
from stategate.demo.client import GraphQLClient
from stategate.servers.environment import Addresses

_TEXTS = """
query Texts($id: ID!, $tasks: Int!) { story(id: $id) { tasks(first: $tasks) { nodes { id description } } } }
"""
_ARTEFACTS = """
query Artefacts($id: ID!, $tasks: Int!) {
  story(id: $id) { tasks(first: $tasks) { nodes { id artefacts { name value action at seq } } } }
}
"""
_QUESTIONS = {"texts": _TEXTS, "artefacts": _ARTEFACTS}
_NOWHERE = "redis://127.0.0.1:1/0"
_WORDS = "Some fifty kilobytes of words. "
_ROUNDS = 5  # of the walk, so many times does each task hand in its commit


async def details(world: World, servers: Addresses, sizes: Sizes) -> dict[str, Any]:
    """`{texts_from_valkey: {p50_ms, …}, texts_from_neo4j, artefacts_from_…, details_hit_rate}` of a story's tasks."""
    prefix = f"{PREFIX}details-"
    await world.fill(prefix, 0, sizes.tasks, per_story=sizes.tasks)
    tasks = Walkers(world.plan.walk, [f"{prefix}{number}" for number in range(sizes.tasks)])
    for _ in range(_ROUNDS * len(world.plan.walk)):
        await world.decide(tasks, sizes.tasks)
    await world.engine.db.write("bench/texts", ids=tasks.ids, text=_WORDS * (50_000 // len(_WORDS)))
    asked = {"id": f"{prefix}story-0", "tasks": sizes.tasks}
    samples: dict[str, list[float]] = {}
    # Both at once and in turns, so that whatever else the machine does meets both.
    async with (
        service(servers) as kept,
        service(replace(servers, valkey_url=_NOWHERE)) as plain,
        GraphQLClient(kept.graphql) as from_valkey,
        GraphQLClient(plain.graphql) as from_neo4j,
    ):
        for _ in range(sizes.reads * 2):
            for name, question in _QUESTIONS.items():
                for source, ask in (("valkey", from_valkey), ("neo4j", from_neo4j)):
                    began = time.perf_counter()
                    answer = await ask(question, **asked)
                    samples.setdefault(f"{name}_from_{source}", []).append(time.perf_counter() - began)
                    if len(answer["story"]["tasks"]["nodes"]) != sizes.tasks:
                        raise BenchError(f"the question for the {name} found too little")
        hit_rate = await _hit_rate(world, tasks, from_valkey, asked, kept.graphql, sizes.reads)
    await world.forget_events()
    figures: dict[str, Any] = {name: milliseconds(found[sizes.reads :]) for name, found in samples.items()}
    return figures | {"details_hit_rate": hit_rate}


async def _hit_rate(
    world: World, tasks: Walkers, ask: GraphQLClient, asked: dict[str, Any], graphql: str, reads: int
) -> float:
    """Of the texts and artefacts read, how many were in Valkey, when one of the tasks changes before each question."""
    before = await _read(graphql)
    for _ in range(reads):
        for question in _QUESTIONS.values():
            await world.decide(tasks, 1)
            await ask(question, **asked)
    after = await _read(graphql)
    kept, loaded = (after[source] - before.get(source, 0.0) for source in ("valkey", "neo4j"))
    return round(kept / (kept + loaded), 3)


async def _read(graphql: str) -> dict[str, float]:
    """How many details were read so far, by where they were found."""
    async with httpx2.AsyncClient(timeout=60) as http:
        told = (await http.get(graphql.replace("/graphql", "/metrics"))).text
    return {
        sample.labels["source"]: sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
        if sample.name == "stategate_details_total"
    }
