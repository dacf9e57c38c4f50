"""Changing rules: a draft, its findings and its impact, then a version that the next action obeys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from graph.database import Database, Row, Transaction
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.rules.adoption import hold
from graph.rules.file import dump, parse
from graph.rules.finding import Finding, has_error
from graph.rules.impact import impact
from graph.rules.lint import lint
from graph.rules.model import Workflow
from graph.rules.store import read, write


@dataclass(frozen=True, slots=True)
class ImportResult:
    """A draft, unless an error stands among the findings; `confirm` is what publishing it takes."""

    workflow: str | None
    findings: list[Finding]
    impact: dict[str, Any]
    confirm: str | None


class Rules:
    """The live rules, their drafts and their versions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def import_draft(self, definition: str | bytes) -> ImportResult:
        """Reads a rules file and, when it has no errors, keeps it as the one draft of its workflow."""
        parsed = parse(definition)
        if parsed.workflow is None:
            return ImportResult(None, parsed.findings, {}, None)
        workflow = parsed.workflow
        findings = lint(workflow, await self._actors_by_role())
        changes = await self._impact(workflow)
        if has_error(findings):
            return ImportResult(workflow.workflow, findings, changes, None)
        text = dump(workflow)
        confirm = secrets.token_hex(16)
        await self._db.write(
            "rules/save_draft", workflow=workflow.workflow, yaml=text, sha256=_digest(text), confirm=confirm
        )
        return ImportResult(workflow.workflow, findings, changes, confirm)

    async def publish(
        self, workflow: str, confirm: str, mapping: Mapping[str, str] | None = None, by: str | None = None
    ) -> int:
        """Makes the draft the live rules and returns the number of the new version.

        Raises:
            NotFoundError: there is no draft. ConflictError: `confirm` is not of this very draft, or a state in use
            would go away without a mapping.
        """

        async def work(tx: Transaction) -> int:
            drafts = await tx.run("rules/take_draft", workflow=workflow)
            if not drafts:
                raise NotFoundError(f"There is no draft of '{workflow}'; import one first.")
            [draft] = drafts
            if not hmac.compare_digest(draft["confirm"].encode(), confirm.encode()):
                raise ConflictError(f"This confirm is not of the present draft of '{workflow}'; import it again.")
            return await self._put(tx, draft["yaml"], mapping, by)

        return await self._db.in_transaction(work)

    async def load_shipped(self) -> None:
        """Publishes the shipped workflows that are not in the graph; what is there stays as it is."""
        for file in sorted(resources.files("seed").joinpath("rules").iterdir(), key=lambda entry: entry.name):
            parsed = parse(file.read_bytes())
            if parsed.workflow is None:
                raise BadInputError(f"{file.name}: {parsed.findings[0].message}")
            text, name = dump(parsed.workflow), parsed.workflow.workflow

            async def work(tx: Transaction, text: str = text, name: str = name) -> None:
                [present] = await tx.run("rules/lock_workflow", name=name)
                if present["version"] is None:
                    await self._put(tx, text, None, None)

            await self._db.in_transaction(work)

    async def lint(self, workflow: str) -> list[Finding]:
        """The findings of the live rules."""
        try:
            live = await read(self._db.read, workflow)
        except ConflictError as error:
            return [Finding("error", "INVALID_FILE", str(error))]
        return lint(live, await self._actors_by_role())

    async def export(self, workflow: str, version: int | None = None) -> str:
        """The live rules as a file, or those of one version."""
        if version is None:
            return dump(await read(self._db.read, workflow))
        rows = await self._db.read("rules/version", key=f"{workflow}/{version}")
        if not rows:
            raise NotFoundError(f"There is no version {version} of '{workflow}'.")
        return str(rows[0]["yaml"])

    async def readable(self, workflow: str, version: int) -> str:
        """The live rules as a file; while an edit by hand has left them incomplete, those of the last version."""
        try:
            return await self.export(workflow)
        except ConflictError:
            return await self.export(workflow, version)

    async def read(self, workflow: str) -> Workflow:
        """The live rules as a model."""
        return await read(self._db.read, workflow)

    async def names(self) -> list[Row]:
        """`{name, item, version}` of each workflow, by name."""
        return [row for row in await self._db.read("rules/names") if row["version"] is not None]

    async def _put(self, tx: Transaction, text: str, mapping: Mapping[str, str] | None, by: str | None) -> int:
        workflow = parse(text).workflow
        if workflow is None or has_error(lint(workflow)):
            raise ConflictError("The draft has errors; import it again and mend them.")
        name = workflow.workflow
        [present] = await tx.run("rules/lock_workflow", name=name)
        if present["version"] is not None:
            await hold(tx, name)
        number = (present["version"] or 0) + 1
        await write(tx, workflow, mapping, number)
        await tx.run(
            "rules/save_version", name=name, number=number, yaml=text, sha256=_digest(text), by=by, how="published"
        )
        return number

    async def _actors_by_role(self) -> dict[str, int]:
        return {row["role"]: row["actors"] for row in await self._db.read("rules/actors_by_role")}

    async def _impact(self, workflow: Workflow) -> dict[str, Any]:
        live = await self._db.read("rules/states_in_use", name=workflow.workflow)
        try:
            before = await read(self._db.read, workflow.workflow)
        except (NotFoundError, ConflictError):
            before = None
        return impact(before, workflow, {row["state"]: row["items"] for row in live})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
