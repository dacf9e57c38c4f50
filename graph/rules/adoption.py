"""Edits by hand: the live rules compared with their newest version, and adopted as a version when they are sound."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import structlog

from graph.database import Database, Row, Transaction
from graph.errors import ConflictError, NotFoundError, UnavailableError
from graph.rules.file import dump, parse
from graph.rules.finding import Finding
from graph.rules.lint import lint
from graph.rules.model import Role
from graph.rules.store import Run, read

log = structlog.get_logger(__name__)

LEASE = 4  # seconds that a process which went away still counts as the one who looks


class Standing(StrEnum):
    """How the live rules of a workflow stand to its newest version."""

    ALIKE = "alike"
    EDITED = "edited"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Live:
    """The live rules of a workflow: how they stand, as a file when they can be read, and the errors in them."""

    standing: Standing
    text: str = ""
    errors: list[Finding] = field(default_factory=list)


async def examine(run: Run, name: str, version_text: str | None) -> Live:
    """Compares the live rules with the text of their newest version, None when there is none.

    Raises:
        NotFoundError: there is no such workflow.
    """
    try:
        model = await read(run, name)
    except ConflictError as error:
        return Live(Standing.BROKEN, errors=[Finding("error", "INVALID_FILE", str(error))])
    if errors := [finding for finding in lint(model) if finding.severity == "error"]:
        return Live(Standing.BROKEN, errors=errors)
    text = dump(model)
    alike = version_text is not None and text in {version_text, _as_read(version_text)}
    return Live(Standing.ALIKE if alike else Standing.EDITED, text)


async def adopt_before(tx: Transaction, name: str) -> int:
    """Makes an edit by hand that is no version yet one, before it is replaced; returns the newest version's number."""
    [newest] = await tx.run("rules/hold", name=name)
    live = await examine(tx.run, name, newest["yaml"])
    return await _adopt(tx, name, newest, live) if live.standing is Standing.EDITED else newest["last"]


async def _adopt(tx: Transaction, name: str, newest: Row, live: Live) -> int:
    number: int = newest["last"] + 1
    digest = hashlib.sha256(live.text.encode()).hexdigest()
    await tx.run("rules/save_version", name=name, number=number, yaml=live.text, sha256=digest, by=None, how="adopted")
    return number


class Adoption:
    """Looks for edits by hand, in all workflows at once. One process at a time does it; a second one does no harm."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._holder = str(uuid.uuid4())
        self._looked: Any = None
        self._known: dict[str, str] = {}
        self._told: dict[str, list[Finding]] = {}
        self._lately: list[Row] = []

    async def tick(self) -> int:
        """Looks once, if this process is the one who looks; returns how many edits became versions.

        Raises:
            UnavailableError: Neo4j is away; the next look finds what this one did not.
        """
        [lease] = await self._db.write("rules/watch", holder=self._holder, seconds=LEASE, looked=self._looked)
        if not lease["held"]:
            self._looked = None
            return 0
        [seen] = await self._db.read("rules/digest")
        for edit in self._lately:
            # Actions that were under way when the edit was dealt with have committed by now.
            await self._db.write("rules/mark_changes", **edit)
        self._lately = []
        adopted, finished = 0, True
        for name, digest in _digests(seen):
            if self._known.get(name) != digest:
                try:
                    live = await self._look(name, lease["looked_at"])
                except UnavailableError:
                    raise
                except Exception:
                    log.exception("it cannot be told whether rules were edited by hand", workflow=name)
                    continue
                adopted += live is not None and live.standing is Standing.EDITED
                finished = finished and live is not None
                if live is not None and live.standing is not Standing.EDITED:
                    self._known[name] = digest
        if finished:
            self._looked = seen["at"]
        return adopted

    async def _look(self, name: str, since: Any) -> Live | None:
        """Adopts the live rules if they are a sound edit; None while they are being changed."""

        async def work(tx: Transaction) -> tuple[Live | None, Row]:
            rows = await tx.run("rules/hold", name=name)
            if not rows:
                return None, {}
            [newest] = rows
            is_newest = newest["number"] is not None and newest["number"] == newest["version"]
            yaml = newest["yaml"] if is_newest else None
            live = await examine(tx.run, name, yaml)
            # A statement may see the half of another's commit; what it reads twice alike is whole.
            if live != await examine(tx.run, name, yaml):
                return None, newest
            if live.standing is Standing.ALIKE:
                if newest["unadopted"]:
                    await tx.run("rules/flag", name=name, unadopted=None)
                return live, newest
            if not newest["unadopted"] and since is not None:
                await tx.run("rules/mark_changes", name=name, number=newest["version"] or 0, since=since)
            if live.standing is Standing.EDITED:
                await _adopt(tx, name, newest, live)
            elif not newest["unadopted"]:
                await tx.run("rules/flag", name=name, unadopted=True)
            return live, newest

        try:
            live, newest = await self._db.in_transaction(work)
        except NotFoundError:
            return None
        if live is not None:
            self._tell(name, live)
            if live.standing is not Standing.ALIKE and since is not None:
                self._lately.append({"name": name, "number": newest["version"] or 0, "since": since})
        return live

    def _tell(self, name: str, live: Live) -> None:
        if live.standing is Standing.BROKEN and self._told.get(name) != live.errors:
            problems = [f"{error.code}: {error.message}" for error in live.errors]
            log.warning("an edit of the rules by hand is broken and not adopted", workflow=name, problems=problems)
        elif live.standing is Standing.EDITED:
            log.info("an edit of the rules by hand is adopted", workflow=name)
        self._told[name] = live.errors


def _as_read(text: str) -> str | None:
    """The text of a version as the graph tells it: roles used but not listed are listed, sets have their order."""
    workflow = parse(text).workflow
    if workflow is None:
        return None
    listed = [role.name for role in workflow.roles]
    used = {role for t in workflow.transitions for role in [*t.roles, *t.all_roles]} - {"*", *listed}
    roles = [Role(name=role.name, inherits=sorted(set(role.inherits))) for role in workflow.roles]
    return dump(workflow.model_copy(update={"roles": [*roles, *(Role(name=name) for name in sorted(used))]}))


def _digests(seen: Row) -> Iterator[tuple[str, str]]:
    """Each workflow with a digest of all its rules are made of."""
    parts: dict[str, list[str]] = defaultdict(list)
    for row in seen["transitions"]:
        own = {key: value for key, value in row["own"].items() if key != "lock"}
        for owner in {*map(_text, row["owners"])}:
            parts[owner].append(_text([own, sorted(map(_text, row["edges"]))]))
    shared = [_text(row["own"]) for row in seen["inherits"] if row["owner"] is None]
    for row in seen["inherits"]:
        parts[_text(row["owner"])].append(_text(row["own"]))
    for row in seen["workflows"]:
        inside = [sorted(map(_text, row[key])) for key in ("states", "starts", "couplings")]
        whole = _text([row["own"], *inside, sorted(parts[_text(row["name"])]), sorted(shared)])
        yield row["name"], hashlib.sha256(whole.encode()).hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
