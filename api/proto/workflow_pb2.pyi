from api.proto import answers_pb2 as _answers_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStateRequest(_message.Message):
    __slots__ = ("task_id", "actor_id")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    actor_id: str
    def __init__(self, task_id: _Optional[str] = ..., actor_id: _Optional[str] = ...) -> None: ...

class TaskState(_message.Message):
    __slots__ = ("task_id", "story_id", "title", "workflow", "state", "version", "attempt", "assignee_id", "feedback", "awaits", "actions")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STORY_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_ID_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    AWAITS_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    story_id: str
    title: str
    workflow: str
    state: _answers_pb2.State
    version: int
    attempt: int
    assignee_id: str
    feedback: str
    awaits: _containers.RepeatedCompositeFieldContainer[_answers_pb2.Awaits]
    actions: _containers.RepeatedCompositeFieldContainer[OfferedAction]
    def __init__(self, task_id: _Optional[str] = ..., story_id: _Optional[str] = ..., title: _Optional[str] = ..., workflow: _Optional[str] = ..., state: _Optional[_Union[_answers_pb2.State, _Mapping]] = ..., version: _Optional[int] = ..., attempt: _Optional[int] = ..., assignee_id: _Optional[str] = ..., feedback: _Optional[str] = ..., awaits: _Optional[_Iterable[_Union[_answers_pb2.Awaits, _Mapping]]] = ..., actions: _Optional[_Iterable[_Union[OfferedAction, _Mapping]]] = ...) -> None: ...

class OfferedAction(_message.Message):
    __slots__ = ("name", "allowed", "reasons", "inputs_schema")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    name: str
    allowed: bool
    reasons: _containers.RepeatedCompositeFieldContainer[_answers_pb2.Reason]
    inputs_schema: str
    def __init__(self, name: _Optional[str] = ..., allowed: _Optional[bool] = ..., reasons: _Optional[_Iterable[_Union[_answers_pb2.Reason, _Mapping]]] = ..., inputs_schema: _Optional[str] = ...) -> None: ...

class ListPendingTasksRequest(_message.Message):
    __slots__ = ("role", "page_size", "page_token")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    role: str
    page_size: int
    page_token: str
    def __init__(self, role: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPendingTasksResponse(_message.Message):
    __slots__ = ("tasks", "next_page_token", "total")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[TaskState]
    next_page_token: str
    total: int
    def __init__(self, tasks: _Optional[_Iterable[_Union[TaskState, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total: _Optional[int] = ...) -> None: ...

class ClaimRequest(_message.Message):
    __slots__ = ("task_id", "actor_id", "command_id", "expected_version")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    actor_id: str
    command_id: str
    expected_version: int
    def __init__(self, task_id: _Optional[str] = ..., actor_id: _Optional[str] = ..., command_id: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...
