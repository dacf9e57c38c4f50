"""Rules as a picture: `stategate rules show`."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graph.rules.draw.machine import Machine
from graph.rules.draw.mermaid import mermaid
from graph.rules.draw.svg import svg
from graph.rules.draw.terminal import terminal
from stategate.commands.rules import app
from stategate.commands.sources import load
from stategate.errors import SetupError
from stategate.lifetime import OK, run


@app.command
def show(
    workflow: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    format: Literal["terminal", "table", "mermaid", "svg"] = "terminal",
    out: Path | None = None,
) -> int:
    """Draw rules: their states, and what is done by whom to get from one to the next.

    Parameters
    ----------
    workflow
        The name of a workflow, name@version, or a rules file (- for the standard input).
    format
        terminal draws the states from top to bottom; mermaid and svg are for documents.
    out
        A file to write to, instead of the standard output.
    """

    async def work() -> int:
        machine = Machine.of(await load(workflow))
        if out is None:
            _write(machine, format, Console())
            return OK
        try:
            with out.open("w", encoding="utf-8") as file:
                _write(machine, format, Console(file=file, width=120))
        except OSError as error:
            raise SetupError(f"{out} cannot be written: {error.strerror}.") from error
        return OK

    return run(work())


def _write(machine: Machine, format: str, console: Console) -> None:
    if format == "terminal":
        for line in terminal(machine, console.width, console.encoding):
            console.print(line, soft_wrap=True)
    elif format == "table":
        console.print(_table(machine))
    else:
        text = svg(machine) if format == "svg" else mermaid(machine)
        # Whatever the terminal's encoding is, these are files in UTF-8.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        console.file.write(text)


def _table(machine: Machine) -> Table:
    table = Table(title=f"{machine.title} ({machine.item})", title_justify="left")
    for name in ("from", "action", "to", "by", "conditions"):
        table.add_column(name)
    for arrow in machine.arrows:
        for step in arrow.steps:
            origin = ", ".join(arrow.sources) or machine.anywhere(arrow)
            # Names may look like the markup of rich, and are none.
            table.add_row(*map(Text, (origin, step.action, arrow.target, step.by, "; ".join(step.needs))))
    return table
