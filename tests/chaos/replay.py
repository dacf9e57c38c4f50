"""What must have happened to one item, worked out from the accepted commands alone, and compared with what is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.chaos.ledger import Asked, Ledger
from tests.chaos.rulebook import ENGINE, oracle, rulebook
from tests.property.oracle import Answer, Item, Oracle

Row = dict[str, Any]


def replay(task: str, changes: Sequence[Row], refusals: Sequence[Row], ledger: Ledger) -> Iterator[str]:
    """The violations of a task. Its versions say in which order its commands were decided; the oracle answers each
    again, and must give the same answer and make the same hops."""
    mind = oracle("task", ledger.people)
    item = mind.items[task] = Item("todo", {"released": True, "open_dependencies": 0})
    for version in range(len(changes) + 1):
        for row in (row for row in refusals if row["version"] == version):
            yield from _refused(mind, task, row, ledger.commands.get(row["command_id"]))
        if version == item.version < len(changes):
            yield from _applied(mind, task, changes[version:], ledger)
    if item.version != len(changes):
        yield f"{task}: {len(changes)} changes, where its commands make {item.version}"


def _refused(mind: Oracle, task: str, row: Row, asked: Asked | None) -> Iterator[str]:
    if asked is None:
        yield f"{task}: a refusal of {row['command_id']}, which nobody sent"
        return
    answer = _ask(mind, asked)
    codes, wanted = set(row["codes"]), answer.codes
    right = codes == wanted[0] if len(wanted) == 1 else bool(codes) and codes <= set[str]().union(*wanted)
    if answer.outcome != "REFUSED" or not right:
        yield f"{task}: {asked.id} was refused at version {row['version']} with {codes}, where {answer} is right"


def _applied(mind: Oracle, task: str, rows: Sequence[Row], ledger: Ledger) -> Iterator[str]:
    first = rows[0]
    asked = ledger.commands.get(first["command_id"])
    if asked is None:
        if first["actor_id"] != ENGINE:
            yield f"{task}: version {first['seq']} was made by {first['command_id']}, which nobody sent"
        asked = Asked(first["command_id"], task, first["action"], ENGINE, {}, None, bus=False)
    answer = _ask(mind, asked)
    made = [(row["action"], row["from"], row["to"], row["automatic"]) for row in rows[: len(answer.hops)]]
    if answer.outcome != "APPLIED" or made != answer.hops:
        yield f"{task}: {asked.id} made {made} from version {first['seq'] - 1}, where {answer} is right"
    if asked.item != task or (first["action"], first["actor_id"]) != (asked.action, asked.actor):
        yield f"{task}: {asked.id} was done as {first['action']} by {first['actor_id']}"
    if {row["command_id"] for row in rows[: len(answer.hops)]} - {asked.id}:
        yield f"{task}: the hops of {asked.id} bear other command ids"


def _ask(mind: Oracle, asked: Asked) -> Answer:
    return mind.decide(asked.item, asked.action, asked.actor, asked.id, asked.expected, asked.inputs)


def chain(item: str, workflow: str, changes: Sequence[Row]) -> Iterator[str]:
    """The violations of any item's chain: versions 1 to n, each from where the last one led, by a rule there is."""
    rules = rulebook(workflow)
    at = next(name for name, state in rules["states"].items() if state["kind"] == "initial")
    for place, row in enumerate(changes, 1):
        if row["seq"] != place or row["from"] != at:
            yield f"{item}: change {row['seq']} from {row['from']} where change {place} from {at} is right"
        if not any(
            rule["action"] == row["action"]
            and rule["to"] == row["to"]
            and (rule["from"] == "*" or row["from"] in rule["from"])
            for rule in rules["transitions"]
        ):
            yield f"{item}: no rule makes {row['action']} from {row['from']} to {row['to']}"
        at = row["to"]
