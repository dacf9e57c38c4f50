"""The command bench: how fast everything is, measured on servers of its own."""

from __future__ import annotations

import json as json_format
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from stategate.bench.report import show
from stategate.bench.sizes import FULL, QUICK
from stategate.bench.suite import PARTS, SCALES, measure
from stategate.errors import SetupError
from stategate.lifetime import OK, run
from stategate.servers.show import RichShow
from stategate.settings import load_settings

_PLAIN_WIDTH = 140  # columns where nothing tells how many there are
_ALL = {part: (part,) for part in PARTS} | {"scale": SCALES}


def bench(
    *,
    quick: bool = False,
    only: str | None = None,
    memory: int = 0,
    json: bool = False,
    save: Annotated[Path | None, Parameter()] = None,
) -> int:
    """Measure throughput, latency, reads and scale on servers of its own; some twelve minutes on two cores.

    Parameters
    ----------
    quick
        The same in a minute or two with little work: whether everything runs, not how fast it is.
    only
        Parts, with commas between them: gate, path, latency, reads, scale (that is history, actors, backlog, rules,
        items); none for nothing but `--memory`.
    memory
        Also watch the memory of the service over so many actions.
    json
        Print `{at, seconds, parts, ratios, scale, figures, machine}`.
    save
        The file, or the folder, to keep that in; by default the folder `benchmarks` of the data folder.
    """

    async def work() -> int:
        parts = _parts(only)
        began = time.monotonic()
        console = Console(stderr=True)

        def say(text: str) -> None:
            console.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {text}", highlight=False, soft_wrap=True)

        result = await measure(QUICK if quick else FULL, parts, memory, say, RichShow(console))
        result["form"] = "quick" if quick else "full"
        path = _save(result, save)
        if json:
            print(json_format.dumps(result, indent=2))
        else:
            shown = Console()
            if not shown.is_terminal:
                shown.width = _PLAIN_WIDTH
            show(result, shown)
        console.print(f"Kept in {path}", soft_wrap=True, highlight=False)
        return OK

    return run(work(), when_stopped=130)


def _parts(only: str | None) -> set[str]:
    """Raises `SetupError` for a name that is none."""
    names = [name.strip() for name in (only or ",".join(PARTS)).split(",")]
    if names == ["none"]:
        return set()
    if wrong := [name for name in names if name not in _ALL]:
        raise SetupError(f"there is no part '{wrong[0]}' to measure; there are {', '.join(_ALL)}, and none")
    return {part for name in names for part in _ALL[name]}


def _save(result: dict[str, Any], wish: Path | None) -> Path:
    path = wish or load_settings().data_dir / "benchmarks"
    if path.suffix != ".json":
        path /= f"{result['at'].replace(':', '')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json_format.dumps(result, indent=2) + "\n", encoding="utf-8")
    return path
