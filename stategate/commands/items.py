"""Commands on items: act, explain."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graph.decision import Command, Decision, Outcome
from stategate import addresses
from stategate.errors import SetupError
from stategate.lifetime import FAILED, OK, run
from stategate.service import open_engine
from stategate.settings import load_settings


def act(
    item: str,
    action: str,
    *,
    actor: str,
    feedback: str | None = None,
    input: list[str] | None = None,
    command_id: str | None = None,
    expected_version: int | None = None,
    dry_run: bool = False,
    json: bool = False,
) -> int:
    """Ask for an action; exits 1 when it is refused.

    Parameters
    ----------
    item
        The id of a story or task.
    action
        What to do.
    actor
        Who asks.
    feedback
        The input of that name.
    input
        name=value, the value as JSON or as plain text; may be given more than once.
    command_id
        The same id again gets the same answer and does nothing twice.
    expected_version
        Refuse when the item is at another version.
    dry_run
        Say what the answer would be and write nothing.
    json
        Print the decision as JSON.
    """

    async def work() -> int:
        given = dict(_input(pair) for pair in input or [])
        command = Command(item, action, actor, command_id, expected_version, feedback, given, dry_run)
        async with open_engine(addresses.find(load_settings())) as engine:
            [decision] = await engine.gate.decide([command])
        if json:
            print(json_format.dumps(asdict(decision), indent=2, ensure_ascii=False))
        else:
            _tell(decision, dry=dry_run)
        final = decision.first or decision
        return OK if final.outcome is Outcome.APPLIED else FAILED

    return run(work())


def explain(item: str, *, actor: str | None = None, json: bool = False) -> int:
    """Say what may be done on an item, and why the rest may not.

    Parameters
    ----------
    item
        The id of a story or task.
    actor
        For whom; without, nothing is asked about permission.
    json
        Print the actions as JSON.
    """

    async def work() -> int:
        async with open_engine(addresses.find(load_settings())) as engine:
            if item not in await engine.trees.items_by_ids([item]):
                raise SetupError(f"There is no item '{item}'.")
            views = (await engine.offers.actions([(item, actor)]))[item, actor]
        if json:
            print(json_format.dumps([asdict(view) for view in views], indent=2, ensure_ascii=False))
            return OK
        table = Table("action", "allowed", "needs", "why not")
        for view in views:
            why = "\n".join(f"{reason.code}: {reason.message}" for reason in view.reasons)
            cells = (view.name, "yes" if view.allowed else "no", ", ".join(view.inputs["required"]), why)
            table.add_row(*map(escape, cells))
        Console().print(table)
        return OK

    return run(work())


def _input(pair: str) -> tuple[str, Any]:
    name, found, value = pair.partition("=")
    if not found:
        raise SetupError(f"--input takes name=value, not '{pair}'.")
    try:
        return name, json_format.loads(value)
    except ValueError:
        return name, value
    except RecursionError as error:
        raise SetupError(f"The value of --input {name} is nested too deep.") from error


def _tell(decision: Decision, *, dry: bool) -> None:
    if decision.first:
        print("This command was answered before:")
        decision = decision.first
    print(f"{'would be ' if dry else ''}{decision.outcome.value} {decision.item_id}")
    for hop in decision.hops:
        print(f"  {hop.from_state} → {hop.to_state}  {hop.action}{' (automatic)' if hop.automatic else ''}")
    for reason in decision.reasons:
        print(f"  {reason.code}: {reason.message}")
    if decision.legal_actions:
        print(f"  legal now: {', '.join(decision.legal_actions)}")
    for remedy in decision.remedies:
        print(f"  {remedy.text}")
