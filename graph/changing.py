"""What every change by hand has in common: its locks, who may, the version that was seen, its place in the history."""

from __future__ import annotations

import json
from typing import Any, Final, Literal

from graph.database import MovedError, Row, Transaction
from graph.errors import BadInputError, ConflictError, NotFoundError

FINAL = "final"
INITIAL = "initial"
# The words for changes by hand, which are the engine's, not those of a workflow.
EDIT: Final = "EDIT"
MOVE: Final = "MOVE"
RANK: Final = "RANK"
TO_ARCHIVE: Final = "TO_ARCHIVE"
FROM_ARCHIVE: Final = "FROM_ARCHIVE"
ByHand = Literal["EDIT", "MOVE", "RANK", "TO_ARCHIVE", "FROM_ARCHIVE"]


async def hold(
    tx: Transaction,
    kind: str,
    id: str,
    actor_id: str | None,
    *,
    stories: tuple[str, ...] = (),
    tasks: tuple[str, ...] = (),
    expected_version: int | None = None,
) -> Row:
    """Takes the locks of `stories` and of the stories that the tasks are of, then those of a story or a task (`kind`)
    and of `tasks`; what is there then.

    Raises:
        NotFoundError: no such item, actor, or one of `tasks`. BadInputError: the actor is the system itself.
        ConflictError: the actor may not change it, it is at another version or at none, or in no state or several.
    """
    own = (id,) if kind == "story" else ()
    [found] = await tx.run("item/hold", id=id, stories=[*own, *stories], tasks=list(tasks), actor_id=actor_id)
    if not found[f"is_{kind}"]:
        raise NotFoundError(f"There is no {kind} '{id}'.")
    for missing in found["missing"]:
        raise NotFoundError(f"There is no task '{missing}'.")
    check_may(found, id, actor_id)
    if not found["is_counted"]:
        raise ConflictError(f"The version of '{id}' is no whole number; `stategate doctor` says how to mend it.")
    if expected_version not in {None, found["version"]}:
        raise ConflictError(f"'{id}' is at version {found['version']}, not {expected_version}.")
    if len(found["states"]) != 1:
        raise ConflictError(f"'{id}' is in {len(found['states'])} states; `stategate doctor` says how to mend it.")
    if found["held"] != found["story_id"]:
        raise MovedError
    return found


async def hold_epics(tx: Transaction, ids: list[str], actor_id: str | None) -> dict[str, Row]:
    """Takes their locks; `{id, archived_at}` of those there are. Raises as `hold`."""
    [found] = await tx.run("item/hold_epics", ids=ids, actor_id=actor_id)
    check_may(found, "epics", actor_id)
    return {row["id"]: row for row in found["epics"]}


def check_may(found: Row, what: str, actor_id: str | None) -> None:
    """Raises when an actor is unknown, is the system, or may not change what is named."""
    check_actor(actor_id, there=found["has_actor"], builtin=found["builtin"])
    if not found["may"]:
        able = ", ".join(f"'{role}'" for role in found["editors"])
        who = f"who has one of these roles may: {able}" if able else "no role is named that may"
        raise ConflictError(f"'{actor_id}' may not change '{what}'; {who}.")


def check_actor(actor_id: str | None, *, there: bool, builtin: bool) -> None:
    """Raises `NotFoundError` for one that was given and is nobody, `BadInputError` for the system itself."""
    if actor_id is not None and not there:
        raise NotFoundError(f"There is no actor '{actor_id}'.")
    if builtin:
        raise BadInputError(f"'{actor_id}' is the system itself; nobody may act in its name.")


async def change(
    tx: Transaction, id: str, action: ByHand, actor_id: str | None, fields: dict[str, Any], inputs: dict[str, Any]
) -> None:
    """One more change of a story or a task whose lock is held; `inputs` say in the history what was asked for."""
    await tx.run(
        "item/change",
        id=id,
        fields=fields,
        action=action,
        inputs=json.dumps(inputs, ensure_ascii=False, sort_keys=True),
        actor_id=actor_id,
    )
