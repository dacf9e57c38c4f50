"""Changing rules: a draft, its findings and its impact, then a version that the next action obeys."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from neo4j.exceptions import ConstraintError

from graph.database import Database, Row, Transaction
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.rules.adoption import adopt_before
from graph.rules.file import dump, parse
from graph.rules.finding import Finding, has_error
from graph.rules.impact import Staff, impact
from graph.rules.lint import lint
from graph.rules.model import Workflow
from graph.rules.moves import Moves, Progress
from graph.rules.store import Run, read, write

AGENT = "agent"  # the kind of actor that never publishes, whatever its roles


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
        self.moves = Moves(db)

    async def import_draft(self, definition: str | bytes, by: str | None = None) -> ImportResult:
        """Reads a rules file and, when it has no errors, keeps it as the one draft of its workflow.

        `by` is an actor's id; None is the operator of this installation, who may do everything.

        Raises:
            NotFoundError: nobody is called `by`. ConflictError: they may not draft these rules.
        """
        # Whatever is in it, the work of others goes on beside it.
        parsed = await asyncio.to_thread(parse, definition)
        if parsed.workflow is None:
            return ImportResult(None, parsed.findings, {}, None)
        workflow = parsed.workflow
        name = workflow.workflow
        await _check_may(self._db.read, "draft", name, by)
        base = await _base(self._db.read, name)  # read first: what changes after it makes the draft stale
        findings = await asyncio.to_thread(lint, workflow, await self._actors_by_role())
        changes = await self._impact(workflow)
        if has_error(findings):
            return ImportResult(name, findings, changes, None)
        text = dump(workflow)
        confirm = secrets.token_hex(16)
        await self._db.write(
            "rules/save_draft", workflow=name, yaml=text, sha256=_digest(text), confirm=confirm, base=base, by=by
        )
        return ImportResult(name, findings, changes, confirm)

    async def draft_version(self, workflow: str, version: int | None = None, by: str | None = None) -> ImportResult:
        """Makes an earlier version the draft, by default the one before the live one; as `import_draft`.

        Raises:
            NotFoundError: there is no such version, or none before the live one.
        """
        if version is None:
            live = next((row["version"] for row in await self.names() if row["name"] == workflow), None)
            if live == 1:
                raise NotFoundError(f"'{workflow}' has only one version; there is none before it to go back to.")
            version = live - 1 if live else None
        return await self.import_draft(await self.export(workflow, version), by)

    async def publish(
        self,
        workflow: str,
        confirm: str,
        mapping: Mapping[str, str] | None = None,
        by: str | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Makes the draft the live rules, moves the items that `mapping` names, and returns the number of the version.

        The new rules hold from the first moment on; the items follow in batches. When that was broken off, the same
        call goes on with it. `by` is an actor's id; None is the operator of this installation.

        Raises:
            NotFoundError: there is no draft, or nobody is called `by`. ConflictError: `confirm` is not of this very
            draft, the live rules have changed since it was imported, a state in use would go away without a mapping,
            or `by` may not publish.
        """
        await _check_may(self._db.read, "publish", workflow, by)
        if pending := await self.moves.pending(workflow):
            await self.moves.finish(workflow, progress)
            if pending[0].confirm is not None and _same(pending[0].confirm, confirm):
                return pending[0].version

        async def work(tx: Transaction) -> int:
            drafts = await tx.run("rules/take_draft", workflow=workflow)
            if not drafts:
                raise NotFoundError(f"There is no draft of '{workflow}'; import one first.")
            [draft] = drafts
            if not _same(draft["confirm"], confirm):
                raise ConflictError(f"This confirm is not of the present draft of '{workflow}'; import it again.")
            await tx.run("rules/lock_workflow", name=workflow)
            await _check_may(tx.run, "publish", workflow, by)
            # From here on no hand changes what the draft was compared with.
            await tx.run("rules/hold_parts", name=workflow)
            if draft["base"] != await _base(tx.run, workflow):
                raise ConflictError(
                    f"The live rules of '{workflow}' have changed since this draft was imported, so its impact was not "
                    "seen against them; import it again."
                )
            if await tx.run("rules/pending_moves", workflow=workflow):
                raise ConflictError(f"Items of '{workflow}' are still being moved; publish again when they are.")
            return await self._put(tx, draft["yaml"], mapping, by, confirm)

        try:
            number = await self._db.in_transaction(work)
        except ConstraintError as error:
            raise ConflictError(
                f"An item of '{workflow}' has just entered a state that goes away; import the draft again."
            ) from error
        await self.moves.finish(workflow, progress)
        return number

    async def permit(
        self, role: str, workflow: str, *, draft: bool | None = None, publish: bool | None = None
    ) -> dict[str, bool]:
        """Says whether the holders of a role may draft and publish the rules of a workflow; None leaves it as it is.

        Returns `{draft, publish}` as it is then.

        Raises:
            NotFoundError: no such role or workflow.
        """
        [found] = await self._db.write("rules/permit", role=role, workflow=workflow, draft=draft, publish=publish)
        if not found["has_role"]:
            raise NotFoundError(f"No rule knows the role '{role}'.")
        if not found["has_workflow"]:
            raise NotFoundError(f"There is no workflow '{workflow}'.")
        return {"draft": found["may_draft"], "publish": found["may_publish"]}

    async def load_shipped(self) -> None:
        """Publishes the shipped workflows that are not in the graph; what is there stays as it is."""
        for file in sorted(resources.files("seed").joinpath("rules").iterdir(), key=lambda entry: entry.name):
            parsed = parse(file.read_bytes())
            if parsed.workflow is None:
                raise BadInputError(f"{file.name}: {parsed.findings[0].message}")
            text, name = dump(parsed.workflow), parsed.workflow.workflow

            async def work(tx: Transaction, text: str = text, name: str = name) -> None:
                [present] = await tx.run("rules/lock_workflow", name=name)
                if not present["is_there"]:
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

    async def _put(
        self, tx: Transaction, text: str, mapping: Mapping[str, str] | None, by: str | None, confirm: str | None = None
    ) -> int:
        workflow = (await asyncio.to_thread(parse, text)).workflow
        if workflow is None or has_error(await asyncio.to_thread(lint, workflow)):
            raise ConflictError("The draft has errors; import it again and mend them.")
        name = workflow.workflow
        await tx.run("rules/lock_workflow", name=name)
        number = await adopt_before(tx, name) + 1
        await write(tx, workflow, mapping, number, confirm)
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
        [staff] = await self._db.read("rules/actor_kinds")
        everywhere = [(edge["role"], edge["inherits"]) for edge in staff["everywhere"]]
        return impact(
            before,
            workflow,
            {row["state"]: row["items"] for row in live},
            Staff(staff["actors"], frozenset(staff["engine"]), everywhere),
        )


async def _check_may(run: Run, what: Literal["draft", "publish"], workflow: str, by: str | None) -> None:
    if by is None:
        return
    [found] = await run("rules/may", actor_id=by, workflow=workflow)
    if not found["known"]:
        raise NotFoundError(f"There is no actor '{by}'.")
    if found["builtin"]:
        raise ConflictError(f"'{by}' is the system itself, in whose name nobody changes rules.")
    if what == "publish" and found["kind"] in {AGENT, None}:
        kind = "is an agent" if found["kind"] else "has no kind, so it may be an agent"
        raise ConflictError(f"'{by}' {kind}: agents may draft rules, never publish them.")
    if not found[f"may_{what}"]:
        able = ", ".join(f"'{role}'" for role in found["drafters" if what == "draft" else "publishers"])
        raise ConflictError(f"'{by}' may not {what} the rules of '{workflow}'; who has one of these roles may: {able}.")


async def _base(run: Run, workflow: str) -> str:
    """What a draft is seen against: the live version, and the rules in the graph as hands may have changed them."""
    version = next((row["version"] for row in await run("rules/names") if row["name"] == workflow), None)
    if version is None:
        return "none"
    try:
        return f"{version}/{_digest(dump(await read(run, workflow)))}"
    except ConflictError:
        return f"{version}/broken"


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
