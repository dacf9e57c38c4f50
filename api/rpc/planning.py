"""The planning service: epics, stories and their tasks, and what moves stories."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from api.proto import answers_pb2, planning_pb2_grpc
from api.proto import planning_pb2 as pb
from api.rpc import messages
from api.rpc.messages import given, named
from api.rpc.status import done_as
from graph.decision import Command
from graph.engine import Engine
from graph.errors import NotFoundError
from graph.items import STORY_WORKFLOW, TASK_WORKFLOW

_Context = grpc.aio.ServicerContext[Any, Any]


class PlanningService(planning_pb2_grpc.PlanningServicer):
    """Moves stories, and nothing else; whatever is a task is unknown to `TransitionStory`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def CreateEpic(self, request: pb.CreateEpicRequest, context: _Context) -> pb.Epic:
        optional = given(request, "id", "description", "author_id")
        created = await self._engine.items.create_epic(request.title, **optional, labels=list(request.labels))
        with done_as(created):
            return await self._epic(created)

    async def GetEpic(self, request: pb.GetRequest, context: _Context) -> pb.Epic:
        return await self._epic(named(request.id, "id"))

    async def ListEpics(self, request: pb.ListEpicsRequest, context: _Context) -> pb.ListEpicsResponse:
        page = await self._engine.trees.epics(*messages.page_asked(request, int, str))
        rows = await self._engine.trees.epics_by_ids([row["id"] for row in page.rows])
        return pb.ListEpicsResponse(
            epics=[messages.epic(rows[row["id"]]) for row in page.rows if row["id"] in rows],
            next_page_token=messages.next_page_token(page),
            total=page.total,
        )

    async def CreateStory(self, request: pb.CreateStoryRequest, context: _Context) -> pb.Story:
        optional = given(
            request, "id", "epic_id", "workflow", "state", "description", "story_points", "author_id", "owner_id"
        )
        created = await self._engine.items.create_story(
            request.title,
            **{"workflow": STORY_WORKFLOW} | optional,
            acceptance_criteria=list(request.acceptance_criteria),
            labels=list(request.labels),
        )
        with done_as(created):
            return await self._story(created)

    async def GetStory(self, request: pb.GetRequest, context: _Context) -> pb.Story:
        return await self._story(named(request.id, "id"))

    async def ListStories(self, request: pb.ListStoriesRequest, context: _Context) -> pb.ListStoriesResponse:
        page = await self._engine.trees.stories(
            *messages.page_asked(request, int, str), **given(request, "state", "sprint_id", "epic_id")
        )
        rows = await self._engine.details.whole([row["id"] for row in page.rows])
        return pb.ListStoriesResponse(
            stories=[messages.story(rows[row["id"]]) for row in page.rows if row["id"] in rows],
            next_page_token=messages.next_page_token(page),
            total=page.total,
        )

    async def CreateTask(self, request: pb.CreateTaskRequest, context: _Context) -> pb.Task:
        optional = given(
            request, "id", "workflow", "state", "description", "priority", "type", "estimate", "assignee_id",
            "author_id", "owner_id",
        )  # fmt: skip
        created = await self._engine.items.create_task(
            named(request.story_id, "story_id"),
            request.title,
            **{"workflow": TASK_WORKFLOW} | optional,
            depends_on=list(request.depends_on),
            labels=list(request.labels),
        )
        with done_as(created):
            return await self._task(created)

    async def GetTask(self, request: pb.GetRequest, context: _Context) -> pb.Task:
        return await self._task(named(request.id, "id"))

    async def ListTasks(self, request: pb.ListTasksRequest, context: _Context) -> pb.ListTasksResponse:
        await self._story(named(request.story_id, "story_id"))
        first, after = messages.page_asked(request, float, str)
        [page] = await self._engine.trees.tasks_of([(request.story_id, first, tuple(after) if after else None)])
        rows = await self._engine.details.whole([row["id"] for row in page.rows])
        return pb.ListTasksResponse(
            tasks=[messages.task(rows[row["id"]]) for row in page.rows if row["id"] in rows],
            next_page_token=messages.next_page_token(page),
            total=page.total,
        )

    async def TransitionStory(self, request: answers_pb2.ActionRequest, context: _Context) -> answers_pb2.Applied:
        asked = messages.command(request)
        await self._refuse_task(asked.item_id)
        return messages.applied(await self._engine.together.decide(asked))

    async def ApproveDecision(self, request: pb.DecisionRequest, context: _Context) -> answers_pb2.Applied:
        return await self._say(request, self._engine.intents.approving)

    async def RejectDecision(self, request: pb.DecisionRequest, context: _Context) -> answers_pb2.Applied:
        return await self._say(request, self._engine.intents.rejecting)

    async def _say(
        self, request: pb.DecisionRequest, meant: Callable[[str, str | None], Awaitable[str]]
    ) -> answers_pb2.Applied:
        story, actor = named(request.story_id, "story_id"), named(request.actor_id, "actor_id")
        await self._refuse_task(story)
        optional = given(request, "command_id", "expected_version")
        action = await meant(story, optional.get("command_id"))
        asked = Command(story, action, actor, feedback=request.comment or None, **optional)
        return messages.applied(await self._engine.together.decide(asked))

    async def _refuse_task(self, id: str) -> None:
        row = (await self._engine.details.light([id])).get(id)
        if row and not row["is_story"]:
            raise NotFoundError(f"There is no story '{id}'; tasks are moved by stategate.workflow.v1.Workflow.")

    async def _epic(self, id: str) -> pb.Epic:
        row = (await self._engine.trees.epics_by_ids([id])).get(id)
        if row is None:
            raise NotFoundError(f"There is no epic '{id}'.")
        return messages.epic(row)

    async def _story(self, id: str) -> pb.Story:
        row = (await self._engine.details.whole([id])).get(id)
        if row is None or not row["is_story"]:
            raise NotFoundError(f"There is no story '{id}'.")
        return messages.story(row)

    async def _task(self, id: str) -> pb.Task:
        row = (await self._engine.details.whole([id])).get(id)
        if row is None or row["is_story"]:
            raise NotFoundError(f"There is no task '{id}'.")
        return messages.task(row)
