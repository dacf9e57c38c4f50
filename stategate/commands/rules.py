"""Commands on rules: lint, import, export, publish, show."""

from __future__ import annotations

import json as json_format
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graph.rules.file import parse
from graph.rules.finding import Finding, has_error
from graph.rules.lint import lint as find_problems
from graph.rules.model import Workflow
from stategate import addresses
from stategate.errors import SetupError
from stategate.lifetime import FAILED, OK, run
from stategate.service import open_engine
from stategate.settings import load_settings

# A single - stands for the standard input.
RulesFile = Annotated[Path, Parameter(allow_leading_hyphen=True)]

app = App(name="rules", help="Rules as files: lint, import, export, publish, show.")


@app.command
def lint(file: RulesFile, *, json: bool = False) -> int:
    """Say what is wrong, or doubtful, in a rules file. Needs no servers.

    Parameters
    ----------
    file
        The rules file, or - for the standard input.
    json
        Print the findings as JSON.
    """

    async def work() -> int:
        parsed = parse(_read(file))
        findings = parsed.findings if parsed.workflow is None else find_problems(parsed.workflow)
        _print_findings(findings, as_json=json)
        return FAILED if has_error(findings) else OK

    return run(work())


@app.command(name="import")
def import_(file: RulesFile, *, json: bool = False) -> int:
    """Keep a rules file as the draft of its workflow; prints the `confirm` that publishing takes.

    Parameters
    ----------
    file
        The rules file, or - for the standard input.
    json
        Print `{workflow, findings, impact, confirm}`.
    """

    async def work() -> int:
        async with open_engine(addresses.find(load_settings())) as engine:
            result = await engine.rules.import_draft(_read(file))
        if json:
            _print_json(asdict(result))
        else:
            _print_findings(result.findings, as_json=False)
            _print_impact(result.impact)
            if result.confirm:
                print(f"Publish this draft: stategate rules publish {result.workflow} {result.confirm}")
        return OK if result.confirm else FAILED

    return run(work())


@app.command
def publish(workflow: str, confirm: str, *, map: list[str] | None = None) -> int:
    """Make a draft the live rules.

    Parameters
    ----------
    workflow
        Its name.
    confirm
        What importing the draft printed.
    map
        old=new, for a state that goes away while items are in it; may be given more than once.
    """

    async def work() -> int:
        pairs = [pair.partition("=") for pair in map or []]
        if not all(old and new for old, _, new in pairs):
            raise SetupError("--map takes old=new.")
        async with open_engine(addresses.find(load_settings())) as engine:
            version = await engine.rules.publish(workflow, confirm, {old: new for old, _, new in pairs})
        print(f"'{workflow}' is at version {version}.")
        return OK

    return run(work())


@app.command
def export(workflow: str, *, version: int | None = None) -> int:
    """Print the live rules as a file.

    Parameters
    ----------
    workflow
        Its name.
    version
        A published version instead of the live rules.
    """

    async def work() -> int:
        async with open_engine(addresses.find(load_settings())) as engine:
            sys.stdout.write(await engine.rules.export(workflow, version))
        return OK

    return run(work())


@app.command
def show(workflow: str) -> int:
    """Draw the live rules as a table: from, action, to, by whom.

    Parameters
    ----------
    workflow
        Its name, or a rules file.
    """

    async def work() -> int:
        if os.path.isfile(workflow):  # unlike Path.is_file, no is also said of what can be no path
            parsed = parse(_read(Path(workflow)))
            if parsed.workflow is None:
                _print_findings(parsed.findings, as_json=False)
                return FAILED
            live = parsed.workflow
        else:
            async with open_engine(addresses.find(load_settings())) as engine:
                live = await engine.rules.read(workflow)
        Console().print(_table(live))
        return OK

    return run(work())


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise SetupError(f"{file} cannot be read: {error.strerror}.") from error


def _print_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        _print_json([asdict(finding) for finding in findings])
        return
    for finding in findings:
        print(f"{finding.severity}: {finding.code}: {finding.message}")
    if not findings:
        print("Nothing to complain about.")


def _print_impact(impact: Mapping[str, Any]) -> None:
    for state, items in impact.get("states_removed", {}).items():
        if items:
            print(f"'{state}' goes away with {items} items in it; say where they go: --map '{state}=<state>'")
    for role, change in impact.get("roles", {}).items():
        for word, actions in change.items():
            if actions:
                print(f"{role}: {word} {', '.join(actions)}")


def _print_json(value: object) -> None:
    print(json_format.dumps(value, indent=2, ensure_ascii=False))


def _table(workflow: Workflow) -> Table:
    table = Table(title=f"{workflow.workflow} ({workflow.item})", title_justify="left")
    for name in ("from", "action", "to", "by"):
        table.add_column(name)
    for t in workflow.transitions:
        by = "by itself" if t.automatic else ", ".join([*t.roles, *t.all_roles, *t.relations])
        table.add_row(*map(escape, (", ".join(t.source), t.action, t.to, by)))
    return table
