import datetime

from api.proto import answers_pb2 as _answers_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class Epic(_message.Message):
    __slots__ = ("id", "title", "description", "created_at", "labels", "archived", "author_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    title: str
    description: str
    created_at: _timestamp_pb2.Timestamp
    labels: _containers.RepeatedScalarFieldContainer[str]
    archived: bool
    author_id: str
    def __init__(self, id: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., labels: _Optional[_Iterable[str]] = ..., archived: _Optional[bool] = ..., author_id: _Optional[str] = ...) -> None: ...

class Story(_message.Message):
    __slots__ = ("id", "epic_id", "title", "description", "workflow", "state", "version", "acceptance_criteria", "story_points", "author_id", "owner_id", "assignee_id", "sprint_id", "released", "definition_of_ready", "created_at", "updated_at", "labels", "archived")
    ID_FIELD_NUMBER: _ClassVar[int]
    EPIC_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_CRITERIA_FIELD_NUMBER: _ClassVar[int]
    STORY_POINTS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_ID_FIELD_NUMBER: _ClassVar[int]
    SPRINT_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_OF_READY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    id: str
    epic_id: str
    title: str
    description: str
    workflow: str
    state: _answers_pb2.State
    version: int
    acceptance_criteria: _containers.RepeatedScalarFieldContainer[str]
    story_points: int
    author_id: str
    owner_id: str
    assignee_id: str
    sprint_id: str
    released: bool
    definition_of_ready: DefinitionOfReady
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    labels: _containers.RepeatedScalarFieldContainer[str]
    archived: bool
    def __init__(self, id: _Optional[str] = ..., epic_id: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., workflow: _Optional[str] = ..., state: _Optional[_Union[_answers_pb2.State, _Mapping]] = ..., version: _Optional[int] = ..., acceptance_criteria: _Optional[_Iterable[str]] = ..., story_points: _Optional[int] = ..., author_id: _Optional[str] = ..., owner_id: _Optional[str] = ..., assignee_id: _Optional[str] = ..., sprint_id: _Optional[str] = ..., released: _Optional[bool] = ..., definition_of_ready: _Optional[_Union[DefinitionOfReady, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., labels: _Optional[_Iterable[str]] = ..., archived: _Optional[bool] = ...) -> None: ...

class DefinitionOfReady(_message.Message):
    __slots__ = ("score", "missing")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    score: int
    missing: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, score: _Optional[int] = ..., missing: _Optional[_Iterable[str]] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("id", "story_id", "title", "description", "workflow", "state", "version", "priority", "attempt", "depends_on", "author_id", "owner_id", "assignee_id", "feedback", "created_at", "updated_at", "type", "estimate", "labels", "archived")
    ID_FIELD_NUMBER: _ClassVar[int]
    STORY_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_ID_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    id: str
    story_id: str
    title: str
    description: str
    workflow: str
    state: _answers_pb2.State
    version: int
    priority: int
    attempt: int
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    author_id: str
    owner_id: str
    assignee_id: str
    feedback: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    type: str
    estimate: float
    labels: _containers.RepeatedScalarFieldContainer[str]
    archived: bool
    def __init__(self, id: _Optional[str] = ..., story_id: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., workflow: _Optional[str] = ..., state: _Optional[_Union[_answers_pb2.State, _Mapping]] = ..., version: _Optional[int] = ..., priority: _Optional[int] = ..., attempt: _Optional[int] = ..., depends_on: _Optional[_Iterable[str]] = ..., author_id: _Optional[str] = ..., owner_id: _Optional[str] = ..., assignee_id: _Optional[str] = ..., feedback: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., type: _Optional[str] = ..., estimate: _Optional[float] = ..., labels: _Optional[_Iterable[str]] = ..., archived: _Optional[bool] = ...) -> None: ...

class CreateEpicRequest(_message.Message):
    __slots__ = ("title", "id", "description", "labels", "author_id")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    title: str
    id: str
    description: str
    labels: _containers.RepeatedScalarFieldContainer[str]
    author_id: str
    def __init__(self, title: _Optional[str] = ..., id: _Optional[str] = ..., description: _Optional[str] = ..., labels: _Optional[_Iterable[str]] = ..., author_id: _Optional[str] = ...) -> None: ...

class CreateStoryRequest(_message.Message):
    __slots__ = ("title", "id", "epic_id", "workflow", "state", "description", "acceptance_criteria", "story_points", "author_id", "owner_id", "labels")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    EPIC_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_CRITERIA_FIELD_NUMBER: _ClassVar[int]
    STORY_POINTS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_ID_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    title: str
    id: str
    epic_id: str
    workflow: str
    state: str
    description: str
    acceptance_criteria: _containers.RepeatedScalarFieldContainer[str]
    story_points: int
    author_id: str
    owner_id: str
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, title: _Optional[str] = ..., id: _Optional[str] = ..., epic_id: _Optional[str] = ..., workflow: _Optional[str] = ..., state: _Optional[str] = ..., description: _Optional[str] = ..., acceptance_criteria: _Optional[_Iterable[str]] = ..., story_points: _Optional[int] = ..., author_id: _Optional[str] = ..., owner_id: _Optional[str] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateTaskRequest(_message.Message):
    __slots__ = ("story_id", "title", "id", "workflow", "state", "description", "priority", "depends_on", "assignee_id", "author_id", "owner_id", "type", "estimate", "labels")
    STORY_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    story_id: str
    title: str
    id: str
    workflow: str
    state: str
    description: str
    priority: int
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    assignee_id: str
    author_id: str
    owner_id: str
    type: str
    estimate: float
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, story_id: _Optional[str] = ..., title: _Optional[str] = ..., id: _Optional[str] = ..., workflow: _Optional[str] = ..., state: _Optional[str] = ..., description: _Optional[str] = ..., priority: _Optional[int] = ..., depends_on: _Optional[_Iterable[str]] = ..., assignee_id: _Optional[str] = ..., author_id: _Optional[str] = ..., owner_id: _Optional[str] = ..., type: _Optional[str] = ..., estimate: _Optional[float] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...

class ListEpicsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEpicsResponse(_message.Message):
    __slots__ = ("epics", "next_page_token", "total")
    EPICS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    epics: _containers.RepeatedCompositeFieldContainer[Epic]
    next_page_token: str
    total: int
    def __init__(self, epics: _Optional[_Iterable[_Union[Epic, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total: _Optional[int] = ...) -> None: ...

class ListStoriesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "state", "sprint_id", "epic_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SPRINT_ID_FIELD_NUMBER: _ClassVar[int]
    EPIC_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    state: str
    sprint_id: str
    epic_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., state: _Optional[str] = ..., sprint_id: _Optional[str] = ..., epic_id: _Optional[str] = ...) -> None: ...

class ListStoriesResponse(_message.Message):
    __slots__ = ("stories", "next_page_token", "total")
    STORIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    stories: _containers.RepeatedCompositeFieldContainer[Story]
    next_page_token: str
    total: int
    def __init__(self, stories: _Optional[_Iterable[_Union[Story, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total: _Optional[int] = ...) -> None: ...

class ListTasksRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "story_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STORY_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    story_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., story_id: _Optional[str] = ...) -> None: ...

class ListTasksResponse(_message.Message):
    __slots__ = ("tasks", "next_page_token", "total")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[Task]
    next_page_token: str
    total: int
    def __init__(self, tasks: _Optional[_Iterable[_Union[Task, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total: _Optional[int] = ...) -> None: ...

class DecisionRequest(_message.Message):
    __slots__ = ("story_id", "actor_id", "comment", "command_id", "expected_version")
    STORY_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    story_id: str
    actor_id: str
    comment: str
    command_id: str
    expected_version: int
    def __init__(self, story_id: _Optional[str] = ..., actor_id: _Optional[str] = ..., comment: _Optional[str] = ..., command_id: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...
