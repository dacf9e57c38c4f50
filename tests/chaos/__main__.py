"""python -m tests.chaos: the long form of the chaos suite."""

from __future__ import annotations

import json as json_format
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from stategate import lifetime
from tests.chaos.campaign import Plan, run, shuffled
from tests.chaos.faults import faults as kinds_of_faults


def chaos(
    *,
    faults: int = 100,
    actions: int = 50_000,
    seed: int = 1,
    replicas: int = 2,
    per_round: int = 5,
    rate: float = 200.0,
    kinds: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    json: bool = False,
    keep: bool = False,
) -> int:
    """Kill, pause, cut off and fill up everything under load, and compare what happened with what was asked for.

    Exits 1 on a violation, and then keeps logs, data and violations.json.

    Parameters
    ----------
    faults
        How many, of all kinds alike.
    actions
        How many commands in all.
    seed
        Of everything random.
    replicas
        How many `stategate serve` there are.
    per_round
        Faults between two comparisons.
    rate
        Commands a second at the most.
    kinds
        These kinds alone, in this order, again and again.
    json
        Print the report as JSON on standard output; progress goes to standard error.
    keep
        Keep logs and data in any case.
    """
    console = Console(stderr=json, soft_wrap=True, highlight=False)
    if unknown := set(kinds or []) - set(kinds_of_faults()):
        console.print(f"No such kind: {', '.join(sorted(unknown))}. There are: {', '.join(kinds_of_faults())}.")
        return 2
    chosen = [kinds[place % len(kinds)] for place in range(faults)] if kinds else shuffled(faults, seed)
    plan = Plan(chosen, actions, seed, replicas, per_round, rate)
    folder = Path(tempfile.mkdtemp(prefix="stategate-chaos-"))
    return lifetime.run(_play(plan, folder, console, json=json, keep=keep))


async def _play(plan: Plan, folder: Path, console: Console, *, json: bool, keep: bool) -> int:
    report = await run(plan, folder, lambda text: console.print(text, markup=False))
    table = Table("fault", "times")
    for kind, times in report.by_kind.items():
        table.add_row(kind, str(times))
    console.print(table)
    if json:
        sys.stdout.write(json_format.dumps(report.plain(), indent=2) + "\n")
    console.print(report.summary)
    if not report.violations and not keep:
        shutil.rmtree(folder)
    return 1 if report.violations else 0


if __name__ == "__main__":
    app = App(name="python -m tests.chaos", default_command=chaos, result_action="return_value")
    sys.exit(app())
