"""The events other programs send us, as the contract names them; unknown extra fields are ignored."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from graph.derivation import MOST, Wanted
from graph.limits import Estimate, Id, Labels, NewId, Priority, Text, Title, Type
from graph.work import TaskSeed

Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""The integers of Neo4j."""

MOST_TASKS = 10_000
"""Tasks of one event; far more than a story has, and what is told of one names them all."""


def problems(error: ValidationError) -> str:
    """What is wrong, for people."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'the body'}: {problem['msg']}"
        for problem in error.errors(include_url=False)[:5]
    )


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class HeardEvent(_Part):
    """One that is listened to, on its subject."""

    subject: ClassVar[str]


class ListedTask(_Part):
    """A task of a story: its id, and what else is known of it."""

    id: NewId
    title: Title | None = None
    priority: Priority | None = None
    depends_on: list[Id] = Field(default_factory=list)

    @field_validator("title", mode="before")
    @classmethod
    def _blank_is_none(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value

    def seed(self) -> TaskSeed:
        return TaskSeed(self.id, self.title, self.priority, self.depends_on)


_Tasks = Annotated[list[NewId | ListedTask], Field(max_length=MOST_TASKS)]


class StoryTransitioned(HeardEvent):
    """A story has entered `to_state`; `tasks` are ids or objects."""

    subject = "planning.story.transitioned"

    story_id: NewId
    to_state: str = Field(min_length=1)
    from_state: str | None = None
    tasks: list[ListedTask] = Field(default_factory=list, max_length=MOST_TASKS)

    @field_validator("tasks", mode="before", json_schema_input_type=_Tasks | None)
    @classmethod
    def _ids_or_objects(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return [] if value is None else value
        return [{"id": task} if isinstance(task, str) else task for task in value]


def _also_taken(schema: dict[str, Any]) -> None:
    """What pydantic tells nobody: another name, and a field that is not looked at."""
    schema["properties"]["agent_id"] = {"type": ["string", "null"], "description": "taken as actor_id"}
    schema["properties"]["timestamp"] = {"description": "when it was done; not looked at"}


class WorkCompleted(HeardEvent):
    """An agent, or a declared role, asks for an action on a task.

    Without an actor it is refused, unless a declared role is trusted.
    """

    subject = "agent.work.completed"

    model_config = ConfigDict(json_schema_extra=_also_taken)

    task_id: str = Field(min_length=1)
    action: str = Field(min_length=1)
    actor_id: str | None = Field(None, validation_alias=AliasChoices("actor_id", "agent_id"))
    actor_role: str | None = None
    feedback: str | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    command_id: str | None = None
    expected_version: Number | None = None

    @field_validator("inputs", mode="before", json_schema_input_type=dict[str, Any] | None)
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class StateChanged(HeardEvent):
    """A task has made a hop; of a task without a story nothing follows."""

    subject = "workflow.state.changed"

    task_id: str
    story_id: str | None = None


class TasksCompleted(HeardEvent):
    """Every task of a story is closed."""

    subject = "workflow.story.tasks_completed"

    story_id: str = Field(min_length=1)


class DerivedTask(_Part):
    """A task that somebody derives of a story. Without an id, the same title of the same story is the same task."""

    title: Title
    id: NewId | None = None
    description: Text | None = None
    type: Type | None = None
    estimate: Estimate | None = Field(None, description="hours")
    priority: Priority | None = None
    labels: Labels = Field(default_factory=list)
    depends_on: list[Id] = Field(default_factory=list)

    def wanted(self) -> Wanted:
        return Wanted(**dict(self))


def _titles_too(value: Any) -> Any:
    return {"title": value} if isinstance(value, str) else value


DerivedTasks = Annotated[
    list[Annotated[DerivedTask, BeforeValidator(_titles_too, json_schema_input_type=str | DerivedTask)]],
    Field(min_length=1, max_length=MOST),
]
"""What a deriver answers: tasks, or titles of them."""


class DerivationCompleted(HeardEvent):
    """The tasks that a deriver outside makes of a story, as it was asked."""

    subject = "planning.derivation.completed"

    request_id: Id
    story_id: Id
    tasks: DerivedTasks


ACCEPTED: list[type[HeardEvent]] = [WorkCompleted, StoryTransitioned, DerivationCompleted]
"""Those that other programs may send."""
