"""The expectations of rules: `stategate rules test`."""

from __future__ import annotations

import json as json_format
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from graph.engine import Engine
from graph.rules.finding import has_error
from graph.rules.lint import lint
from graph.rules.trial import Verdict, try_out
from stategate import addresses
from stategate.commands.rules import app
from stategate.commands.sources import is_file, live, parse_file
from stategate.errors import SetupError
from stategate.lifetime import FAILED, OK, run
from stategate.servers.environment import open_environment
from stategate.servers.show import RichShow
from stategate.service import open_engine
from stategate.settings import load_settings


@app.command(name="test")
def expectations(workflow: Annotated[str, Parameter(allow_leading_hyphen=True)], *, json: bool = False) -> int:
    """Try the expectations that rules carry, on the real gate; exits 1 when one does not hold.

    Without a running system it starts servers of its own. Nothing stays in the graph.

    Parameters
    ----------
    workflow
        A rules file (- for the standard input), the name of a workflow, or name@version.
    json
        Print `[{name, passed, problems}]`.
    """

    async def work() -> int:
        given = parse_file(workflow) if is_file(workflow) else None
        if given is not None and has_error(findings := lint(given)):
            raise SetupError("\n".join(f"{f.code}: {f.message}" for f in findings if f.severity == "error"))
        async with _engine() as engine:
            verdicts = await try_out(engine.db, given or await live(engine, workflow))
        _tell(verdicts, as_json=json)
        return OK if all(verdict.passed for verdict in verdicts) else FAILED

    return run(work())


@asynccontextmanager
async def _engine() -> AsyncIterator[Engine]:
    """The engine of what runs, or one on servers that are gone afterwards."""
    try:
        running = addresses.find(load_settings())
    except SetupError:
        show = RichShow(Console(stderr=True))
        with tempfile.TemporaryDirectory(prefix="stategate-test-") as folder:
            settings = load_settings(data_dir=Path(folder), neo4j_uri=None, nats_url=None, valkey_url=None)
            async with open_environment(settings, show=show) as servers, open_engine(servers) as engine:
                yield engine
        return
    async with open_engine(running) as engine:
        yield engine


def _tell(verdicts: list[Verdict], *, as_json: bool) -> None:
    if as_json:
        found = [{"name": v.name, "passed": v.passed, "problems": v.problems} for v in verdicts]
        print(json_format.dumps(found, indent=2, ensure_ascii=False))
        return
    for verdict in verdicts:
        print(f"{'pass' if verdict.passed else 'FAIL'}  {verdict.name}")
        for problem in verdict.problems:
            print(f"      {problem}")
    failed = sum(not verdict.passed for verdict in verdicts)
    if verdicts:
        print(f"{len(verdicts) - failed} of {len(verdicts)} expectations hold.")
    else:
        print("These rules carry no expectations.")
