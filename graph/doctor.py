"""What must always be true of a graph, looked at while people work in it, and what of it can be put right by itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from neo4j.exceptions import ClientError

from graph.check import Check
from graph.circle import circle, told
from graph.database import Database, Row, Transaction
from graph.errors import NotFoundError
from graph.queries import migrations
from graph.rules.adoption import Standing, examine

_BATCH = 1000
_NAMED = re.compile(r"\b(CONSTRAINT|INDEX)\s+(\w+)\s+IF NOT EXISTS")

Progress = Callable[[str, int, int], None]
"""Told what is looked at, how much of it was, and how much there is."""


@dataclass(slots=True)
class Options:
    """How many offenders of a check are named, and after how many seconds an event counts as stuck."""

    limit: int = 20
    stuck: int = 60
    progress: Progress = field(default=lambda what, done, total: None)


class Doctor:
    """Examines a graph. It takes locks of what looks wrong, and of nothing else."""

    def __init__(self, db: Database, options: Options | None = None) -> None:
        self._db = db
        self._options = options or Options()

    async def examine(self) -> list[Check]:
        """Every invariant with its offenders.

        Raises:
            UnavailableError: Neo4j does not answer.
        """
        return [
            *await self._schema(),
            await self._engine(),
            *await self._rules(),
            *await self._items(),
            await self._changes(),
            await self._dependencies(),
            await self._refusals(),
            await self._outbox(),
        ]

    async def repair(self, checks: list[Check]) -> None:
        """Puts right what only one way can be right: missing indexes, edges of a chain, sums of a history."""
        by_name = {check.name: check.repairable for check in checks}
        if by_name.get("SCHEMA") or by_name.get("ENGINE"):
            # It may fail over a constraint that the graph breaks by now; examining again names that.
            with suppress(ClientError):
                await self._db.migrate()
        for ids in _batches(by_name.get("CHAIN", [])):
            await self._db.write("doctor/mend_chain", ids=ids)
        for ids in _batches(by_name.get("FIRED", [])):
            await self._db.write("doctor/mend_sums", ids=ids)

    def _check(self, name: str, holds: str, mend: str) -> Check:
        return Check(name, holds, mend, self._options.limit)

    async def _schema(self) -> list[Check]:
        check = self._check(
            "SCHEMA",
            "Every constraint and index of the schema is there and online.",
            "--repair adds it; if that fails, two nodes have the same value: take one of them away first.",
        )
        rows = await self._db.read("doctor/schema")
        constraints = {row["of_constraint"] for row in rows}
        online = {row["name"] for row in rows if row["state"] == "ONLINE"}
        for kind, name in _NAMED.findall("\n".join(text for _, texts in migrations() for text in texts)):
            if name not in (constraints if kind == "CONSTRAINT" else {row["name"] for row in rows}):
                check.blame(name, f"the {kind.lower()} is missing", repairable=True)
            elif name not in online:
                check.blame(name, "is not online; Neo4j may still be building it")
        return [check]

    async def _engine(self) -> Check:
        check = self._check(
            "ENGINE",
            "There is exactly one built-in actor, with its built-in role.",
            "--repair makes one that is missing; of two, take the label System from the wrong one.",
        )
        rows = await self._db.read("doctor/engines")
        if not rows:
            check.blame("System", "there is no built-in actor", repairable=True)
        for row in rows:
            if len(rows) > 1:
                check.blame(row["id"], f"is one of {len(rows)} built-in actors")
            elif not row["is_actor"] or not row["roles"]:
                check.blame(row["id"], "is no Actor, or has no built-in role", repairable=True)
        return check

    async def _rules(self) -> list[Check]:
        sound = self._check(
            "RULES",
            "The live rules of every workflow can be read and have no errors.",
            "Mend them in Neo4j Browser, or publish a version over them; `lint` names every place.",
        )
        adopted = self._check(
            "ADOPTED",
            "The live rules of every workflow are those of its newest version, or marked as an edit that is none.",
            "The services adopt a sound edit within seconds; if this stays, none runs.",
        )
        kept = self._check(
            "VERSIONS",
            "The text of every version is what was published.",
            "Put the text back from a backup or from version control; the live rules do not depend on it.",
        )
        for row in await self._db.read("doctor/rules"):
            name, versions = row["name"], row["versions"]
            for version in versions:
                if hashlib.sha256((version["yaml"] or "").encode()).hexdigest() != version["sha256"]:
                    kept.blame(f"{name}/{version['number']}", "its text was changed")
            newest = versions[0] if versions else None
            try:
                live = await examine(self._db.read, name, newest["yaml"] if newest else None)
            except NotFoundError:
                sound.blame(name, "is the name of no workflow; it must be a text")
                continue
            for error in live.errors:
                sound.blame(name, f"{error.code}: {error.message}")
            if live.standing is Standing.EDITED or (live.standing is Standing.BROKEN and not row["unadopted"]):
                adopted.blame(name, "was edited by hand, and nobody has noticed yet")
            elif (newest["number"] if newest else None) != row["version"]:
                adopted.blame(name, f"says version {row['version']}, which is not its newest")
        return [sound, adopted, kept]

    async def _items(self) -> list[Check]:
        history = _History(self._options.limit)
        for row in await self._db.read("doctor/nameless"):
            (history.state if row["what"] == "item" else history.orphans).blame(
                row["name"], "has no id of an item that is a text"
            )
        [there] = await self._db.read("doctor/counts")
        after, done = "", 0
        while rows := await self._db.read("doctor/items", after=after, limit=_BATCH):
            doubtful = [row["found"]["id"] for row in rows if _wrong(row["found"])]
            if doubtful:
                # One that moves while it is read looks wrong too, so it is read again while nobody may move it.
                for row in await self._again(doubtful):
                    history.judge(row["found"])
            after, done = rows[-1]["found"]["id"], done + len(rows)
            self._options.progress("items", done, there["items"])
        self._orphans = history.orphans
        return history.checks

    async def _again(self, ids: list[str]) -> list[Row]:
        async def work(tx: Transaction) -> list[Row]:
            return await tx.run("doctor/items_again", ids=ids)

        return await self._db.in_transaction(work)

    async def _changes(self) -> Check:
        check = self._orphans
        [there] = await self._db.read("doctor/counts")
        after, done = "", 0
        while rows := await self._db.read("doctor/changes", after=after, limit=_BATCH * 10):
            for row in rows:
                if not row["known"]:
                    check.blame(row["id"], f"has {row['changes']} changes, or more, but there is no such item")
            after, done = rows[-1]["id"], done + sum(row["changes"] for row in rows)
            self._options.progress("changes", done, there["changes"])
        return check

    async def _dependencies(self) -> Check:
        check = self._check(
            "DEPENDENCIES",
            "No task waits for itself, by way of whatever others.",
            "None of them is ever assigned: take away the one edge DEPENDS_ON that is wrong, by removeDependency.",
        )
        on: dict[str, list[str]] = {}
        after = ""
        while rows := await self._db.read("doctor/dependencies", after=after, limit=_BATCH):
            on |= {row["id"]: row["on"] for row in rows}
            after = rows[-1]["id"]
        while found := circle(on):
            # It may have come together of edges that were read at different times.
            [there] = await self._db.write("doctor/circle", ids=found)
            if there["edges"] == len(found) - 1:
                check.blame(found[0], f"waits for itself: {told(found)}")
            on[found[0]].remove(found[1])
        return check

    async def _refusals(self) -> Check:
        check = self._check(
            "REFUSALS", "Every refusal belongs to an item that exists.", "Delete it; nothing depends on it."
        )
        [row] = await self._db.read("doctor/refusals", limit=self._options.limit)
        for name in row["names"]:
            check.blame(name, "its item is gone")
        check.total = row["total"]
        return check

    async def _outbox(self) -> Check:
        check = self._check(
            "OUTBOX",
            f"Every event can be published, and is within {self._options.stuck} s.",
            "See that a service with the part outbox runs and reaches NATS; mend or delete what cannot be published.",
        )
        [row] = await self._db.read("doctor/outbox", limit=self._options.limit, seconds=self._options.stuck)
        for offender in row["offenders"]:
            check.blame(offender["name"], offender["problem"])
        check.total = row["total"]
        return check


def _batches(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]


class _History:
    """The checks of items and of what happened to them."""

    def __init__(self, limit: int) -> None:
        self.state = Check(
            "STATE",
            "Every item is in exactly one state, of its own workflow.",
            "Give it the one right IN_STATE edge by hand; its last change says where it was.",
            limit,
        )
        self.version = Check(
            "VERSION",
            "The version of an item is the number of its changes, which are numbered from 1.",
            "By hand: set the version, or bring back the change that is missing.",
            limit,
        )
        self.chain = Check(
            "CHAIN",
            "The changes of an item hang together in their order, from LATEST by PREVIOUS.",
            "--repair completes edges that are missing; one that leads elsewhere is taken away by hand first.",
            limit,
        )
        self.verified = Check(
            "VERIFIED",
            "Every item is where its last change led.",
            "It was moved by hand. Put its IN_STATE edge back; or leave it, then its next change is unverified.",
            limit,
        )
        self.follows = Check(
            "FOLLOWS",
            "Every change begins where the one before it ended.",
            "The item was moved by hand in between. Whoever stands for it sets accepted_by on that change.",
            limit,
        )
        self.fired = Check(
            "FIRED",
            "The sums of who fired what agree with the changes.",
            "--repair sums them up anew, once the changes are all there.",
            limit,
        )
        self.orphans = Check(
            "CHANGES",
            "Every change belongs to an item that exists.",
            "Bring the item back from a backup, or delete its changes.",
            limit,
        )

    @property
    def checks(self) -> list[Check]:
        return [self.state, self.version, self.chain, self.verified, self.follows, self.fired]

    def judge(self, found: Row) -> None:
        for check, problem in _problems(found):
            whole = not any(name == "version" for name, _ in _problems(found))
            repairable = whole and (check == "fired" or (check == "chain" and len(found["latest"]) <= 1))
            getattr(self, check).blame(found["id"], problem, repairable=repairable)


def _wrong(found: Row) -> bool:
    return bool(_problems(found))


def _problems(found: Row) -> list[tuple[str, str]]:
    """What is wrong with one item: which check it offends, and how."""
    problems: list[tuple[str, str]] = []
    states = ", ".join(f"'{name}'" for name in found["states"]) or "no state"
    if not found["alone"]:
        problems.append(("state", f"is in {states}"))
    elif not found["own"]:
        problems.append(("state", f"is in {states}, which is no state of its workflow"))
    version, changes = found["version"], found["changes"]
    if version != changes or found["places"] != changes or found["last"] != changes:
        problems.append(("version", f"is at version {version} with {changes} changes, the last is {found['last']}"))
    if found["loose"] or found["latest"] != ([found["last"]] if changes else []):
        loose = ", ".join(map(str, found["loose"]))
        problems.append(("chain", f"LATEST is {found['latest']}, not [{found['last']}]; loose: {loose or 'none'}"))
    if found["alone"] and (moved := _moved(found)):
        problems.append(("verified", moved))
    if found["jumps"]:
        numbers = ", ".join(map(str, found["jumps"]))
        problems.append(("follows", f"change {numbers} begins elsewhere than the one before it ended"))
    if found["summed"] != found["told"]:
        differing = sorted(set(map(str, found["summed"])) ^ set(map(str, found["told"])))[:2]
        problems.append(("fired", f"sums differ: {'; '.join(' '.join(line.split(chr(10))) for line in differing)}"))
    return problems


def _moved(found: Row) -> str | None:
    """How the state of an item contradicts its history."""
    [state] = found["states"] or [None]
    right = found["ended_in"] if found["changes"] else found["began_in"]
    if right is None and not found["changes"]:
        return None if found["initial"] else f"is in '{state}' without a change that led there"
    return None if state == right else f"is in '{state}', but its history says '{right}'"
