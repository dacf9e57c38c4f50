"""The workflow service: where tasks are, whom they wait for, and what moves them."""

from __future__ import annotations

from typing import Any

import grpc

from api.proto import answers_pb2, workflow_pb2_grpc
from api.proto import workflow_pb2 as pb
from api.rpc import messages
from api.rpc.messages import given, named
from graph.database import Row
from graph.decision import Command
from graph.engine import Engine
from graph.errors import NotFoundError

_Context = grpc.aio.ServicerContext[Any, Any]


class WorkflowService(workflow_pb2_grpc.WorkflowServicer):
    """Moves tasks, and nothing else; whatever is a story is unknown to it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def GetState(self, request: pb.GetStateRequest, context: _Context) -> pb.TaskState:
        row = await self._task(named(request.task_id, "task_id"))
        if row is None:
            raise NotFoundError(f"There is no task '{request.task_id}'.")
        [told] = await self._told([row], **given(request, "actor_id"))
        return told

    async def ListPendingTasks(
        self, request: pb.ListPendingTasksRequest, context: _Context
    ) -> pb.ListPendingTasksResponse:
        role = named(request.role, "role")
        page = await self._engine.trees.tasks(*messages.page_asked(request, int, str), role=role)
        rows = await self._engine.details.light([row["id"] for row in page.rows])
        return pb.ListPendingTasksResponse(
            tasks=await self._told([rows[row["id"]] for row in page.rows if row["id"] in rows]),
            next_page_token=messages.next_page_token(page),
            total=page.total,
        )

    async def Claim(self, request: pb.ClaimRequest, context: _Context) -> answers_pb2.Applied:
        task, actor = named(request.task_id, "task_id"), named(request.actor_id, "actor_id")
        await self._task(task)
        optional = given(request, "command_id", "expected_version")
        action = await self._engine.intents.claiming(task, optional.get("command_id"))
        asked = Command(task, action, actor, **optional)
        return messages.applied(await self._engine.together.decide(asked))

    async def RequestAction(self, request: answers_pb2.ActionRequest, context: _Context) -> answers_pb2.Applied:
        asked = messages.command(request)
        await self._task(asked.item_id)
        return messages.applied(await self._engine.together.decide(asked))

    async def _told(self, rows: list[Row], actor_id: str | None = None) -> list[pb.TaskState]:
        ids = [row["id"] for row in rows]
        awaits = await self._engine.offers.awaits(ids)
        actions = await self._engine.offers.actions([(id, actor_id) for id in ids])
        return [messages.task_state(row, awaits[row["id"]], actions[row["id"], actor_id]) for row in rows]

    async def _task(self, id: str) -> Row | None:
        """None for an unknown id: what the gate says of that is for it to say. Raises `NotFoundError` for a story."""
        row = (await self._engine.details.light([id])).get(id)
        if row and row["is_story"]:
            raise NotFoundError(f"There is no task '{id}'; stories are moved by stategate.planning.v1.Planning.")
        return row
