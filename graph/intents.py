"""What somebody means, as the action that the rules have for it: to say yes or no, or to take a task."""

from __future__ import annotations

from graph import encoding
from graph.database import Database
from graph.errors import ConflictError, NotFoundError
from graph.published import DecisionApproved, DecisionRejected


class Intents:
    """Actions known by what they do. What stands against one where the item is, the gate says.

    With the id of a command that was answered before it is the action of that one, if it does the same thing: so who
    asks again gets the first answer, wherever the item has gone meanwhile.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def approving(self, story_id: str, command_id: str | None = None) -> str:
        """The action that says yes to a story, as `planning.decision.approved` tells it; first one of its own state.

        Raises:
            NotFoundError: no such item. ConflictError: its rules have no such action.
        """
        return await self._meant(story_id, command_id, DecisionApproved.subject, f"tells {DecisionApproved.subject}")

    async def rejecting(self, story_id: str, command_id: str | None = None) -> str:
        """The action that says no, likewise."""
        return await self._meant(story_id, command_id, DecisionRejected.subject, f"tells {DecisionRejected.subject}")

    async def claiming(self, task_id: str, command_id: str | None = None) -> str:
        """The action that makes the actor the assignee, likewise."""
        return await self._meant(task_id, command_id, None, "claims")

    async def _meant(self, item_id: str, command_id: str | None, emits: str | None, what: str) -> str:
        key = None if command_id is None else encoding.command_key(item_id, command_id)
        rows = await self._db.read_newest("gate/meant", item_id=item_id, command_key=key, emits=emits)
        if rows:
            return str(rows[0]["action"])
        if not await self._db.read("tree/items_by_ids", ids=[item_id]):
            raise NotFoundError(f"There is no item '{item_id}'.")
        raise ConflictError(f"The workflow of '{item_id}' has no action that {what}.")
