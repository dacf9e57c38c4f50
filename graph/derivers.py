"""Tasks that a plug-in derives of a story: asked for outside a transaction, and looked at before they are written."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from pydantic import Strict, TypeAdapter, ValidationError

from graph.database import Database
from graph.derivation import Wanted
from graph.errors import BadInputError, NotFoundError, UnavailableError
from graph.events import DerivedTasks, problems
from graph.items import known
from graph.plugins import Plugins

log = structlog.get_logger(__name__)

# Nothing but a list: whatever else could be gone through might never end.
_TASKS: TypeAdapter[Any] = TypeAdapter(Annotated[DerivedTasks, Strict()])


class Derivers:
    """The derivers that are installed here."""

    def __init__(self, db: Database, plugins: Plugins) -> None:
        self._db = db
        self._plugins = plugins

    async def ask(self, name: str, story_id: str) -> list[Wanted]:
        """What a deriver makes of a story. Nothing is written.

        Raises:
            NotFoundError: there is no such story, or no such deriver here.
            UnavailableError: it gave no answer. BadInputError: its answer is no list of tasks.
        """
        rows = await self._db.read("tree/items_by_ids", ids=[story_id])
        known("story", story_id, bool(rows) and rows[0]["item"]["is_story"])
        tasks = [row["task"] for row in await self._db.read("derivation/tasks", story_id=story_id)]
        try:
            answer = await self._plugins.derive(name, rows[0]["item"] | {"tasks": tasks})
            return [task.wanted() for task in _TASKS.validate_python(answer)]
        except LookupError as error:
            raise NotFoundError(f"There is no deriver '{name}': {error}.") from error
        except TimeoutError as error:
            raise UnavailableError(f"The deriver '{name}' gave no tasks: {error}.") from error
        except RuntimeError as error:
            # What it says of itself is for the log.
            log.warning("a deriver gave no tasks", plugin=name, story=story_id, error=str(error))
            what = type(error.__cause__ or error).__name__
            raise UnavailableError(f"The deriver '{name}' gave no tasks: it raised {what}.") from error
        except ValidationError as error:
            raise BadInputError(f"What the deriver '{name}' returned is no list of tasks: {problems(error)}") from error
