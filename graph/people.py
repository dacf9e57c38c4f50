"""Actors, human, agent or service, the roles they have, and what a role may change by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neo4j.exceptions import ConstraintError

from graph.database import Database, Row
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.ids import given_or_made
from graph.page import Page

KINDS = ("human", "agent", "service")
ANYONE = "*"  # every known actor has this role without an edge
_DECLARED = "role:"  # ids of the actors who stand for a role that a trusted message declares


class People:
    """Who may act."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create(self, id: str | None, kind: str, roles: Sequence[str] = ()) -> str:
        """The id of the new actor.

        Raises:
            NotFoundError: a role that no rule knows. ConflictError: the id is taken. BadInputError: see the message.
        """
        actor = given_or_made(id, "actor")
        if actor.startswith(_DECLARED):
            raise BadInputError(f"Ids that begin with '{_DECLARED}' stand for declared roles; take another id.")
        if kind not in KINDS:
            raise BadInputError(f"'{kind}' is no kind of actor; there are {', '.join(KINDS)}.")
        _check(roles)
        try:
            [found] = await self._db.write("people/create", id=actor, kind=kind, roles=list(roles))
        except ConstraintError as error:
            raise ConflictError(f"The actor '{actor}' exists already.") from error
        if found["is_taken"]:
            raise ConflictError(f"The actor '{actor}' exists already.")
        if found["missing"]:
            raise NotFoundError(_no_role(found["missing"][0]))
        return actor

    async def grant(self, id: str, role: str) -> None:
        """Gives a role; one that is there already stays. Raises as `revoke`."""
        _check([role])
        [found] = await self._db.write("people/grant", id=id, role=role)
        _known(found, id, role)

    async def revoke(self, id: str, role: str) -> None:
        """Takes a role; one that is not there is no error.

        Raises:
            NotFoundError: an unknown actor or role. ConflictError: the built-in actor keeps its role.
        """
        _check([role])
        [found] = await self._db.write("people/revoke", id=id, role=role)
        _known(found, id, role)

    async def permit_edits(self, role: str, workflow: str, *, edit: bool) -> list[str]:
        """Says whether the holders of a role may change the items of a workflow by hand; where no role was ever named,
        anybody may, and where the last was taken away, nobody. The roles that may then, by name.

        Raises `NotFoundError` for a role or a workflow nobody knows.
        """
        [found] = await self._db.write("people/permit_edits", role=role, workflow=workflow, edit=edit)
        if not found["has_role"]:
            raise NotFoundError(_no_role(role))
        if not found["has_workflow"]:
            raise NotFoundError(f"There is no workflow '{workflow}'.")
        return list(found["editors"])

    async def declared(self, role: str) -> str | None:
        """The id of the actor `role:<name>`, who has that role alone; None when no rule knows it."""
        rows = await self._db.write("people/declare", id=f"{_DECLARED}{role}", role=role)
        return str(rows[0]["id"]) if rows else None

    async def by_ids(self, ids: list[str]) -> dict[str, Row]:
        """`{id, kind, roles}` of each known one."""
        return {row["actor"]["id"]: row["actor"] for row in await self._db.read("people/by_ids", ids=ids)}

    async def page(self, first: int, after: list[Any] | None) -> Page:
        """Actors by id."""
        [row] = await self._db.read("people/page", after=after, limit=first + 1)
        return Page.of(row, first)


def _check(roles: Sequence[str]) -> None:
    if ANYONE in roles:
        raise BadInputError(f"'{ANYONE}' is the role of every known actor; it is neither granted nor revoked.")


def _known(found: Row, id: str, role: str) -> None:
    if not found["has_actor"]:
        raise NotFoundError(f"There is no actor '{id}'.")
    if not found["has_role"]:
        raise NotFoundError(_no_role(role))
    if found["builtin"]:
        raise ConflictError(f"'{id}' is the system itself and keeps its role.")


def _no_role(role: str) -> str:
    return f"No rule knows the role '{role}'; import rules that name it first."
