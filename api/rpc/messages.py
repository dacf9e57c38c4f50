"""Rows of the graph and answers of the gate as messages, and messages as commands."""

from __future__ import annotations

import json
from typing import Any, Protocol

from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from api import pages
from api.proto import answers_pb2 as pb
from api.proto import planning_pb2, workflow_pb2
from api.rpc.status import RefusedError
from graph.database import Row
from graph.decision import ActionView, Awaits, Command, Decision, Outcome, Reason
from graph.errors import BadInputError
from graph.page import Page
from graph.trees import readiness


class PageRequest(Protocol):
    """What every request for a list has."""

    @property
    def page_size(self) -> int: ...
    @property
    def page_token(self) -> str: ...


def given(request: Any, *names: str) -> dict[str, Any]:
    """Those optional fields of a request that were sent."""
    return {name: getattr(request, name) for name in names if request.HasField(name)}


def page_asked(request: PageRequest, *shape: type) -> tuple[int, list[Any] | None]:
    """How many, and after which place of that shape. Raises `BadInputError`."""
    return pages.checked(request.page_size or None), pages.read(request.page_token or None, *shape)


def next_page_token(page: Page) -> str:
    """Empty at the end of the list."""
    return pages.write(pages.id_place(page.rows[-1])) if page.has_next and page.rows else ""


def command(request: pb.ActionRequest) -> Command:
    """What is asked of the gate. Raises `BadInputError`."""
    return Command(
        named(request.item_id, "item_id"),
        named(request.action, "action"),
        named(request.actor_id, "actor_id"),
        inputs=_plain_struct(request.inputs),
        dry=request.dry_run,
        **given(request, "command_id", "expected_version", "feedback"),
    )


def named(value: str, field: str) -> str:
    if not value:
        raise BadInputError(f"{field} is missing.")
    return value


def applied(answer: Decision) -> pb.Applied:
    """What was done. Raises `RefusedError` when it was not."""
    first = answer.first if answer.outcome is Outcome.DUPLICATE and answer.first else answer
    duplicate = first is not answer
    if first.outcome is not Outcome.APPLIED:
        raise RefusedError(first, duplicate=duplicate)
    return pb.Applied(
        item_id=first.item_id,
        command_id=first.command_id,
        version=first.version or 0,
        hops=[
            pb.Hop(action=hop.action, from_state=hop.from_state, to_state=hop.to_state, automatic=hop.automatic)
            for hop in first.hops
        ],
        awaits=_awaits(first.awaits),
        duplicate=duplicate,
    )


def epic(row: Row) -> planning_pb2.Epic:
    return planning_pb2.Epic(
        id=row["id"],
        title=row["title"],
        description=row["description"],
        created_at=_moment(row["created_at"]),
        labels=row["labels"],
        archived=row["archived"],
        author_id=row["author_id"],
    )


def story(row: Row) -> planning_pb2.Story:
    score, missing = readiness(row)
    return planning_pb2.Story(
        id=row["id"],
        epic_id=row["epic_id"],
        title=row["title"],
        description=row["description"],
        workflow=row["workflow"],
        state=_state(row),
        version=row["version"],
        acceptance_criteria=row["acceptance_criteria"],
        story_points=row["story_points"],
        author_id=row["author_id"],
        owner_id=row["owner_id"],
        assignee_id=row["assignee_id"],
        sprint_id=row["sprint_id"],
        released=row["released"],
        definition_of_ready=planning_pb2.DefinitionOfReady(score=score, missing=missing),
        created_at=_moment(row["created_at"]),
        updated_at=_moment(row["updated_at"]),
        labels=row["labels"],
        archived=row["archived"],
    )


def task(row: Row) -> planning_pb2.Task:
    return planning_pb2.Task(
        id=row["id"],
        story_id=row["story_id"],
        title=row["title"],
        description=row["description"],
        workflow=row["workflow"],
        state=_state(row),
        version=row["version"],
        priority=row["priority"],
        attempt=row["rework"] + 1,
        depends_on=row["depends_on"],
        author_id=row["author_id"],
        owner_id=row["owner_id"],
        assignee_id=row["assignee_id"],
        feedback=row["feedback"],
        created_at=_moment(row["created_at"]),
        updated_at=_moment(row["updated_at"]),
        type=row["type"],
        estimate=row["estimate"],
        labels=row["labels"],
        archived=row["archived"],
    )


def task_state(row: Row, awaits: list[Awaits], actions: list[ActionView]) -> workflow_pb2.TaskState:
    return workflow_pb2.TaskState(
        task_id=row["id"],
        story_id=row["story_id"],
        title=row["title"],
        workflow=row["workflow"],
        state=_state(row),
        version=row["version"],
        attempt=row["rework"] + 1,
        assignee_id=row["assignee_id"],
        feedback=row["feedback"],
        awaits=_awaits(awaits),
        actions=[
            workflow_pb2.OfferedAction(
                name=view.name,
                allowed=view.allowed,
                reasons=[reason(found) for found in view.reasons],
                inputs_schema=json.dumps(view.inputs),
            )
            for view in actions
        ],
    )


def reason(found: Reason) -> pb.Reason:
    return pb.Reason(code=found.code, message=found.message, rule=found.rule)


def _state(row: Row) -> pb.State | None:
    state = row["state"]
    return pb.State(name=state["name"], kind=state["kind"] or "active") if state else None


def _awaits(found: list[Awaits]) -> list[pb.Awaits]:
    return [pb.Awaits(role=one.role, actions=one.actions) for one in found]


def _moment(value: Any) -> Timestamp | None:
    if value is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(value.to_native())
    return stamp


def _plain_struct(struct: Struct) -> dict[str, Any]:
    return {name: _plain(value) for name, value in struct.fields.items()}


def _plain(value: Value) -> Any:
    """A value as JSON has it; its numbers are all fractions, and a whole one is meant as such."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain_struct(value.struct_value)
    if kind == "list_value":
        return [_plain(part) for part in value.list_value.values]
    if kind == "null_value":
        return None
    if kind is None:
        raise BadInputError("One of the inputs has no value.")
    found = getattr(value, kind)
    return int(found) if isinstance(found, float) and found.is_integer() else found
