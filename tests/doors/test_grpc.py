"""Planning and workflow over gRPC."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc

from api.proto import answers_pb2, planning_pb2, planning_pb2_grpc, workflow_pb2, workflow_pb2_grpc
from api.rpc.server import Service, listening
from api.rpc.status import refusal
from consumers.service import Part
from graph.decision import Decision, Outcome, Reason, Remedy
from graph.engine import Engine
from graph.errors import UnavailableError
from stategate.errors import SetupError
from stategate.servers.environment import Addresses
from stategate.service import Served, serving
from stategate.settings import Settings
from tests.doors.bus import Bus
from tests.doors.conftest import Team
from tests.doors.test_graphql_work import fresh
from tests.house.statements import ROOT

TWO_DECISIONS = """
workflow: {name}
item: story
roles: [po]
states:
  idea: {{kind: initial}}
  plan: {{kind: active}}
  agreed: {{kind: final}}
  dropped: {{kind: final, outcome: cancelled}}
transitions:
  - {{from: idea, action: YES_TO_IDEA, to: plan, roles: [po], emits: planning.decision.approved}}
  - {{from: idea, action: NO_TO_IDEA, to: dropped, roles: [po], emits: planning.decision.rejected}}
  - {{from: plan, action: YES_TO_PLAN, to: agreed, roles: [po], emits: planning.decision.approved}}
  - {{from: plan, action: NO_TO_PLAN, to: dropped, roles: [po], emits: planning.decision.rejected}}
"""


async def publish(engine: Engine, definition: str) -> None:
    draft = await engine.rules.import_draft(definition)
    assert draft.workflow is not None, draft.findings
    assert draft.confirm is not None, draft.findings
    await engine.rules.publish(draft.workflow, draft.confirm)


@pytest_asyncio.fixture
async def planning(served: Served) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(served.grpc_planning or "") as channel:
        yield planning_pb2_grpc.PlanningStub(channel)


@pytest_asyncio.fixture
async def workflow(served: Served) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(served.grpc_workflow or "") as channel:
        yield workflow_pb2_grpc.WorkflowStub(channel)


async def failed(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str, answers_pb2.Refusal | None]:
    """How a call fails: its code, its message, and all that was told of a refusal."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = caught.value
    status = Status.FromString(dict(error.trailing_metadata()).get("grpc-status-details-bin", b""))
    told = None
    for detail in status.details:
        found = answers_pb2.Refusal()
        if detail.Unpack(found):
            told = found
    return error.code(), error.details() or "", told


def asked(item: str, action: str, actor: str, inputs: dict[str, Any] | None = None, **more: Any) -> Any:
    request = answers_pb2.ActionRequest(item_id=item, action=action, actor_id=actor, **more)
    request.inputs.update(inputs or {})
    return request


async def test_a_story_is_made_decided_and_planned(planning: Any, team: Team, bus: Bus) -> None:
    epic = await planning.CreateEpic(planning_pb2.CreateEpicRequest(title="Sign-in", id=fresh("E")))
    story = await planning.CreateStory(
        planning_pb2.CreateStoryRequest(
            title="As user, I want to sign in",
            id=fresh("US"),
            epic_id=epic.id,
            description="Sign-in by short-lived tokens",
            acceptance_criteria=["A token expires"],
            story_points=3,
            author_id=team.po,
        )
    )
    assert (story.state.name, story.state.kind, story.version) == ("DRAFT", "initial", 0)
    assert (story.definition_of_ready.score, list(story.definition_of_ready.missing)) == (85, ["tasks"])
    task = await planning.CreateTask(
        planning_pb2.CreateTaskRequest(
            story_id=story.id, title="Tokens", id=fresh("T"), priority=1, type="bug", estimate=2.5, labels=["security"]
        )
    )
    assert (task.type, task.estimate, list(task.labels), task.archived) == ("bug", 2.5, ["security"], False)
    second = await planning.CreateTask(
        planning_pb2.CreateTaskRequest(story_id=story.id, title="Expiry", depends_on=[task.id])
    )
    assert (task.state.name, task.priority, task.attempt, second.priority) == ("todo", 1, 1, 3)
    assert list(second.depends_on) == [task.id]
    assert await planning.GetTask(planning_pb2.GetRequest(id=task.id)) == task
    assert (await planning.GetEpic(planning_pb2.GetRequest(id=epic.id))).title == "Sign-in"

    applied = await planning.TransitionStory(asked(story.id, "SUBMIT", team.po))
    assert [(hop.action, hop.from_state, hop.to_state) for hop in applied.hops] == [("SUBMIT", "DRAFT", "PO_REVIEW")]
    assert [(one.role, list(one.actions)[:2]) for one in applied.awaits] == [("po", ["APPROVE_SCOPE", "REJECT_SCOPE"])]

    def decision(comment: str, **more: Any) -> planning_pb2.DecisionRequest:
        return planning_pb2.DecisionRequest(story_id=story.id, actor_id=team.po, comment=comment, **more)

    code, _, refused = await failed(planning.RejectDecision(decision("")))
    assert (code, refused and refused.reasons[0].code) == (grpc.StatusCode.FAILED_PRECONDITION, "INPUT_MISSING")
    rejected = await planning.RejectDecision(decision("The scope is too wide.", expected_version=1))
    assert [hop.to_state for hop in rejected.hops] == ["DRAFT"]
    told = await bus.hear("planning.decision.rejected", story_id=story.id)
    assert (told["decided_by"], told["comment"]) == (team.po, "The scope is too wide.")
    await planning.TransitionStory(asked(story.id, "SUBMIT", team.po))
    approved = await planning.ApproveDecision(decision("", command_id="yes"))
    assert [hop.to_state for hop in approved.hops] == ["READY_FOR_PLANNING"]
    again = await planning.ApproveDecision(decision("", command_id="yes"))
    assert (again.duplicate, again.version, again.hops) == (True, approved.version, approved.hops)
    assert (await planning.GetStory(planning_pb2.GetRequest(id=story.id))).state.name == "READY_FOR_PLANNING"
    await bus.hear("planning.decision.approved", story_id=story.id)


async def test_lists_come_in_pages(planning: Any, team: Team) -> None:
    epic = (await planning.CreateEpic(planning_pb2.CreateEpicRequest(title="Many"))).id
    made = [
        (await planning.CreateStory(planning_pb2.CreateStoryRequest(title=f"S{n}", epic_id=epic))).id for n in range(5)
    ]
    found, token = [], ""
    while True:
        page = await planning.ListStories(
            planning_pb2.ListStoriesRequest(page_size=2, page_token=token, epic_id=epic, state="DRAFT")
        )
        assert page.total == 5
        found += [story.id for story in page.stories]
        token = page.next_page_token
        if not token:
            break
    assert sorted(found) == sorted(made)
    tasks = [
        (await planning.CreateTask(planning_pb2.CreateTaskRequest(story_id=made[0], title=f"T{n}"))).id
        for n in range(3)
    ]
    page = await planning.ListTasks(planning_pb2.ListTasksRequest(story_id=made[0], page_size=2))
    rest = planning_pb2.ListTasksRequest(story_id=made[0], page_token=page.next_page_token)
    assert [task.id for task in page.tasks] == tasks[:2]
    assert [task.id for task in (await planning.ListTasks(rest)).tasks] == tasks[2:]
    page = await planning.ListTasks(planning_pb2.ListTasksRequest(story_id=made[0]))
    assert ([task.id for task in page.tasks], page.next_page_token, page.total) == (tasks, "", 3)
    assert (await planning.ListEpics(planning_pb2.ListEpicsRequest(page_size=1))).next_page_token
    for wrong in ({"page_size": 100_000}, {"page_size": -1}, {"page_token": "nonsense"}):
        code, message, _ = await failed(planning.ListEpics(planning_pb2.ListEpicsRequest(**wrong)))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert message


async def test_a_task_is_claimed_and_moved(
    planning: Any, workflow: Any, engine: Engine, team: Team, story: str
) -> None:
    task = await engine.items.create_task(story, "Tokens", workflow="task", id=fresh("T"))
    for action in ("SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"):
        await planning.TransitionStory(asked(story, action, team.po))

    async def until(state: str) -> Any:
        async with asyncio.timeout(60):
            while True:
                found = await workflow.GetState(workflow_pb2.GetStateRequest(task_id=task, actor_id=team.architect))
                if found.state.name == state:
                    return found
                await asyncio.sleep(0.05)

    begun = await until("implementing")
    assert [(one.role, list(one.actions)) for one in begun.awaits] == [("developer", ["COMMIT_CODE", "REQUEST_REVIEW"])]
    assert {one.name: one.allowed for one in begun.actions}["COMMIT_CODE"] is False
    [commit] = [one for one in begun.actions if one.name == "COMMIT_CODE"]
    assert json.loads(commit.inputs_schema)["required"] == ["commit_sha"]
    assert [found.code for found in commit.reasons] == ["ROLE_NOT_ALLOWED"]

    request = asked(task, "COMMIT_CODE", team.developer, {"commit_sha": "5f1d3ac"}, command_id="c1")
    dry = asked(task, "COMMIT_CODE", team.developer, {"commit_sha": "5f1d3ac"}, dry_run=True)
    assert len((await workflow.RequestAction(dry)).hops) == 2
    applied = await workflow.RequestAction(request)
    assert [hop.automatic for hop in applied.hops] == [False, True]
    assert (await workflow.RequestAction(request)).duplicate
    pending = await workflow.ListPendingTasks(workflow_pb2.ListPendingTasksRequest(role="architect", page_size=1000))
    assert task in [found.task_id for found in pending.tasks]

    await workflow.Claim(workflow_pb2.ClaimRequest(task_id=task, actor_id=team.architect))
    assert (await until("arch_reviewing")).assignee_id == team.architect
    code, _, refused = await failed(workflow.Claim(workflow_pb2.ClaimRequest(task_id=task, actor_id=team.architect)))
    assert (code, refused and refused.reasons[0].code) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_FROM_THIS_STATE")

    await workflow.RequestAction(asked(task, "APPROVE_DESIGN", team.architect))
    await until("pending_qa")
    claim = workflow_pb2.ClaimRequest(task_id=task, actor_id=team.qa, command_id="c2")
    first = await workflow.Claim(claim)
    assert (await until("qa_testing")).assignee_id == team.qa
    again = await workflow.Claim(claim)
    assert (again.duplicate, again.version, list(again.hops)) == (True, first.version, list(first.hops))


async def test_yes_and_no_sent_again_get_their_first_answers(planning: Any, engine: Engine, team: Team) -> None:
    flow = fresh("flow")
    await publish(engine, TWO_DECISIONS.format(name=flow))
    twice = await engine.items.create_story("Twice", workflow=flow, id=fresh("US"))
    yes = planning_pb2.DecisionRequest(story_id=twice, actor_id=team.po, command_id="yes")
    first = await planning.ApproveDecision(yes)
    assert [hop.action for hop in first.hops] == ["YES_TO_IDEA"]
    again = await planning.ApproveDecision(yes)
    assert (again.duplicate, [hop.action for hop in again.hops]) == (True, ["YES_TO_IDEA"])

    # The same id to say something else is a mistake, and is told as one.
    no = planning_pb2.DecisionRequest(story_id=twice, actor_id=team.po, command_id="yes")
    _, _, refused = await failed(planning.RejectDecision(no))
    assert refused
    assert [reason.code for reason in refused.reasons] == ["COMMAND_ID_REUSED"]

    # So is a refusal the answer that is given again, wherever the story has gone meanwhile.
    early = planning_pb2.DecisionRequest(story_id=twice, actor_id=team.qa, command_id="early")
    _, _, refused = await failed(planning.ApproveDecision(early))
    assert refused
    assert (refused.duplicate, [reason.code for reason in refused.reasons]) == (False, ["ROLE_NOT_ALLOWED"])
    await planning.ApproveDecision(planning_pb2.DecisionRequest(story_id=twice, actor_id=team.po))
    _, _, refused = await failed(planning.ApproveDecision(early))
    assert refused
    assert (refused.duplicate, [reason.code for reason in refused.reasons]) == (True, ["ROLE_NOT_ALLOWED"])


async def test_what_is_refused_says_why_and_the_way_out(
    workflow: Any, engine: Engine, team: Team, story: str, bus: Bus
) -> None:
    task = await engine.items.create_task(story, "Tokens", workflow="task", id=fresh("T"), state="todo")

    async def refused(action: str, actor: str, **more: Any) -> tuple[Any, ...]:
        code, message, told = await failed(workflow.RequestAction(asked(task, action, actor, **more)))
        assert told is not None
        assert message
        assert told.item_id == task
        return code, [reason.code for reason in told.reasons], told

    status = grpc.StatusCode
    code, codes, told = await refused("DISCARD_TASK", team.qa, feedback="It is not needed any more.")
    assert (code, codes) == (status.PERMISSION_DENIED, ["ROLE_NOT_ALLOWED"])
    assert "OTHER_ACTOR" in [remedy.kind for remedy in told.remedies]
    await bus.hear("workflow.action.refused", task_id=task, actor_id=team.qa)
    assert (await refused("COMMIT_CODE", team.developer))[:2] == (status.FAILED_PRECONDITION, ["NOT_FROM_THIS_STATE"])
    assert (await refused("DISCARD_TASK", team.po, feedback="No."))[:2] == (
        status.FAILED_PRECONDITION,
        ["INPUT_INVALID"],
    )
    assert (await refused("DISCARD_TASK", "nobody"))[0] is status.NOT_FOUND
    assert (await refused("SING", team.po))[0] is status.NOT_FOUND
    stale = await refused("DISCARD_TASK", team.po, feedback="It is not needed.", expected_version=7)
    assert stale[:2] == (status.ABORTED, ["STALE_VERSION"])
    assert (await refused("SING", team.po, command_id="once"))[2].duplicate is False
    assert (await refused("SING", team.po, command_id="once"))[2].duplicate is True
    assert (await refused("DISCARD_TASK", team.po, command_id="once"))[:2] == (status.ABORTED, ["COMMAND_ID_REUSED"])


async def test_bad_input_and_unknown_ids(planning: Any, workflow: Any, engine: Engine, team: Team, story: str) -> None:
    status = grpc.StatusCode
    task = await engine.items.create_task(story, "Tokens", workflow="task")
    strange = asked(task, "DISCARD_TASK", team.po)
    strange.inputs.fields["feedback"].Clear()
    infinite = asked(task, "DISCARD_TASK", team.po, {"feedback": float("inf")})
    calls = [
        (workflow.RequestAction(asked("", "X", "y")), status.INVALID_ARGUMENT, "item_id"),
        (workflow.RequestAction(asked(task, "", "y")), status.INVALID_ARGUMENT, "action"),
        (workflow.RequestAction(asked(task, "X", "")), status.INVALID_ARGUMENT, "actor_id"),
        (workflow.RequestAction(strange), status.INVALID_ARGUMENT, "no value"),
        (workflow.RequestAction(infinite), status.INVALID_ARGUMENT, ""),
        (workflow.RequestAction(asked(story, "SUBMIT", team.po)), status.NOT_FOUND, "planning"),
        (workflow.RequestAction(asked("nothing", "SUBMIT", team.po)), status.NOT_FOUND, "nothing"),
        (workflow.GetState(workflow_pb2.GetStateRequest(task_id="nothing")), status.NOT_FOUND, "nothing"),
        (workflow.GetState(workflow_pb2.GetStateRequest(task_id=story)), status.NOT_FOUND, "planning"),
        (workflow.GetState(workflow_pb2.GetStateRequest()), status.INVALID_ARGUMENT, "task_id"),
        (workflow.ListPendingTasks(workflow_pb2.ListPendingTasksRequest()), status.INVALID_ARGUMENT, "role"),
        (workflow.Claim(workflow_pb2.ClaimRequest(task_id="nothing", actor_id="x")), status.NOT_FOUND, "nothing"),
        (planning.TransitionStory(asked(task, "DISCARD_TASK", team.po)), status.NOT_FOUND, "workflow"),
        (planning.GetStory(planning_pb2.GetRequest(id=task)), status.NOT_FOUND, task),
        (planning.GetEpic(planning_pb2.GetRequest(id="nothing")), status.NOT_FOUND, "nothing"),
        (planning.ListTasks(planning_pb2.ListTasksRequest(story_id="nothing")), status.NOT_FOUND, "nothing"),
        (planning.CreateEpic(planning_pb2.CreateEpicRequest(title=" ")), status.INVALID_ARGUMENT, "title"),
        (planning.CreateStory(planning_pb2.CreateStoryRequest(title="x", id=story)), status.ABORTED, story),
        (planning.CreateStory(planning_pb2.CreateStoryRequest(title="x", epic_id="no")), status.NOT_FOUND, "no"),
        (planning.ApproveDecision(planning_pb2.DecisionRequest(story_id="no", actor_id="x")), status.NOT_FOUND, "no"),
        (planning.RejectDecision(planning_pb2.DecisionRequest(story_id=task, actor_id="x")), status.NOT_FOUND, "tasks"),
        (planning.RejectDecision(planning_pb2.DecisionRequest(story_id="no")), status.INVALID_ARGUMENT, "actor_id"),
    ]  # fmt: skip
    for call, code, part in calls:
        found = await failed(call)
        assert found[0] is code, found
        assert part in found[1]


async def test_health_follows_the_servers_behind(engine: Engine) -> None:
    there = True

    async def check() -> None:
        if not there:
            raise UnavailableError("away")

    async with listening(Service.WORKFLOW, engine, {"nats": check}, "127.0.0.1", 0) as address:
        async with grpc.aio.insecure_channel(address) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            seen = aiter(stub.Watch(health_pb2.HealthCheckRequest(service=Service.WORKFLOW.value)))
            async with asyncio.timeout(30):
                while (await anext(seen)).status != health_pb2.HealthCheckResponse.SERVING:
                    pass
                there = False
                assert (await anext(seen)).status == health_pb2.HealthCheckResponse.NOT_SERVING
                there = True
                assert (await anext(seen)).status == health_pb2.HealthCheckResponse.SERVING
            assert (await stub.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING


async def run_client(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "docs" / "rpc.py"), *arguments, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_client_of_the_docs_needs_no_stubs(served: Served, engine: Engine, team: Team, story: str) -> None:
    task = await engine.items.create_task(story, "Tokens", workflow="task", id=fresh("T"))
    code, out, err = await run_client(served.grpc_workflow or "")
    assert (code, err) == (0, "")
    assert {"stategate.workflow.v1.Workflow/Claim", "grpc.health.v1.Health/Check"} <= set(out.split())
    name = "stategate.workflow.v1.Workflow/GetState"
    code, out, err = await run_client(served.grpc_workflow or "", name, json.dumps({"task_id": task}))
    assert (code, json.loads(out)["state"]["name"]) == (0, "todo")
    wish = {"item_id": task, "action": "DISCARD_TASK", "actor_id": team.qa, "feedback": "It is not needed any more."}
    name = "stategate.workflow.v1.Workflow/RequestAction"
    code, _, err = await run_client(served.grpc_workflow or "", name, json.dumps(wish))
    told = json.loads(err)
    assert (code, told["code"], told["details"][0]["reasons"][0]["code"]) == (
        1, "PERMISSION_DENIED", "ROLE_NOT_ALLOWED",
    )  # fmt: skip
    assert told["details"][1]["reason"] == "ROLE_NOT_ALLOWED"


@asynccontextmanager
async def taken_port() -> AsyncIterator[int]:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_port_that_was_asked_for_must_be_free(settings: Settings, servers: Addresses) -> None:
    async with taken_port() as port:
        wish = settings.model_copy(update={"planning_grpc_port": port})
        with pytest.raises(SetupError, match=f"127.0.0.1:{port}.*STATEGATE_PLANNING_GRPC_PORT"):
            async with serving(wish, servers, parts=(Part.PLANNING,)):
                pass


async def test_a_port_that_nobody_asked_for_need_not(settings: Settings, servers: Addresses) -> None:
    wish = settings.model_copy()
    wish.model_fields_set.remove("planning_grpc_port")
    async with taken_port() as port:
        object.__setattr__(wish, "planning_grpc_port", port)
        async with serving(wish, servers, parts=(Part.PLANNING,), http=False) as running:
            assert running.grpc_planning not in {None, f"127.0.0.1:{port}"}
            assert running.grpc_workflow is None


def test_a_refusal_of_any_size_fits_into_a_header() -> None:
    huge = Decision(
        Outcome.REFUSED, "T", "c", 3,
        reasons=[Reason("GUARD_FAILED", "x" * 1000, "r" * 1000) for _ in range(50)],
        legal_actions=["A" * 200] * 100,
        remedies=[Remedy("WAIT", "y" * 2000)] * 50,
    )  # fmt: skip
    status = refusal(huge, duplicate=False)
    assert status.ByteSize() < 4_500
    told, info = answers_pb2.Refusal(), ErrorInfo()
    assert status.details[0].Unpack(told)
    assert status.details[1].Unpack(info)
    assert (told.version, len(told.reasons), info.reason) == (3, len(status.details) - 1, "GUARD_FAILED")


async def test_an_answer_of_any_size_and_letters_comes_through(
    planning: Any, workflow: Any, engine: Engine, team: Team, story: str
) -> None:
    long = "日" * 2_000
    code, message, _ = await failed(planning.GetStory(planning_pb2.GetRequest(id=long)))
    assert (code, "日" in message) == (grpc.StatusCode.NOT_FOUND, True)
    task = await engine.items.create_task(story, "Tokens", workflow="task")
    wish = asked(task, "日" * 300, team.po, command_id="命" * 120)
    code, _, told = await failed(workflow.RequestAction(wish))
    assert (code, told and told.reasons[0].code) == (grpc.StatusCode.NOT_FOUND, "UNKNOWN_ACTION")
