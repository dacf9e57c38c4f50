"""A backlog file, read as a stream: lines, and an item together with the history that stands behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pydantic import ValidationError

from graph.transfer.report import UNREADABLE, Bad
from graph.transfer.rows import KINDS, PARSER, Actor, Change, Epic, Sprint, Story, Task

LONGEST = 8 * 2**20
"""Bytes of a line."""
_MOST = 50  # fields of a line of which it is told what is wrong
_QUOTED = 60  # characters of a value that a message repeats


@dataclass(slots=True)
class Line:
    """One line: `row` when it is right, else what is wrong with it; `offset` and `size` in bytes."""

    number: int
    offset: int
    size: int
    row: Actor | Epic | Sprint | Story | Task | Change | None = None
    kind: str = UNREADABLE
    id: str | None = None
    problems: list[Bad] = field(default_factory=list)

    def blame(self, message: str, name: str | None = None) -> None:
        self.problems.append(Bad(self.number, self.kind, self.id, name, message))


@dataclass(slots=True)
class Unit:
    """What is imported whole or not at all: a row, or an item with the changes behind it."""

    head: Line
    changes: list[Line] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        return [self.head, *self.changes]

    @property
    def size(self) -> int:
        return sum(line.size for line in self.lines)

    @property
    def problems(self) -> list[Bad]:
        return [problem for line in self.lines for problem in line.problems]

    @property
    def history(self) -> list[Change]:
        return [line.row for line in self.changes if isinstance(line.row, Change)]


def lines(
    file: BinaryIO,
    wanted: Callable[[int], bool] = lambda number: True,
    passed: Callable[[int], None] = lambda offset: None,
    number: int = 1,
) -> Iterator[Line]:
    """The lines from where the file stands; of those that are not `wanted`, or are empty, there are none.

    `passed` is told how many bytes are behind.
    """
    offset = file.tell()
    while data := file.readline(LONGEST + 1):
        begin, whole = offset, len(data) <= LONGEST
        offset += len(data)
        if not whole:
            while not data.endswith(b"\n") and (data := file.readline(LONGEST)):
                offset += len(data)
        passed(offset)
        line = Line(number, begin, offset - begin)
        if wanted(number):
            if not whole:
                line.size = 0
                line.blame(f"is longer than {LONGEST} bytes")
                yield line
            elif text := data.removeprefix(b"\xef\xbb\xbf" if begin == 0 else b"").strip():
                _read(line, text)
                yield line
        number += 1


def units(found: Iterator[Line]) -> Iterator[Unit]:
    """Lines, those of one item together; a change that stands elsewhere is a unit of its own, and bad."""
    unit: Unit | None = None
    for line in found:
        if line.kind != "change":
            if unit:
                yield unit
            unit = Unit(line)
        elif unit and unit.head.kind in {"story", "task"} and line.id == unit.head.id is not None:
            unit.changes.append(line)
        else:
            if unit:
                yield unit
            unit = None
            line.blame("a change stands right behind its item and the changes before it", "item_id")
            yield Unit(line)
    if unit:
        yield unit


def check_history(unit: Unit) -> None:
    """Blames lines for what does not follow: seq 1, 2, 3 …, each `from` where the one before it ended."""
    head = unit.head.row
    if not isinstance(head, Story | Task):
        return
    if any(line.row is None for line in unit.changes):
        return
    history = unit.history
    if "version" in head.model_fields_set and head.version != len(history):
        unit.head.blame(
            f"is {head.version}, but {len(history)} changes follow; without a history leave out version and began_in",
            "version",
        )
    if not history:
        if head.began_in not in {None, head.state}:
            unit.head.blame(f"is '{head.began_in}', but no change leads from there to the state", "began_in")
        return
    if isinstance(head, Story) and head.external:
        unit.head.blame("a story that another program keeps has no history here", "external")
    at = head.began_in or history[0].from_
    for place, (line, change) in enumerate(zip(unit.changes, history, strict=True), start=1):
        if change.seq != place:
            line.blame(f"is {change.seq}; it must be {place}, the number of this change", "seq")
            return
        if change.from_ != at and change.accepted_by is None:
            line.blame(f"is '{change.from_}', but the item was in '{at}'", "from")
        at = change.to
    if head.state != at:
        unit.head.blame(f"is {_quote(head.state)}, but the last change led to '{at}'", "state")


def _read(line: Line, data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line.blame(f"is not UTF-8, at byte {error.start + 1}")
        return
    try:
        line.row = PARSER.validate_json(data)
        line.kind, line.id = line.row.kind, line.row.item_id if isinstance(line.row, Change) else line.row.id
    except ValidationError as error:
        line.kind, line.id = _what(data)
        for name, message in _messages(line.kind, error).items():
            line.blame(message, name)


def _what(data: bytes) -> tuple[str, str | None]:
    """The kind and the id of a row that is wrong, as far as it says them."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return UNREADABLE, None
    if not isinstance(found, dict) or not isinstance(found.get("kind"), str) or found["kind"] not in KINDS:
        return UNREADABLE, None
    id = found.get("item_id" if found["kind"] == "change" else "id")
    return found["kind"], id if isinstance(id, str) else None


def _messages(kind: str, error: ValidationError) -> dict[str | None, str]:
    """What is wrong with each field, and what would be right; of very many no more than are of use."""
    found: dict[str | None, str] = {}
    for detail in error.errors(include_url=False):
        name = str(detail["loc"][1]) if len(detail["loc"]) > 1 else None
        found[name] = _message(kind, detail["type"], detail["msg"], detail["input"])
        if len(found) == _MOST:
            break
    return found


def _message(kind: str, type: str, said: str, value: Any) -> str:
    if type == "missing":
        return "is missing"
    if type == "extra_forbidden":
        names = [info.alias or name for name, info in KINDS[kind].model_fields.items()]
        return f"is no field of this kind; there are {', '.join(names)}"
    if type == "json_invalid":
        return f"is no JSON: {said.removeprefix('Invalid JSON: ').replace(' at line 1 column', ', at character')}"
    if type.startswith("union_tag") or type in {"dict_type", "model_type", "model_attributes_type"}:
        return f"must be an object whose kind is one of {', '.join(KINDS)}"
    said = said.removeprefix("Value error, ").replace("Input should", "must")
    return said if said.startswith("is ") else f"{said}, not {_quote(value)}"


def _quote(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]} …"
