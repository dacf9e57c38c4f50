"""The events we tell, as the contract names them: what is written into the outbox, by the subject it is published on.

The statements write them; that they write this and nothing else is looked at on every message the tests hear.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from graph.changing import ByHand


class Told(BaseModel):
    """What has no value is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: ClassVar[str]


class ToldReason(BaseModel):
    """Why not: a code of docs/refusals.md, a sentence, and the rule it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    message: str
    rule: str | None


class ToldRemedy(BaseModel):
    """A change that would make it legal, as a sentence and in parts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["ADD_INPUT", "OTHER_ACTOR", "STEP_FIRST", "GRANT_ROLE", "WAIT"]
    text: str
    action: str | None
    role: str | None
    actor_id: str | None
    input: str | None


class TaskAssigned(Told):
    """A task waits for a role: once for each role that its state awaits."""

    subject = "workflow.task.assigned"

    task_id: str
    story_id: str = Field(default_factory=str, description="absent for a task without a story")
    role: str
    action: str = Field(
        default_factory=str, description="what is expected first; absent when the role can do nothing there"
    )
    actions: list[str] = Field(description="all that is legal for the role")
    state: str
    version: int = Field(description="of the task")
    attempt: int = Field(description="1, and one more for each time it was sent back")
    feedback: str = Field(default_factory=str, description="what is to be mended")
    assignee: str = Field(default_factory=str, description="an actor's id")


class _Hop(Told):
    from_state: str
    to_state: str
    action: str
    actor_id: str
    actor_role: str = Field(default_factory=str, description="the role it was done by")
    automatic: bool
    version: int = Field(description="of the item, after it")
    command_id: str
    rule_version: int = Field(
        default_factory=int, description="of the workflow; absent when its rules were never published"
    )
    feedback: str = Field(default_factory=str)


class StateChangedTold(_Hop):
    """A task has made a hop."""

    subject = "workflow.state.changed"

    task_id: str
    story_id: str = Field(default_factory=str, description="absent for a task without a story")


class StoryTransitionedTold(_Hop):
    """A story has made a hop."""

    subject = "planning.story.transitioned"

    story_id: str
    transitioned_by: str = Field(description="an actor's id")
    tasks: list[str] = Field(description="the ids of its tasks, by rank")


class _Refused(Told):
    action: str
    actor_id: str = Field(default_factory=str, description="absent when nobody was named")
    reasons: list[ToldReason]
    legal_actions: list[str] = Field(description="what this actor may do now")
    remedies: list[ToldRemedy]
    command_id: str
    story_id: str = Field(default_factory=str)


class TaskActionRefused(_Refused):
    """An action on a task, or on an item nobody knows, was refused, through whichever door it came."""

    subject = "workflow.action.refused"

    task_id: str


class StoryActionRefused(_Refused):
    """An action on a story was refused, through whichever door it came."""

    subject = "planning.action.refused"

    story_id: str


class TasksCompletedTold(Told):
    """Every task of a story is closed, and one of them is done: once per completion."""

    subject = "workflow.story.tasks_completed"

    story_id: str
    all_tasks_status: Literal["done"]
    done: int
    cancelled: int


class RulesChanged(Told):
    """The rules of a workflow have a new version."""

    subject = "workflow.rules.changed"

    workflow: str
    version: int
    by: str = Field(description="an actor's id")
    how: Literal["published", "adopted"] = Field(description="adopted: from an edit of the graph by hand")


class StoryCreated(Told):
    """There is a new story."""

    subject = "planning.story.created"

    story_id: str
    epic_id: str = Field(default_factory=str)
    title: str
    created_by: str = Field(default_factory=str, description="an actor's id; absent when nobody was named")


class TasksDerived(Told):
    """A story has new tasks."""

    subject = "planning.task.derived"

    story_id: str
    tasks: list[str] = Field(description="the ids of the new ones")


class DerivationRequested(Told):
    """Tasks of a story are asked of a deriver outside, who answers on `planning.derivation.completed`."""

    subject = "planning.derivation.requested"

    request_id: str = Field(description="to be given back with the answer")
    story_id: str
    title: str
    description: str = Field(default_factory=str)
    acceptance_criteria: list[str]
    story_points: int = Field(default_factory=int)
    tasks: list[str] = Field(description="the ids of those it has, by rank")


class ItemChanged(Told):
    """A story or a task was changed by hand: edited, moved to another parent, ranked, or archived."""

    subject = "planning.item.changed"

    story_id: str = Field(default_factory=str, description="absent for a task without a story")
    task_id: str = Field(default_factory=str, description="absent for a story")
    action: ByHand
    actor_id: str = Field(default_factory=str, description="absent when it was the operator")
    version: int = Field(description="of the item, after it")


class _Decided(Told):
    story_id: str = Field(default_factory=str)
    task_id: str = Field(default_factory=str)
    decision_id: str
    decided_by: str = Field(description="an actor's id")
    comment: str


class DecisionApproved(_Decided):
    """A product owner has said yes."""

    subject = "planning.decision.approved"


class DecisionRejected(_Decided):
    """A product owner has said no."""

    subject = "planning.decision.rejected"


PUBLISHED: list[type[Told]] = [
    TaskAssigned,
    StateChangedTold,
    TaskActionRefused,
    TasksCompletedTold,
    RulesChanged,
    StoryCreated,
    StoryTransitionedTold,
    StoryActionRefused,
    TasksDerived,
    DerivationRequested,
    ItemChanged,
    DecisionApproved,
    DecisionRejected,
]
EMITTED: type[Told] = _Decided
"""What a rule emits on any other subject."""
