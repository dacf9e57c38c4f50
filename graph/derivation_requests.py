"""Tasks derived by somebody outside: asked for by an event, and taken from the answer, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from neo4j.exceptions import ConstraintError

from graph.changing import check_actor
from graph.database import Database, Row, Transaction
from graph.derivation import Derivation, Wanted
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.ids import given_or_made
from graph.items import known

_MOST = 500_000  # bytes of what is told of a story, of which a message of NATS takes a million


class DerivationRequests:
    """What was asked of derivers outside. Of one story the newest counts alone."""

    def __init__(self, db: Database, derivation: Derivation) -> None:
        self._db = db
        self._derivation = derivation

    async def request(
        self, story_id: str, *, workflow: str, id: str | None = None, author_id: str | None = None
    ) -> str:
        """The id of the request; with one that was given before, nothing is asked again.

        Raises:
            NotFoundError: the story, the author or the workflow is unknown.
            ConflictError: the id is that of a request for another story.
            BadInputError: the story is too large for a message, or the author is the system itself.
        """
        request = given_or_made(id, "request")
        taken = ConflictError(f"'{request}' asks for another story already; take another id.")

        async def work(tx: Transaction) -> Row:
            [found] = await tx.run(
                "derivation/request", id=request, story_id=story_id, workflow=workflow, author_id=author_id
            )
            known("story", story_id, found["has_story"])
            check_actor(author_id, there=found["has_author"], builtin=found["builtin"])
            known("workflow of tasks", workflow, found["has_workflow"])
            if not found["is_known"]:
                _check_size(story_id, found["texts"])
            return found

        try:
            found = await self._db.in_transaction(work)
        except ConstraintError as error:
            raise taken from error
        if found["is_known"] and not found["is_own"]:
            raise taken
        return request

    async def answer(self, id: str, story_id: str, tasks: Sequence[Wanted]) -> None:
        """Derives the tasks a request was answered with; the same answer again does nothing.

        Raises: as `Derivation.derive`, and
            NotFoundError: nobody asked that. ConflictError: it was for another story, was answered otherwise already,
            or a newer request has replaced it.
        """
        fingerprint = hashlib.sha256(json.dumps([asdict(task) for task in tasks]).encode()).hexdigest()

        async def work(tx: Transaction) -> tuple[None, list[str]]:
            found = await tx.run("derivation/take", id=id)
            known("request", id, bool(found))
            [asked] = found
            if asked["story_id"] != story_id:
                raise ConflictError(f"The request '{id}' is for '{asked['story_id']}', not for '{story_id}'.")
            if asked["fingerprint"] == fingerprint:
                return None, []
            if asked["fingerprint"] is not None:
                raise ConflictError(f"The request '{id}' was answered already, with other tasks.")
            if asked["replaced_by"] is not None:
                raise ConflictError(f"The request '{id}' was replaced by '{asked['replaced_by']}'; answer that one.")
            _, stories = await self._derivation.derive_in(
                tx, story_id, tasks, workflow=asked["workflow"], author_id=asked["author_id"]
            )
            await tx.run("derivation/answered", id=id, fingerprint=fingerprint)
            return None, stories

        await self._derivation.assigning(work)

    async def get(self, id: str) -> Row:
        """`{id, story_id, at, answered_at, replaced_by}`. Raises `NotFoundError`."""
        rows = await self._db.read("derivation/by_ids", ids=[id])
        if not rows:
            raise NotFoundError(f"There is no request '{id}'.")
        found: Row = rows[0]["request"]
        return found


def _check_size(story_id: str, texts: Row) -> None:
    """Raises `BadInputError` for a story that nobody could be told of."""
    size = len(json.dumps(texts, ensure_ascii=False).encode())
    if size > _MOST:
        raise BadInputError(
            f"The texts of '{story_id}' and the ids of its tasks have {size} bytes as JSON; {_MOST} are allowed in a "
            "request. Shorten them, or give the tasks yourself."
        )
