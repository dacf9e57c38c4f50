"""What was measured, as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

_THROUGHPUT = {
    "ceiling": "written by UNWIND, no checks",
    "gate": "decided by the gate, batched",
    "end_to_end": "published → decided → all events heard",
    "sequential": "the same, one transaction to a message, one at a time",
    "side_by_side": "the same, 32 at a time",
}
_RATIOS = {
    "gate_to_ceiling": ("gate / ceiling", "≥", 0.8),
    "end_to_end_to_ceiling": ("end to end / ceiling", "≥", 0.5),
    "end_to_end_to_sequential": ("end to end / one at a time", "≥", 15),
    "p99_50_to_bare": ("p99 at 50/s / p99 of a bare write and a bare round trip", "≤", 3),
}
_GROWTH = 1.2
_CUTS = ("p50", "p95", "p99")
_SCALE = {
    "items": "items",
    "history": "changes of an item",
    "rules": "states",
    "actors": "actors",
    "backlog": "waiting events",
}


def show(result: dict[str, Any], console: Console) -> None:
    """Prints it."""
    figures = result["figures"]
    if throughput := figures["throughput"]:
        rates = ((meaning, throughput.get(f"{name}_per_s")) for name, meaning in _THROUGHPUT.items())
        rows = [[f"{rate:,}", meaning] for meaning, rate in rates if rate is not None]
        _print(console, f"Throughput, {throughput['batch']} to a transaction", ["actions a second", ""], rows)
    _print(console, "Latency", ["milliseconds", *_CUTS, "samples"], _times(figures["latency"] | figures["reads"]))
    if (found := figures["reads"].get("details_hit_rate")) is not None:
        console.print(f"Of texts and artefacts {found:.1%} were in Valkey, while an item changed before each question.")
    columns = ["grown", "from", "to", "ms an action", "then", "alone", "refused", "unasked"]
    _print(console, "Scale, and by how much other costs grow", columns, _growths(figures["scale"]))
    if watched := figures["memory"]:
        console.print(
            f"Memory of the service: {watched['first_mb']} MB at first, {watched['last_mb']} MB after "
            f"{watched['actions']:,} actions; growth {watched['growth']}."
        )
    _print(console, "Goals", ["ratio", "is", "goal", ""], _goals(result))


def _print(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Nothing, where there are no rows."""
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        console.print(table)


def _times(figures: dict[str, Any]) -> Iterator[list[str]]:
    for name, found in figures.items():
        if isinstance(found, dict):
            cuts = [f"{found[f'{cut}_ms']:.2f}" for cut in _CUTS]
            yield [name.replace("_per_s", " a second").replace("_", " "), *cuts, str(found["samples"])]


def _growths(scale: dict[str, Any]) -> Iterator[list[str]]:
    for name, found in scale.items():
        sizes = [f"{size:,}" for size in found["sizes"]]
        costs = [f"{found['together'][key]:.2f}" for key in ("few_ms", "many_ms")]
        others = [f"{found[kind]['ratio']:.2f}" for kind in ("alone", "refused", "unasked")]
        yield [_SCALE[name], *sizes, *costs, *others]


def _goals(result: dict[str, Any]) -> Iterator[list[str]]:
    for name, (meaning, sign, goal) in _RATIOS.items():
        yield from _goal(meaning, result["ratios"][name], sign, goal)
    for name, meaning in _SCALE.items():
        yield from _goal(f"an action with many {meaning}", result["scale"][name], "≤", _GROWTH)


def _goal(meaning: str, value: float | None, sign: str, goal: float) -> Iterator[list[str]]:
    if value is not None:
        met = value >= goal if sign == "≥" else value <= goal
        yield [meaning, f"{value:.2f}", f"{sign} {goal}", "met" if met else "missed"]
