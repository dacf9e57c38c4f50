"""Faults under load, in rounds; after each round everything comes to rest and is compared with what was asked for."""

from __future__ import annotations

import asyncio
import json
import random
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from nats.aio.client import Client
from neo4j import AsyncGraphDatabase

from consumers.bus import connected
from tests.chaos.doors import open_doors
from tests.chaos.faults import Strike, faults
from tests.chaos.ledger import Ledger
from tests.chaos.load import Load
from tests.chaos.site import Site, open_site
from tests.chaos.witness import Witness

Say = Callable[[str], None]
_TRICKLE = 10  # commands, and as many a second, while a fault lasts longer than its share of the load
_STUCK = 900.0  # seconds a fault and its share of the load may take, however slow the machine is


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what; the same seed strikes the same places with the same load."""

    kinds: Sequence[str]  # one fault each, in this order
    actions: int  # commands in all
    seed: int
    replicas: int = 1
    per_round: int = 5  # faults between two comparisons
    rate: float = 200.0  # commands a second at the most


@dataclass(slots=True)
class Struck:
    """One fault: its kind, what exactly was done, how many seconds until all answered again."""

    kind: str
    detail: str
    seconds: float


@dataclass(slots=True)
class Report:
    """What was done and found. `repeated` events are those a stream has more than once, with the same id."""

    seed: int
    faults: list[Struck] = field(default_factory=list)
    actions: int = 0
    resent: int = 0
    applied: int = 0
    events: int = 0
    repeated: int = 0
    seconds: float = 0.0
    errors: dict[str, int] = field(default_factory=dict)
    exits: dict[int, int] = field(default_factory=dict)
    """How often a service ended with which code; negative: by a signal, 2: its servers were away when it started."""
    violations: list[str] = field(default_factory=list)

    @property
    def by_kind(self) -> dict[str, int]:
        return dict(sorted(Counter(fault.kind for fault in self.faults).items()))

    @property
    def summary(self) -> str:
        return (
            f"{len(self.faults)} faults of {len(self.by_kind)} kinds over {self.actions} actions "
            f"({self.applied} applied, {self.resent} sent again, {self.events} events, {self.repeated} of them "
            f"published twice) in {self.seconds:.0f} s: {len(self.violations)} violations"
        )

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"by_kind": self.by_kind, "summary": self.summary}


def shuffled(count: int, seed: int) -> list[str]:
    """So many kinds of faults, each as often as any other, in a random order."""
    rng, found = random.Random(seed), list[str]()
    while len(found) < count:
        found += rng.sample(sorted(faults()), len(faults()))
    return found[:count]


async def run(plan: Plan, folder: Path, say: Say) -> Report:
    """Plays the plan in a folder of its own, where logs, and the evidence of violations, stay.

    It ends with the first round that shows a violation: what comes after it would only blur it."""
    report, ledger, began = Report(plan.seed), Ledger(), monotonic()
    try:
        async with open_site(folder, plan.replicas) as site:
            say(f"Servers and {plan.replicas} x `stategate serve` are up after {monotonic() - began:.0f} s.")
            addresses = site.addresses
            driver = AsyncGraphDatabase.driver(
                addresses.neo4j_uri,
                auth=(addresses.neo4j_user, addresses.neo4j_password),
                notifications_min_severity="OFF",
            )
            async with (
                driver,
                connected(addresses.nats_url, "witness") as connection,
                open_doors(addresses.nats_url, [replica.url for replica in site.replicas], ledger) as doors,
            ):
                load = Load(doors, driver, ledger, plan.seed, f"chaos{plan.seed}")
                witness = Witness(driver, connection, ledger)
                campaign = _Campaign(plan, site, connection, load, witness, ledger, report, say)
                await campaign.play()
                report.exits = dict(Counter(code for replica in site.replicas for code in replica.exits))
                report.applied, report.events, report.repeated = witness.applied, witness.events, witness.repeated
    except asyncio.CancelledError:
        # By a signal: everything is ended, and what was found so far is told.
        say("Stopped.")
    except Exception as error:
        report.violations.append(f"broken off: {error!r}")
        say(traceback.format_exc())
    report.actions, report.resent, report.errors = len(ledger.commands), ledger.resent, ledger.errors
    report.seconds = monotonic() - began
    if report.violations:
        evidence = folder / "violations.json"
        commands = [asdict(asked) for asked in ledger.commands.values()]
        evidence.write_text(json.dumps(report.plain() | {"commands": commands}, indent=1, default=sorted))
        say(f"The evidence is in {folder}: violations.json, logs, and the data of the servers.")
    return report


class _Campaign:
    def __init__(
        self,
        plan: Plan,
        site: Site,
        connection: Client,
        load: Load,
        witness: Witness,
        ledger: Ledger,
        report: Report,
        say: Say,
    ) -> None:
        self._plan = plan
        self._site = site
        self._connection = connection
        self._load = load
        self._witness = witness
        self._ledger = ledger
        self._report = report
        self._say = say
        self._rng = random.Random(plan.seed)
        self._strikes: dict[str, Strike] = faults()

    async def play(self) -> None:
        plan = self._plan
        await self._load.people()
        share = -(-plan.actions // max(1, len(plan.kinds)))
        for start in range(0, len(plan.kinds), plan.per_round):
            kinds = plan.kinds[start : start + plan.per_round]
            await self._load.plan(max(1, share * len(kinds) // 60))
            for kind in kinds:
                async with asyncio.timeout(_STUCK):
                    await self._strike(kind, share)
            found = [*await self._witness.quiet(), *await self._look(sorted(self._ledger.touched))]
            self._ledger.touched.clear()
            done = f"{len(self._report.faults)}/{len(plan.kinds)} faults, {len(self._ledger.commands)} actions"
            self._say(f"{done}: everything at rest, {len(found)} violations")
            if found:
                return
        await self._look(sorted(self._ledger.stories))

    async def _look(self, stories: Sequence[str]) -> list[str]:
        found = await self._witness.violations(stories)
        for violation in found[:20]:
            self._say(f"  VIOLATION {violation}")
        self._report.violations += found
        return found

    async def _strike(self, kind: str, actions: int) -> None:
        """The fault comes at a random place of its share of the load."""
        after = self._load.accepted + self._rng.randint(actions // 10, actions // 2)
        issuing = asyncio.create_task(self._load.issue(actions, self._plan.rate))
        striking: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        try:
            reaching = asyncio.create_task(self._load.until(after))
            await asyncio.wait({issuing, reaching}, return_when=asyncio.FIRST_COMPLETED)
            reaching.cancel()
            began = monotonic()
            striking = asyncio.ensure_future(self._strikes[kind](self._site, self._connection, self._rng))
            await asyncio.wait({issuing, striking}, return_when=asyncio.FIRST_COMPLETED)
            while not striking.done():
                # Some faults, such as those at a point of the work, need work to come to pass.
                await issuing
                issuing = asyncio.create_task(self._load.issue(_TRICKLE, _TRICKLE))
                await asyncio.wait({issuing, striking}, return_when=asyncio.FIRST_COMPLETED)
            detail = await striking
            await self._site.ready()
            seconds = monotonic() - began
            await issuing
        finally:
            issuing.cancel()
            striking.cancel()
        self._report.faults.append(Struck(kind, detail, seconds))
        self._say(f"  {kind:<18} {detail:<34} all answer after {seconds:5.1f} s")
