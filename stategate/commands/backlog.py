"""Commands on the whole backlog: export and import as JSON Lines."""

from __future__ import annotations

import json as json_format
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from graph.transfer.exporting import Export
from graph.transfer.importing import Import
from graph.transfer.report import Report
from stategate import addresses
from stategate.errors import SetupError
from stategate.lifetime import FAILED, OK, run
from stategate.service import open_engine
from stategate.settings import load_settings

app = App(name="backlog", help="The whole backlog as a file of JSON Lines: export, import.")

_SHOWN = 20  # bad rows, and different ones, that are named unless --json is given
_STOPPED = 130


@app.command
def export(
    file: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    *,
    history: bool = False,
    epic: str | None = None,
) -> int:
    """Write epics, sprints, stories and tasks, with the actors they name, one row to a line.

    Parameters
    ----------
    file
        Where to; it is replaced once all is written. By default, or with -, the standard output.
    history
        Also every change of each item.
    epic
        The id of one epic, whose stories and tasks are written.
    """

    async def work() -> int:
        async with open_engine(addresses.find(load_settings())) as engine:
            with _bar(MofNCompleteColumn()) as bar, _output(file) as out:
                shown = bar.add_task("written", total=None)
                written = await Export(engine.db).run(
                    out,
                    lambda done, total: bar.update(shown, completed=done, total=total),
                    history=history,
                    epic_id=epic,
                )
        console = Console(stderr=True)
        said = ", ".join(f"{count} × {kind}" for kind, count in sorted(written.kinds.items())) or "nothing"
        console.print(f"Written: {said}.", highlight=False)
        if written.left_out:
            console.print(f"{written.left_out} dependencies on tasks that are not in the file were left out.")
        return OK

    return run(work(), when_stopped=_STOPPED)


@app.command(name="import")
def import_(
    file: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    *,
    dry_run: bool = False,
    stop_on_error: bool = False,
    json: bool = False,
) -> int:
    """Create what a file has and the graph has not; what is there is left alone. Exits 1 when a row is bad.

    Broken off, the same command goes on.

    Parameters
    ----------
    file
        As export writes it, or - for the standard input.
    dry_run
        Say what would come of each row, and write nothing.
    stop_on_error
        Write nothing when a row is bad, and name the first ones only.
    json
        Print `{dry_run, stopped, kinds: {kind: {created, there, different, bad}}, bad: [{line, kind, id, field,
        message}], different: [{line, kind, id, fields}]}`, all of them.
    """

    async def work() -> int:
        with _input(file) as (rows, size):
            async with open_engine(addresses.find(load_settings())) as engine:
                with _bar(TaskProgressColumn()) as bar:
                    steps = {}

                    def told(step: str, done: int, total: int) -> None:
                        if step not in steps:
                            steps[step] = bar.add_task(step)
                        bar.update(steps[step], completed=done, total=total)

                    report = await Import(engine.db, engine.gate).run(
                        rows, size, told, dry_run=dry_run, stop_on_error=stop_on_error
                    )
        if json:
            print(json_format.dumps(asdict(report), indent=2, ensure_ascii=False))
        else:
            _tell(report)
        return FAILED if report.bad else OK

    return run(work(), when_stopped=_STOPPED)


@contextmanager
def _bar(column: TaskProgressColumn | MofNCompleteColumn) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), column, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    """The standard output, or a file that is there whole or not at all."""
    if path is None or str(path) == "-":
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError as error:
            raise SetupError("Whoever reads the standard output has stopped.") from error
        return
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            # A pipe, or a device, which must not be replaced by a file.
            with target.open("wb") as out:
                yield out
            return
        fresh = target.with_name(f"{target.name}.{uuid.uuid4().hex}.new")
        try:
            with fresh.open("xb") as out:
                yield out
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def _input(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """A file that can be read more than once, and its bytes."""
    try:
        if str(path) == "-":
            with tempfile.TemporaryFile() as kept:
                shutil.copyfileobj(sys.stdin.buffer, kept)
                yield kept, kept.tell()
            return
        with path.open("rb") as file:
            if not file.seekable():
                raise SetupError(f"{path} can be read only once; give it as the standard input, by -.")
            yield file, os.fstat(file.fileno()).st_size
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}.") from error


def _tell(report: Report) -> None:
    console = Console()
    table = Table("kind", "would be created" if report.dry_run else "created", "there already", "bad")
    for kind, tally in report.kinds.items():
        there = f"{tally.there}, {tally.different} of them different" if tally.different else str(tally.there)
        table.add_row(kind, str(tally.created), there, str(tally.bad))
    console.print(table)
    for bad in report.bad[:_SHOWN]:
        what = " ".join(part for part in (bad.kind, bad.id and f"'{bad.id}'") if part)
        said = f"line {bad.line}: {what}: {f'{bad.field}: ' if bad.field else ''}{bad.message}"
        # An id may be anything, such as signs that a terminal obeys.
        shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in said)
        console.print(shown, markup=False, highlight=False, soft_wrap=True)
    for row in report.different[:_SHOWN]:
        said = f"line {row.line}: {row.kind} '{row.id}' is there, and differs in {', '.join(row.fields)}"
        console.print(said, markup=False, highlight=False, soft_wrap=True)
    more = max(0, len(report.bad) - _SHOWN) + max(0, len(report.different) - _SHOWN)
    if more:
        console.print(f"and {more} more; --json names all of them")
    if report.stopped and not report.dry_run:
        console.print("Nothing was written, because of the bad rows.")
