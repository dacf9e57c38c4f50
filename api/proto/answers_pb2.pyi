from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ActionRequest(_message.Message):
    __slots__ = ("item_id", "action", "actor_id", "command_id", "expected_version", "feedback", "inputs", "dry_run")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    action: str
    actor_id: str
    command_id: str
    expected_version: int
    feedback: str
    inputs: _struct_pb2.Struct
    dry_run: bool
    def __init__(self, item_id: _Optional[str] = ..., action: _Optional[str] = ..., actor_id: _Optional[str] = ..., command_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., feedback: _Optional[str] = ..., inputs: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class State(_message.Message):
    __slots__ = ("name", "kind")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: str
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ...) -> None: ...

class Hop(_message.Message):
    __slots__ = ("action", "from_state", "to_state", "automatic")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    FROM_STATE_FIELD_NUMBER: _ClassVar[int]
    TO_STATE_FIELD_NUMBER: _ClassVar[int]
    AUTOMATIC_FIELD_NUMBER: _ClassVar[int]
    action: str
    from_state: str
    to_state: str
    automatic: bool
    def __init__(self, action: _Optional[str] = ..., from_state: _Optional[str] = ..., to_state: _Optional[str] = ..., automatic: _Optional[bool] = ...) -> None: ...

class Awaits(_message.Message):
    __slots__ = ("role", "actions")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    role: str
    actions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, role: _Optional[str] = ..., actions: _Optional[_Iterable[str]] = ...) -> None: ...

class Applied(_message.Message):
    __slots__ = ("item_id", "command_id", "version", "hops", "awaits", "duplicate")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HOPS_FIELD_NUMBER: _ClassVar[int]
    AWAITS_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    command_id: str
    version: int
    hops: _containers.RepeatedCompositeFieldContainer[Hop]
    awaits: _containers.RepeatedCompositeFieldContainer[Awaits]
    duplicate: bool
    def __init__(self, item_id: _Optional[str] = ..., command_id: _Optional[str] = ..., version: _Optional[int] = ..., hops: _Optional[_Iterable[_Union[Hop, _Mapping]]] = ..., awaits: _Optional[_Iterable[_Union[Awaits, _Mapping]]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("code", "message", "rule")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    rule: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., rule: _Optional[str] = ...) -> None: ...

class Remedy(_message.Message):
    __slots__ = ("kind", "text", "action", "role", "actor_id", "input")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    text: str
    action: str
    role: str
    actor_id: str
    input: str
    def __init__(self, kind: _Optional[str] = ..., text: _Optional[str] = ..., action: _Optional[str] = ..., role: _Optional[str] = ..., actor_id: _Optional[str] = ..., input: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("item_id", "command_id", "version", "reasons", "legal_actions", "remedies", "duplicate")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    LEGAL_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    REMEDIES_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    command_id: str
    version: int
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    legal_actions: _containers.RepeatedScalarFieldContainer[str]
    remedies: _containers.RepeatedCompositeFieldContainer[Remedy]
    duplicate: bool
    def __init__(self, item_id: _Optional[str] = ..., command_id: _Optional[str] = ..., version: _Optional[int] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., legal_actions: _Optional[_Iterable[str]] = ..., remedies: _Optional[_Iterable[_Union[Remedy, _Mapping]]] = ..., duplicate: _Optional[bool] = ...) -> None: ...
