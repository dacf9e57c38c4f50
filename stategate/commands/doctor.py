"""The command doctor: what must always be true, looked at on the live servers."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from consumers import doctor as bus
from consumers.streams import Streams
from graph.check import Check
from graph.database import Database
from graph.doctor import Doctor, Options
from stategate import addresses
from stategate.commands.bus import asking
from stategate.lifetime import FAILED, OK, run
from stategate.settings import load_settings


def doctor(*, repair: bool = False, json: bool = False, limit: int = 20, stuck: int = 60) -> int:
    """Look whether all that must be true of the live graph and the bus is true; exits 1 when not.

    Parameters
    ----------
    repair
        Put right what can only be right in one way, then look again.
    json
        Print `{ok, checks: [{name, holds, mend, total, offenders: [{name, problem, repairable}]}]}`.
    limit
        How many offenders of each check are named.
    stuck
        Seconds after which an event that waits to be published counts as stuck.
    """

    async def work() -> int:
        settings = load_settings()
        servers = addresses.find(settings)
        # Not by `open_engine`, which would put the schema right before it was looked at.
        db = Database.connect(servers.neo4j_uri, servers.neo4j_user, servers.neo4j_password)
        try:
            # The bus first: one that is away is told before the graph is looked at, which may take long.
            told = await _examine_bus(servers.nats_url, db, settings.nats_replicas, limit, repair=repair)
            checks = [*await _examine(db, Options(limit, stuck), repair=repair), *told]
        finally:
            await db.close()
        holds = not any(check.total for check in checks)
        if json:
            print(json_format.dumps({"ok": holds, "checks": [_plain(check) for check in checks]}, indent=2))
        else:
            _tell(checks, nats=bool(servers.nats_url))
        return OK if holds else FAILED

    return run(work())


async def _examine(db: Database, options: Options, *, repair: bool) -> list[Check]:
    with Progress(console=Console(stderr=True), transient=True) as shown:
        tasks = {name: shown.add_task(name, total=None) for name in ("items", "changes")}
        options.progress = lambda what, done, total: shown.update(tasks[what], completed=done, total=total)
        graph = Doctor(db, options)
        checks = await graph.examine()
        if repair and any(check.repairable for check in checks):
            await graph.repair(checks)
            checks = await graph.examine()
    return checks


async def _examine_bus(url: str, db: Database, replicas: int, limit: int, *, repair: bool) -> list[Check]:
    if not url:
        return []
    async with asking(url, "stategate-doctor") as client:
        streams = Streams(client, replicas)
        checks = await bus.examine(streams, limit)
        if repair and any(check.repairable for check in checks):
            await bus.repair(streams, db)
            checks = await bus.examine(streams, limit)
    return checks


def _plain(check: Check) -> dict[str, object]:
    return {key: value for key, value in asdict(check).items() if key not in {"limit", "repairable"}}


def _tell(checks: list[Check], *, nats: bool) -> None:
    console = Console()
    table = Table("check", "what must be true", "it is")
    for check in checks:
        table.add_row(check.name, check.holds, f"not, {check.total} times" if check.total else "true")
    console.print(table)
    for check in checks:
        if not check.total:
            continue
        console.print(f"[bold]{check.name}[/]", highlight=False)
        for offender in check.offenders:
            console.print(f"  {offender.name}: {offender.problem}", markup=False, highlight=False, soft_wrap=True)
        if check.total > len(check.offenders):
            console.print(f"  and {check.total - len(check.offenders)} more; --limit names more of them")
        console.print(f"  To mend it: {check.mend}", markup=False, highlight=False, soft_wrap=True)
    if not nats:
        console.print("NATS was not looked at: STATEGATE_NATS_URL names no server.")
