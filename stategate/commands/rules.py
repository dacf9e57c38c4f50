"""Commands on rules: lint, import, revert, export, publish, permit; the others are in modules of their own."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from graph.rules.file import parse
from graph.rules.finding import Finding, has_error
from graph.rules.lint import lint as find_problems
from graph.rules.moves import Progress
from graph.rules.service import ImportResult
from stategate import addresses
from stategate.commands.sources import is_file, read_file
from stategate.errors import SetupError
from stategate.lifetime import FAILED, OK, run
from stategate.service import open_engine
from stategate.settings import load_settings

# A single - stands for the standard input.
RulesFile = Annotated[Path, Parameter(allow_leading_hyphen=True)]

app = App(name="rules", help="Rules as files: lint, test, show, diff, import, revert, export, publish, permit.")


@app.command
def lint(file: RulesFile, *, json: bool = False) -> int:
    """Say what is wrong, or doubtful, in a rules file, which needs no servers, or in the live rules.

    Parameters
    ----------
    file
        The rules file, - for the standard input, or the name of a workflow.
    json
        Print the findings as JSON: `{severity, code, message, states, transitions}`.
    """

    async def work() -> int:
        findings = await _findings(str(file))
        _print_findings(findings, as_json=json)
        return FAILED if has_error(findings) else OK

    return run(work())


@app.command(name="import")
def import_(file: RulesFile, *, actor: str | None = None, json: bool = False) -> int:
    """Keep a rules file as the draft of its workflow; prints the `confirm` that publishing takes.

    Parameters
    ----------
    file
        The rules file, or - for the standard input.
    actor
        Who drafts, and must be permitted to; without one it is the operator of this installation.
    json
        Print `{workflow, findings, impact, confirm}`.
    """

    async def work() -> int:
        text = read_file(str(file))
        async with open_engine(addresses.find(load_settings())) as engine:
            return _print_draft(await engine.rules.import_draft(text, actor), as_json=json)

    return run(work())


@app.command
def revert(workflow: str, *, to: int | None = None, actor: str | None = None, json: bool = False) -> int:
    """Keep an earlier version as the draft, as if its file were imported; publishing it undoes what came after.

    Parameters
    ----------
    workflow
        Its name.
    to
        The version; by default the one before the live one.
    actor
        Who drafts, and must be permitted to; without one it is the operator of this installation.
    json
        Print `{workflow, findings, impact, confirm}`.
    """

    async def work() -> int:
        async with open_engine(addresses.find(load_settings())) as engine:
            return _print_draft(await engine.rules.draft_version(workflow, to, actor), as_json=json)

    return run(work())


@app.command
def permit(role: str, workflow: str, *, draft: bool | None = None, publish: bool | None = None) -> int:
    """Say whether the holders of a role may draft, and publish, the rules of a workflow.

    Parameters
    ----------
    role
        Its name.
    workflow
        Its name.
    draft
        They may draft; --no-draft takes it away.
    publish
        They may publish, unless they are agents; --no-publish takes it away.
    """

    async def work() -> int:
        async with open_engine(addresses.find(load_settings())) as engine:
            found = await engine.rules.permit(role, workflow, draft=draft, publish=publish)
        able = " and ".join(what for what, allowed in found.items() if allowed)
        print(f"'{role}' may {able or 'neither draft nor publish'} the rules of '{workflow}'.")
        return OK

    return run(work())


@app.command
def publish(workflow: str, confirm: str, *, map: list[str] | None = None, actor: str | None = None) -> int:
    """Make a draft the live rules. Broken off while it moves items, the same command goes on.

    Parameters
    ----------
    workflow
        Its name.
    confirm
        What importing the draft printed.
    map
        old=new, for a state that goes away while items are in it; may be given more than once.
    actor
        Who publishes, and must be permitted to; without one it is the operator of this installation.
    """

    async def work() -> int:
        pairs = [pair.partition("=") for pair in map or []]
        if not all(old and new for old, _, new in pairs):
            raise SetupError("--map takes old=new.")
        async with open_engine(addresses.find(load_settings())) as engine:
            mapping = {old: new for old, _, new in pairs}
            with _progress() as told:
                version = await engine.rules.publish(workflow, confirm, mapping, actor, told)
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


async def _findings(source: str) -> list[Finding]:
    if is_file(source):
        parsed = parse(read_file(source))
        return parsed.findings if parsed.workflow is None else find_problems(parsed.workflow)
    async with open_engine(addresses.find(load_settings())) as engine:
        return await engine.rules.lint(source)


def _print_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        _print_json([asdict(finding) for finding in findings])
        return
    for finding in findings:
        print(f"{finding.severity}: {finding.code}: {finding.message}{_places(finding)}")
    if not findings:
        print("Nothing to complain about.")


def _places(finding: Finding) -> str:
    """The states and transitions it is about, as far as the sentence does not say them."""
    named = [place for place in [*finding.states, *finding.transitions] if place not in finding.message]
    return f" ({'; '.join(named)})" if named else ""


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar that shows how many items have been moved; none when there is nothing to move."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Moving items", total=None, visible=False)

        def told(moved: int, total: int) -> None:
            bar.update(task, completed=moved, total=total, visible=True)

        yield told


def _print_draft(result: ImportResult, *, as_json: bool) -> int:
    if as_json:
        _print_json(asdict(result))
    else:
        _print_findings(result.findings, as_json=False)
        _print_impact(result.impact)
        if result.confirm:
            print(f"Publish this draft: stategate rules publish {result.workflow} {result.confirm}")
    return OK if result.confirm else FAILED


def _print_impact(impact: Mapping[str, Any]) -> None:
    for state, items in impact.get("states_removed", {}).items():
        if items:
            print(f"'{state}' goes away with {items} items in it; say where they go: --map '{state}=<state>'")
    for state, items in impact.get("stranded", {}).items():
        print(f"'{state}': nobody there is could move the {items} items in it any more")
    for role, change in impact.get("roles", {}).items():
        for word, actions in change.items():
            if actions:
                print(f"{role}: {word} {', '.join(actions)}")


def _print_json(value: object) -> None:
    print(json_format.dumps(value, indent=2, ensure_ascii=False))
