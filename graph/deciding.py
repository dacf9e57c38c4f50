"""The statement that decides, run in a transaction of whoever asks. Nothing else moves an item."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from neo4j.exceptions import ClientError, CypherSyntaxError

from graph import encoding
from graph.database import GONE, Database, MovedError, Row, Transaction
from graph.decision import Command
from graph.errors import StategateError

LATER = 60  # seconds after which is looked again at what was kept back
ENDLESS = 24  # hops of one command; the statement stops there, so a loop made by hand ends in an answer

_ANSWER = (
    "seq",
    "earlier",
    "hops",
    "verdicts",
    "pending",
    "awaits",
    "version",
    "state",
    "kind",
    "obstacles",
    "stories",
)
"""What the statement says of a command, in its order: names would be most of what is sent."""


class BrokenCommandError(Exception):
    """One command of a batch met a rule that cannot be run; the batch is decided again without it."""

    def __init__(self, seq: int, broken: str) -> None:
        super().__init__(broken)
        self.seq = seq
        self.broken = broken


class UndoError(Exception):
    """Carries the answers of a dry run out of a transaction that is to leave no trace."""

    def __init__(self, answers: Any) -> None:
        super().__init__()
        self.answers = answers


def is_of_a_rule(error: ClientError | BrokenCommandError) -> bool:
    """Whether a rule that cannot be run is the cause, neither a statement of ours nor what was published meanwhile."""
    return isinstance(error, BrokenCommandError) or not (isinstance(error, CypherSyntaxError) or error.code == GONE)


async def decide(tx: Transaction, rows: list[Row]) -> list[Row]:
    """What the statement answers to rows of `encoding.row`, in their order; what is legal is done.

    Raises:
        BrokenCommandError: a command makes hops without an end. ClientError: a rule cannot be run.
    """
    if not rows:
        return []
    told = await tx.run_checking("gate/decide", {"commands": [encoding.wire(row) for row in rows]})
    if not told:
        raise StategateError("The built-in actor is missing; `stategate doctor --repair` makes it.")
    [found] = told
    answers = [dict(zip(_ANSWER, values, strict=True)) for values in found["answers"]]
    for answer in answers:
        answer["told_at"] = found["told_at"]
        if len(answer["hops"]) >= ENDLESS:
            raise BrokenCommandError(answer["seq"], "endless")
        if {"moved": True} in answer["obstacles"]:
            raise MovedError
    # Plug-ins are asked after the commit, and whoever is to ask them may go away before.
    if pending := {answer["seq"] for answer in answers if answer["pending"] and answer["hops"]}:
        await look_later(tx, [row["item_id"] for row in rows if row["seq"] in pending])
    return answers


async def look_later(tx: Transaction, ids: Collection[str]) -> None:
    """Has the timers look at what these items could do by themselves, some time after the transaction."""
    if ids:
        await tx.run("timer/look_later", ids=list(ids), seconds=LATER)


async def warm(db: Database) -> None:
    """Has Neo4j plan the statements, which takes seconds, before the first command needs them."""

    # A plan belongs to the types of the parameters, so a real command it is.
    nothing = encoding.row(Command("", "", "", dry=True), 0)

    async def work(tx: Transaction) -> None:
        await decide(tx, [nothing])
        await tx.run("work/assignable", stories=[""], tried=[], spoilt=[], most=1)

    await db.in_transaction(work)
