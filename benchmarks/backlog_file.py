"""Import and export of a whole backlog: seconds, and the memory of the process.

Starts servers of its own. `--items N` (100,000 unless told otherwise); `--json` for programs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from graph.transfer.exporting import Export
from graph.transfer.importing import Import
from graph.transfer.report import Report
from stategate.servers.environment import open_environment
from stategate.service import open_engine
from stategate.settings import settings_alone

TASKS = 10  # of a story
STORIES = 20  # of an epic
STATES = ("todo", "implementing", "done")


def option(name: str, default: int) -> int:
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


def write(path: Path, items: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n in range(items // (TASKS * STORIES + STORIES + 1) + 1):
            rows = [{"kind": "epic", "id": f"E-{n}", "title": f"Epic {n}"}]
            for s in range(STORIES):
                story = f"S-{n}-{s}"
                rows.append(
                    {
                        "kind": "story",
                        "id": story,
                        "epic_id": f"E-{n}",
                        "title": "A story",
                        "description": "Long. " * 50,
                    }
                )
                rows += [
                    {
                        "kind": "task", "id": f"T-{n}-{s}-{t}", "story_id": story, "title": "A task",
                        "state": STATES[t % len(STATES)], "depends_on": [f"T-{n}-{s}-{t - 1}"] if t else [],
                    }
                    for t in range(TASKS)
                ]  # fmt: skip
            file.writelines(json.dumps(row) + "\n" for row in rows)


class Figures(dict[str, float]):
    """What was measured, told as it comes."""

    def __setitem__(self, name: str, value: float) -> None:
        super().__setitem__(name, value)
        print(f"{name:24} {value}", file=sys.stderr, flush=True)


class Memory:
    """The most that this process has had in memory since it was asked last, in MB."""

    def __init__(self) -> None:
        self.most = memory()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.most = max(self.most, memory())
            time.sleep(0.05)

    def taken(self) -> int:
        most, self.most = self.most, memory()
        return most


def memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


async def main() -> None:
    items = option("--items", 100_000)
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder) / "given.jsonl", Path(folder) / "taken.jsonl"
        write(given, items)
        figures["file_mb"] = given.stat().st_size // 2**20
        async with open_environment(settings_alone(Path(folder))) as servers, open_engine(servers) as engine:
            watch = Memory()
            figures["memory_before_mb"] = watch.taken()

            async def bring(path: Path, name: str, *, dry_run: bool = False) -> None:
                began = time.perf_counter()
                with path.open("rb") as file:
                    size = path.stat().st_size
                    report: Report = await Import(engine.db, engine.gate).run(
                        file, size, lambda *told: None, dry_run=dry_run
                    )
                assert not report.bad, report.bad[:3]
                figures[f"{name}_s"] = round(time.perf_counter() - began, 1)
                figures[f"{name}_memory_mb"] = watch.taken()
                figures["rows"] = sum(tally.created + tally.there for tally in report.kinds.values())

            await bring(given, "dry_run", dry_run=True)
            await bring(given, "import")
            await bring(given, "import_again")
            for history in (False, True):
                began = time.perf_counter()
                with taken.open("wb") as out:
                    await Export(engine.db).run(out, lambda *told: None, history=history)
                name = "export_history" if history else "export"
                figures[f"{name}_s"] = round(time.perf_counter() - began, 1)
                figures[f"{name}_memory_mb"] = watch.taken()
    if "--json" in sys.argv:
        print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main())
