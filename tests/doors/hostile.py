"""What a hostile or a broken program may send where a string goes, and what must never come of it."""

from __future__ import annotations

from graph.database import Database
from tests.graph.world import cypher

INJECTIONS = [
    "' DETACH DELETE n //",
    "x'}) MATCH (n) DETACH DELETE n WITH 1 AS x MATCH (y {id: '",
    '"}) CREATE (:Injected) //',
    "`\\' OR true CREATE (:Injected) //",
    "\\u0027}) CREATE (:Injected) //",
    "x\n// include: roles\nCREATE (:Injected)",
    "{0} {item} %s %(x)s ${jndi:x} {{7*7}}",
]
ODD = [
    "",
    'it\'s "quoted" `so`',
    "line\nbreak\r\n\ttab",
    "😀 emoji 👩‍👩‍👧 and Ünïcode",
    "nul\x00byte",
    "\ud800 lone",
    "x" * 10_000,
    "*",
    "../../etc/passwd",
]
INTERNAL = ["Traceback", "neo4j.", "Neo.", "CYPHER", "MATCH (", "site-packages", "Error(", "graph/", "0x"]


def leaks(message: str) -> list[str]:
    """What a message to the outside says of the inside; what was sent may be said again."""
    for sent in (*INJECTIONS, *ODD):
        message = message.replace(sent, "") if sent.strip() else message
    return [word for word in INTERNAL if word in message]


async def unhurt(db: Database) -> None:
    """Nothing was injected, and the rules and the engine's own nodes are there."""
    [row] = await cypher(
        db,
        "RETURN COUNT { (n) WHERE 'Injected' IN labels(n) } AS injected, COUNT { (:System) } AS system, "
        "COUNT { (:Workflow {name: 'task'})-[:HAS_STATE]->() } AS states",
    )
    assert (row["injected"], row["system"], row["states"]) == (0, 1, 15)
