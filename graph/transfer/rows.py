"""The rows of a backlog file: their kinds, and every field there is, in the order in which it is written.

A field is either a property of the node, of the same name, or named in `beside`: then it is an edge, a property of an
edge, or a label, and the statements of `cypher/transfer` know it. A field whose name ends in `at` is a time.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from neo4j.time import DateTime
from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, StringConstraints, TypeAdapter

from graph.database import Row
from graph.events import Number
from graph.items import STORY_WORKFLOW, TASK_WORKFLOW
from graph.limits import (
    LARGEST,
    NAMED,
    Criteria,
    Estimate,
    Id,
    Labels,
    NewId,
    Points,
    Priority,
    Text,
    Title,
    Type,
    no_repeats,
)
from graph.rank_keys import is_ahead, is_key

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT)([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(0\d|1[0-8]):([0-5]\d))"
)


def canonical(text: str) -> str:
    """A time the way all are written: in UTC, with its digits after the second as far as they say something.

    Raises:
        ValueError: it is none.
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("must be a time with a zone, like 2026-11-26T09:00:00Z")
    day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}{hour}:{minute}:{second or '00'}+00:00")
        if sign:
            at -= (1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes))
    except (ValueError, OverflowError) as error:
        raise ValueError("is at no time the calendar has") from error
    fraction = (fraction or "").rstrip("0")
    return f"{at:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + (f".{fraction}" if fraction else "") + "Z"


def to_time(text: str) -> DateTime:
    """A canonical time as the driver takes it, to the nanosecond."""
    date, _, clock = text[:-1].partition("T")
    hms, _, fraction = clock.partition(".")
    year, month, day = map(int, date.split("-"))
    hour, minute, second = map(int, hms.split(":"))
    return DateTime(year, month, day, hour, minute, second, int(fraction.ljust(9, "0")) if fraction else 0, UTC)


def of_time(value: Any) -> Any:
    """A time of the graph, written; what somebody put there instead of one is left as it is."""
    if not isinstance(value, DateTime):
        return value
    if value.utcoffset():
        value = value.astimezone(UTC)
    year, month, day = value.year_month_day
    hour, minute, second, nanosecond = value.hour_minute_second_nanosecond
    fraction = f"{nanosecond:09}".rstrip("0")
    clock = f"{hour:02}:{minute:02}:{second:02}" + (f".{fraction}" if fraction else "")
    return f"{year:04}-{month:02}-{day:02}T{clock}Z"


def is_time(name: str) -> bool:
    return name == "at" or name.endswith("_at")


def _key(text: str) -> str:
    if not is_key(text):
        raise ValueError("must be a key as rankStory makes them; without one the story goes to the end")
    if is_ahead(text):
        raise ValueError("is behind the places of whatever is new; without one the story goes to the end")
    return text


def _storable(inputs: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(inputs, allow_nan=False)
    except ValueError as error:
        raise ValueError("must be an object of JSON values") from error
    return inputs


At = Annotated[str, AfterValidator(canonical)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=NAMED)]
Ids = Annotated[list[Id], FailFast(), AfterValidator(no_repeats)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Key = Annotated[str, AfterValidator(_key)]
_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Part(BaseModel):
    """An object in a field that is `beside`."""

    model_config = _STRICT

    def sent(self) -> Row:
        return {name: _sent(name, value) for name, value in self}

    @classmethod
    def told(cls, value: Row) -> Row:
        return {name: of_time(value[name]) for name in cls.model_fields if value.get(name) is not None}


class Stay(Part):
    """A stay in a sprint that has ended."""

    sprint_id: Id
    entered_at: At | None = None
    entered_by: Id | None = None
    left_at: At | None = None
    left_by: Id | None = None
    points: Points | None = None


class Fired(Part):
    """How often an actor has done something, of which no change tells, and when last, if anybody knows."""

    actor_id: Id
    action: Name
    times: Annotated[int, Field(ge=1, le=LARGEST)] = 1
    last_at: At | None = None


def _once(fired: list[Fired]) -> list[Fired]:
    if len({(one.actor_id, one.action) for one in fired}) < len(fired):
        raise ValueError("must name each action of an actor once, with how many times")
    return fired


class Decision(Part):
    """What a hop decided and was told under an id; all else of it is said by its change."""

    id: Id
    kind: Name


Did = Annotated[list[Fired], FailFast(), AfterValidator(_once)]


def _sent(name: str, value: Any) -> Any:
    """A value as a statement takes it."""
    if isinstance(value, Part):
        return value.sent()
    if isinstance(value, list):
        return [_sent("", one) for one in value]
    return to_time(value) if value is not None and is_time(name) else value


def _told(part: type[Part] | None, value: Any) -> Any:
    """A value of the graph as it is written."""
    if part is None:
        return of_time(value)
    return [part.told(one) for one in value] if isinstance(value, list) else part.told(value)


class _Told(NamedTuple):
    """What is known of a field when a row is made of a node, or the other way round."""

    name: str
    beside: bool
    required: bool
    default: Any


class BacklogRow(BaseModel):
    """One line of the file."""

    model_config = _STRICT

    beside: ClassVar[frozenset[str]]
    parts: ClassVar[dict[str, type[Part]]] = {}

    kind: str

    @classmethod
    @cache
    def fields(cls) -> tuple[_Told, ...]:
        return tuple(
            _Told(
                name,
                name in cls.beside,
                field.is_required(),
                field.get_default(call_default_factory=True),
            )
            for name, field in cls.model_fields.items()
            if name != "kind"
        )

    def sent(self) -> Row:
        """As a statement takes it: what is `beside`, and the properties as `own`."""
        own: Row = {}
        row: Row = {"own": own}
        for field in self.fields():
            value = _sent(field.name, getattr(self, field.name))
            if field.beside or field.name == "id":
                row[field.name] = value
            if not field.beside and value is not None:
                own[field.name] = value
        return row

    @classmethod
    def told(cls, own: Row, beside: Row) -> Row:
        """What the graph says of one, by the names of the fields; what is not there, or as by default, is left out."""
        found: Row = {}
        for field in cls.fields():
            value = (beside if field.beside else own).get(field.name)
            if value is not None and (field.required or value != field.default):
                found[field.name] = _told(cls.parts.get(field.name), value)
        return found

    def differs(self, told: Row) -> list[str]:
        """The fields in which this row says something else than the graph; what it does not say is not compared."""
        found = []
        for field in self.fields():
            if field.name not in self.model_fields_set:
                continue
            mine, theirs = getattr(self, field.name), told.get(field.name, field.default)
            if field.beside and isinstance(mine, list):
                mine = [one.model_dump(exclude_none=True) if isinstance(one, Part) else one for one in mine]
                mine, theirs = sorted(mine, key=str), sorted(theirs, key=str)
            if mine != theirs:
                found.append(field.name)
        return found


class Actor(BacklogRow):
    beside = frozenset({"actor_kind", "roles"})

    kind: Literal["actor"]
    id: NewId
    actor_kind: Literal["human", "agent", "service"]
    roles: Ids = Field(default_factory=list)
    created_at: At | None = None


class Epic(BacklogRow):
    beside = frozenset({"author_id"})

    kind: Literal["epic"]
    id: NewId
    title: Title
    description: Text | None = None
    labels: Labels = Field(default_factory=list)
    author_id: Id | None = None
    archived_at: At | None = None
    created_at: At | None = None
    updated_at: At | None = None


class Sprint(BacklogRow):
    beside = frozenset()

    kind: Literal["sprint"]
    id: NewId
    name: Title
    state: Literal["planned", "active", "closed"] = "planned"
    capacity: Points | None = None
    starts_at: At | None = None
    ends_at: At | None = None
    started_at: At | None = None
    closed_at: At | None = None
    created_at: At | None = None


class Story(BacklogRow):
    beside = frozenset(
        {"epic_id", "sprint_id", "sprint_entered_at", "sprint_entered_by", "sprint_points", "stays"}
        | {"external", "state", "author_id", "owner_id", "assignee_id", "fired"}
    )
    parts = {"stays": Stay, "fired": Fired}

    kind: Literal["story"]
    id: NewId
    epic_id: Id | None = None
    sprint_id: Id | None = None
    sprint_entered_at: At | None = None
    sprint_entered_by: Id | None = None
    sprint_points: Points | None = None
    stays: Annotated[list[Stay], FailFast()] = Field(default_factory=list)
    external: bool = False
    workflow: Name = STORY_WORKFLOW
    state: Name | None = None
    version: Count = 0
    began_in: Name | None = None
    began_at: At | None = None
    title: Title
    description: Text | None = None
    acceptance_criteria: Criteria = Field(default_factory=list)
    story_points: Points | None = None
    rank_key: Key | None = None
    labels: Labels = Field(default_factory=list)
    author_id: Id | None = None
    owner_id: Id | None = None
    assignee_id: Id | None = None
    fired: Did = Field(default_factory=list)
    released: bool | None = None
    rework: Count = 0
    feedback: str | None = None
    archived_at: At | None = None
    created_at: At | None = None
    updated_at: At | None = None
    entered_at: At | None = None
    started_at: At | None = None
    done_at: At | None = None
    tasks_completed_at: At | None = None

    def sent(self) -> Row:
        sent = super().sent()
        if self.external:
            # One that another program keeps has no state here, and nothing that goes with it.
            for name in ("workflow", "version", "rework"):
                del sent["own"][name]
            sent["workflow"] = None
        else:
            sent["workflow"] = self.workflow
        return sent


class Task(BacklogRow):
    beside = frozenset({"story_id", "state", "depends_on", "author_id", "owner_id", "assignee_id", "fired"})
    parts = {"fired": Fired}

    kind: Literal["task"]
    id: NewId
    story_id: Id | None = None
    workflow: Name = TASK_WORKFLOW
    state: Name | None = None
    version: Count = 0
    began_in: Name | None = None
    title: Title
    description: Text | None = None
    type: Type | None = None
    estimate: Estimate | None = None
    priority: Priority | None = None
    rank: Annotated[int | float, Field(ge=-(2**31), le=2**31)] | None = None
    labels: Labels = Field(default_factory=list)
    depends_on: Ids = Field(default_factory=list)
    author_id: Id | None = None
    owner_id: Id | None = None
    assignee_id: Id | None = None
    fired: Did = Field(default_factory=list)
    rework: Count = 0
    feedback: str | None = None
    archived_at: At | None = None
    created_at: At | None = None
    updated_at: At | None = None
    entered_at: At | None = None
    started_at: At | None = None
    done_at: At | None = None

    def sent(self) -> Row:
        return super().sent() | {"workflow": self.workflow}


class Change(BacklogRow):
    """One entry of a history; it stands behind its item, after those before it."""

    beside = frozenset({"decision"})
    parts = {"decision": Decision}

    kind: Literal["change"]
    item_id: Id
    seq: Annotated[Number, Field(ge=1)]
    action: Name
    from_: Name = Field(alias="from")
    to: Name
    automatic: bool = False
    actor_id: Id | None = None
    role: Name | None = None
    command_id: Annotated[str, StringConstraints(max_length=1500)] | None = None
    rule_version: Number | None = None
    unadopted: bool | None = None
    at: At
    feedback: str | None = None
    inputs: Annotated[dict[str, Any], AfterValidator(_storable)] | None = None
    accepted_by: str | None = None
    decision: Decision | None = None

    def sent(self) -> Row:
        own: Row = super().sent()["own"]
        own["from"] = own.pop("from_")
        if self.inputs is not None:
            own["inputs"] = json.dumps(self.inputs, sort_keys=True, ensure_ascii=False)
        return own

    @classmethod
    def told(cls, own: Row, beside: Row) -> Row:
        inputs = own.get("inputs")
        # Text that somebody put there by hand is written as it is, and the import names it.
        with suppress(ValueError, TypeError):
            inputs = json.loads(json.dumps(json.loads(inputs or ""), sort_keys=True))
        found = super().told(own | {"from_": own.get("from"), "inputs": inputs}, beside)
        return {name.rstrip("_"): value for name, value in found.items()}


KINDS: dict[str, type[BacklogRow]] = {
    "actor": Actor,
    "epic": Epic,
    "sprint": Sprint,
    "story": Story,
    "task": Task,
    "change": Change,
}
PARSER: TypeAdapter[Actor | Epic | Sprint | Story | Task | Change] = TypeAdapter(
    Annotated[Actor | Epic | Sprint | Story | Task | Change, Field(discriminator="kind")]
)


def line(kind: str, told: Row) -> str:
    """A row as it stands in the file, with the end of its line; what a hand has made no value of JSON is a text."""
    return json.dumps({"kind": kind} | told, ensure_ascii=False, default=_odd) + "\n"


def _odd(value: Any) -> str:
    # The driver has no value for a time in the year 10000, say.
    return str(value.iso_format()) if hasattr(value, "iso_format") else "unreadable"
