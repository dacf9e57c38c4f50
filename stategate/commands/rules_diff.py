"""What two sets of rules mean differently: `stategate rules diff`."""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator
from dataclasses import asdict

from graph.rules.difference import Change, Changes, Difference, difference
from stategate.commands.rules import app
from stategate.commands.sources import load
from stategate.lifetime import FAILED, OK, run


@app.command
def diff(before: str, after: str, *, json: bool = False) -> int:
    """Say what two sets of rules mean differently; exits 1 when they do.

    Parameters
    ----------
    before
        A rules file, the name of a workflow, or name@version.
    after
        Likewise.
    json
        Print `{states, transitions, expectations, permissions, others, order}`.
    """

    async def work() -> int:
        found = difference(await load(before), await load(after))
        if json:
            print(json_format.dumps(asdict(found), indent=2, ensure_ascii=False))
        else:
            print("\n".join(_lines(found)) or "Both mean the same.")
        return FAILED if found else OK

    return run(work())


def _lines(found: Difference) -> Iterator[str]:
    yield from _fields("", found.others)
    for noun in ("state", "transition", "expectation"):
        changes: Changes = getattr(found, f"{noun}s")
        yield from (f"+ {noun} {name}" for name in changes.added)
        yield from (f"- {noun} {name}" for name in changes.removed)
        for name, change in changes.changed.items():
            yield from _fields(f"{noun} {name}: ", change)
    if found.order:
        yield "~ the actions come in another order"
    for role, change in found.permissions.items():
        for word, actions in change.items():
            if actions:
                yield f"  {role} {'gains' if word == 'gained' else 'loses'} {', '.join(actions)}"


def _fields(where: str, change: Change) -> Iterator[str]:
    for key, (old, new) in change.items():
        yield f"~ {where}{key}: {_value(old)} -> {_value(new)}"


def _value(value: object) -> str:
    return "nothing" if value is None else json_format.dumps(value, ensure_ascii=False)
