"""What publishing costs when no state goes away, with few live items and with many: it should be the same.

Starts a Neo4j of its own. Prints the median milliseconds of a publish (and of the import before it, whose impact counts
the items) with 1,000 and with 1,000,000 items, and their ratio. `--small` takes 50,000 for the many, `--json` is for
programs.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from graph.database import Database
from graph.engine import Engine
from stategate.servers.environment import open_environment
from stategate.settings import load_settings

FEW, MANY, SMALL = 1_000, 1_000_000, 50_000
WARMING, MEASURED = 5, 21
BATCH = 20_000

RULES = """
workflow: {name}
roles: [clerk, judge]
states:
  open: {{kind: initial}}
  held: {{kind: active}}
  judged: {{kind: active}}
  closed: {{kind: final}}
transitions:
  - {{from: open, action: HOLD, to: held, roles: [clerk]}}
  - {{from: held, action: JUDGE, to: judged, roles: [judge], inputs: [{{name: words, min_length: {length}}}]}}
  - {{from: judged, action: CLOSE, to: closed, roles: [clerk]}}
  - {{from: "*", action: DROP, to: closed, roles: [judge]}}
"""
MAKE = """CYPHER 5
MATCH (:Workflow {name: $name})-[:HAS_STATE]->(state:State) WITH collect(state) AS states
UNWIND range($start, $end - 1) AS n
CREATE (item:Task:Item {id: $name + '-' + n, name: $name, title: 'An item', workflow: $name, version: 0, rework: 0})
WITH item, states[n % size(states)] AS state
CREATE (item)-[:IN_STATE]->(state)
"""


async def main() -> None:
    many = SMALL if "--small" in sys.argv else MANY
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), neo4j_uri=None, nats_url=None, valkey_url=None)
        async with open_environment(settings) as servers:
            db = Database.connect(servers.neo4j_uri, servers.neo4j_user, servers.neo4j_password)
            engine = await Engine.open(db)
            sizes = {"few": FEW, "many": many}
            for name, count in sizes.items():
                await _publish(engine, name, 1)
                await _fill(db, name, count)
            for length in range(WARMING):
                for name in sizes:
                    await _publish(engine, name, length)
            samples: dict[str, list[tuple[float, float]]] = {name: [] for name in sizes}
            # In turns, so that whatever else the machine does meets both.
            for length in range(MEASURED):
                for name in sizes:
                    samples[name].append(await _publish(engine, name, length))
            await db.close()
    _report(sizes, samples)


async def _fill(db: Database, name: str, count: int) -> None:
    async with db.driver.session() as session:
        for start in range(0, count, BATCH):
            await (await session.run(MAKE, name=name, start=start, end=min(count, start + BATCH))).consume()


async def _publish(engine: Engine, name: str, length: int) -> tuple[float, float]:
    """Seconds of the import and of the publish."""
    began = time.perf_counter()
    draft = await engine.rules.import_draft(RULES.format(name=name, length=length))
    imported = time.perf_counter()
    assert draft.confirm is not None
    await engine.rules.publish(name, draft.confirm)
    return imported - began, time.perf_counter() - imported


def _report(sizes: dict[str, int], samples: dict[str, list[tuple[float, float]]]) -> None:
    figures: dict[str, float] = {}
    for place, step in enumerate(("import", "publish")):
        medians = {name: statistics.median(pair[place] for pair in samples[name]) for name in sizes}
        for name, count in sizes.items():
            figures[f"{step}_ms_{count}_items"] = round(medians[name] * 1000, 1)
        figures[f"{step}_ratio"] = round(medians["many"] / medians["few"], 2)
    if "--json" in sys.argv:
        print(json.dumps(figures))
    else:
        for label, value in figures.items():
            print(f"{label:28} {value}")


if __name__ == "__main__":
    asyncio.run(main())
