"""The look through a backlog file before anything is written: which rows are new, there already, or bad, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from graph.database import Database, Row
from graph.errors import ConflictError
from graph.transfer.lines import Line, Unit, check_history, lines, units
from graph.transfer.order import order
from graph.transfer.reading import read_rows
from graph.transfer.report import Bad, Different, Report
from graph.transfer.rows import Actor, Epic, Sprint, Story, Task

BATCH = 500
"""Rows that go to the graph together."""
_BYTES = 2**21  # of their lines, at the most, but for a row that has more alone
_SKIP, _NEW, _LATE = 0, 1, 2
_DECLARED = "role:"  # ids of actors who stand for a role that a message declared
_ANYONE = "*"
_SPACES = {"actor": "actor", "epic": "work", "sprint": "sprint", "story": "work", "task": "work"}
_WORK = ("epic", "story", "task")
_A = {"epic": "an epic", "story": "a story", "task": "a task"}

Head = Actor | Epic | Sprint | Story | Task


def batches(found: Iterable[Unit]) -> Iterator[list[Unit]]:
    """Units that go to the graph together, with some thousands of changes at the most, but for one that has more."""
    batch: list[Unit] = []
    rows = size = 0
    for unit in found:
        batch.append(unit)
        rows, size = rows + 1 + len(unit.changes) // 8, size + unit.size
        if rows >= BATCH or size >= _BYTES:
            yield batch
            batch, rows, size = [], 0, 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a task stands in the file."""

    number: int
    offset: int
    changes: list[int]
    """The numbers of the lines of its history."""


@dataclass(slots=True)
class _There:
    """What the graph has of what a batch names; `rows` are those that are there already, `{kind: {id: fields}}`."""

    named: dict[str, set[str]]
    roles: set[str]
    archived: set[str]
    """Epics that take no stories."""
    ended: set[str]
    """Sprints that take no stories."""
    closed: set[str]
    """Stories that take no work that is not closed itself."""
    deleted: set[str]
    """Stories and tasks that a hand has deleted, whose changes are there still."""
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)


class Examination:
    """What is known of a file. It keeps ids and numbers of lines, none of the rows."""

    def __init__(self, db: Database, file: BinaryIO, mark: str, report: Report) -> None:
        self._db = db
        self._file = file
        self.mark = mark
        """Which file it is, by what stands in it."""
        self._report = report
        self._fate = bytearray(1)  # by the number of the line
        self._named: dict[str, dict[str, int]] = {"actor": {}, "sprint": {}, "work": {}}
        """Where the file names an id first."""
        self._right: dict[str, set[str]] = {"actor": set(), "epic": set(), "sprint": set(), "story": set()}
        """What is there, or will be, when the row that is looked at is written."""
        self._past: set[str] = set()
        """Sprints that have ended, and of which the file says so itself: what stands in them tells of the past."""
        self._tasks: dict[str, int] = {}
        """New ones, with the numbers of their lines."""
        self._old_tasks: set[str] = set()
        self._depends_on: dict[str, list[str]] = {}
        self._places: dict[str, _Place] = {}
        """Where those stand that depend on others."""
        self._flows: dict[tuple[str, str], Row] = {}
        self.late: list[str] = []
        """Tasks that are created after all others, in this order."""

    async def run(self, told: Callable[[int], None], *, stops: bool) -> bool:
        """Looks at all rows; False when `stops` and one is bad, at which it ends."""
        self._file.seek(0)
        for batch in batches(units(lines(self._file, passed=told))):
            await self._judge(batch)
            if stops and self._report.bad:
                return False
        self._settle_tasks()
        return not (stops and self._report.bad)

    def new(self, told: Callable[[int], None]) -> Iterator[list[Unit]]:
        """The new rows once more, in an order in which each comes after what it names.

        Raises:
            ConflictError: they are not what they were.
        """
        self._file.seek(0)
        yield from batches(map(_unchanged, units(lines(self._file, self._is(_NEW), told))))
        yield from batches(_unchanged(self._again(id)) for id in self.late)

    def _is(self, fate: int) -> Callable[[int], bool]:
        return lambda number: number < len(self._fate) and self._fate[number] == fate

    def sent(self, unit: Unit) -> Row:
        """A new row as the statements take it."""
        row = unit.head.row
        sent: Row = row.sent() if row else {}
        if isinstance(row, Story | Task):
            history = unit.history
            if sent["workflow"] is not None:
                sent["own"]["version"] = len(history)
                sent["state"] = self._state(row)
                if history:
                    sent["own"].setdefault("began_in", history[0].from_)
            sent["line"] = unit.head.number
            sent["is_past"] = isinstance(row, Story) and row.sprint_id in self._past
        return sent

    def stories(self) -> list[str]:
        """The stories that may have new work to begin: those of the file, and those its new tasks belong to."""
        return sorted(self._right["story"])

    def _again(self, id: str) -> Unit | None:
        place = self._places[id]
        self._file.seek(place.offset)
        return next(units(lines(self._file, self._is(_LATE), number=place.number)), None)

    async def _judge(self, batch: list[Unit]) -> None:
        there = await self._look(batch)
        for unit in batch:
            check_history(unit)
            head = unit.head
            self._fate.extend(bytes(max(0, unit.lines[-1].number + 1 - len(self._fate))))
            if head.id is not None and head.kind in _SPACES:
                first = self._named[_SPACES[head.kind]].setdefault(head.id, head.number)
                if first != head.number:
                    head.blame(f"'{head.id}' is the id of line {first} too; each stands once", "id")
            old = there.rows.get(head.kind, {}).get(head.id or "")
            row = head.row
            if old is None and isinstance(row, Head):
                self._judge_new(unit, row, there)
            if unit.problems:
                self._spoil(unit.lines, unit.problems)
            elif isinstance(row, Head):
                self._accept(unit, row, old)

    async def _look(self, batch: list[Unit]) -> _There:
        """All that the rows of a batch name, in one question, and the rows that are there, in one for each kind."""
        ids: dict[str, set[str]] = {kind: set() for kind in _SPACES}
        named: dict[str, set[str]] = {kind: set() for kind in _SPACES}
        roles: set[str] = set()
        flows: set[tuple[str, str]] = set()
        for unit in batch:
            row = unit.head.row
            if not isinstance(row, Head):
                continue
            ids[row.kind].add(row.id)
            for _, kind, id in _references(row):
                named[kind].add(id)
            named["actor"].update(change.actor_id for change in unit.history if change.actor_id is not None)
            if isinstance(row, Actor):
                roles.update(row.roles)
            if isinstance(row, Story | Task):
                flows.add((row.workflow, row.kind))
            for kind in _others(row):
                named[kind].add(row.id)
            if isinstance(row, Task):
                named["task"].update(row.depends_on)
        [found] = await self._db.read_newest(
            "transfer/there",
            actors=list(named["actor"]),
            roles=list(roles),
            epics=list(named["epic"]),
            sprints=list(named["sprint"]),
            stories=list(named["story"]),
            tasks=list(named["task"]),
            items=list(ids["story"] | ids["task"]),
            flows=[{"name": name, "item": item} for name, item in flows],
            file=self.mark,
        )
        self._flows |= {(flow["name"], flow["item"]): flow for flow in found["flows"]}
        plural = {"actor": "actors", "epic": "epics", "sprint": "sprints", "story": "stories", "task": "tasks"}
        there = _There(
            {kind: set(found[name]) for kind, name in plural.items()},
            set(found["roles"]),
            set(found["archived"]),
            set(found["ended"]),
            set(found["closed"]),
            set(found["deleted"]),
        )
        self._old_tasks |= there.named["task"]
        for kind, wanted in ids.items():
            rows = await read_rows(self._db.read_newest, kind, sorted(wanted), history=False)
            there.rows[kind] = {row.id: row.row for row in rows}
        return there

    def _judge_new(self, unit: Unit, row: Head, there: _There) -> None:
        """Blames its lines for what it names that is not there, or cannot be."""
        head = unit.head
        for kind in _others(row):
            if row.id in there.named[kind]:
                head.blame(f"'{row.id}' is the id of {_A[kind]} in the graph; take another id", "id")
        if row.kind in {"story", "task"} and row.id in there.deleted:
            head.blame(
                "changes of an item of this id, which was deleted by hand, are there still; delete them first", "id"
            )
        for name, kind, id in _references(row):
            self._check_reference(head, name, kind, id, there)
        for line, change in zip(unit.changes, unit.history, strict=False):
            if change.actor_id is not None:
                self._check_reference(line, "actor_id", "actor", change.actor_id, there)
        if isinstance(row, Actor):
            _check_actor(head, row, there.roles)
        if isinstance(row, Story | Task):
            self._check_state(head, row)
        self._check_parent(head, row, there)

    def _check_reference(self, line: Line, name: str, kind: str, id: str, there: _There) -> None:
        if id in self._right[kind] or id in there.named[kind]:
            return
        above = self._named[_SPACES[kind]].get(id)
        where = f"line {above}, which has that id, is none" if above else "put its row there first"
        line.blame(f"there is no {kind} '{id}', neither in the graph nor above this line; {where}", name)

    def _check_state(self, head: Line, row: Story | Task) -> None:
        if isinstance(row, Story) and row.external:
            if row.state is not None:
                head.blame("a story that another program keeps has no state here", "state")
            if row.fired:
                head.blame("nobody does anything here with a story that another program keeps", "fired")
            return
        flow = self._flows.get((row.workflow, row.kind))
        if flow is None:
            head.blame(f"there is no workflow '{row.workflow}' for a {row.kind}; import its rules first", "workflow")
        elif row.state is None and flow["first"] is None:
            head.blame(f"'{row.workflow}' has no initial state", "workflow")
        elif row.state is not None and row.state not in flow["states"]:
            states = ", ".join(flow["states"])
            head.blame(f"'{row.state}' is no state of '{row.workflow}'; there are {states}", "state")

    def _check_parent(self, head: Line, row: Head, there: _There) -> None:
        """By file as by hand: what is closed takes nothing new."""
        if isinstance(row, Story) and row.epic_id in there.archived:
            head.blame(f"the epic '{row.epic_id}' is archived, and takes no stories; unarchive it first", "epic_id")
        if isinstance(row, Story) and row.sprint_id in there.ended - self._past:
            head.blame(f"the sprint '{row.sprint_id}' has ended, and takes no stories", "sprint_id")
        if isinstance(row, Task) and row.story_id in there.closed:
            flow = self._flows.get((row.workflow, row.kind))
            if flow is None or row.state not in flow["final"]:
                head.blame(f"the story '{row.story_id}' is in a final state, and takes no open tasks", "story_id")

    def _state(self, row: Story | Task) -> str:
        state: str = row.state or self._flows[row.workflow, row.kind]["first"]
        return state

    def _accept(self, unit: Unit, row: Head, old: Row | None) -> None:
        if row.kind in self._right:
            self._right[row.kind].add(row.id)
        if isinstance(row, Task) and row.story_id is not None:
            self._right["story"].add(row.story_id)
        if isinstance(row, Sprint) and row.state == "closed" and (old is None or _same_end(row, old)):
            self._past.add(row.id)
        for line in unit.lines:
            tally = self._report.of(line.kind)
            if old is None:
                tally.created += 1
                self._fate[line.number] = _NEW
            else:
                tally.there += 1
        if old is not None:
            if isinstance(row, Task):
                self._old_tasks.add(row.id)
            # Beside a history `fired` says what that does not, and what is there was read without one.
            if fields := [name for name in row.differs(old) if name != "fired" or not unit.changes]:
                self._report.of(row.kind).different += 1
                self._report.different.append(Different(unit.head.number, row.kind, row.id, fields))
        elif isinstance(row, Task):
            self._tasks[row.id] = unit.head.number
            if row.depends_on:
                self._depends_on[row.id] = row.depends_on
                changes = [line.number for line in unit.changes]
                self._places[row.id] = _Place(unit.head.number, unit.head.offset, changes)

    def _spoil(self, found: list[Line], problems: list[Bad]) -> None:
        """All lines of a unit are bad, and each is named."""
        self._report.bad += problems
        named = {problem.line for problem in problems}
        for line in found:
            self._report.of(line.kind).bad += 1
            if line.number not in named:
                why = f"it goes with line {problems[0].line}, which is bad"
                self._report.bad.append(Bad(line.number, line.kind, line.id, None, why))

    def _settle_tasks(self) -> None:
        """Says which tasks come late, and which cannot come at all for what they depend on."""
        found = order(self._depends_on, self._tasks, self._old_tasks.__contains__)
        for id, message in found.bad.items():
            place = self._places[id]
            bad = Bad(place.number, "task", id, "depends_on", message)
            rows = [Line(place.number, place.offset, 0, None, "task", id)]
            rows += [Line(number, 0, 0, None, "change", id) for number in place.changes]
            for line in rows:
                self._fate[line.number] = _SKIP
                self._report.of(line.kind).created -= 1
            self._spoil(rows, [bad])
        for id in found.late:
            for number in (self._places[id].number, *self._places[id].changes):
                self._fate[number] = _LATE
        self.late = found.late
        self._report.bad.sort(key=lambda bad: bad.line)


def _unchanged(unit: Unit | None) -> Unit:
    """Rows that were right when they were looked at are right, unless somebody writes into the file."""
    if unit is None or unit.problems or not isinstance(unit.head.row, Head):
        raise ConflictError("The file was changed while it was imported; import it again.")
    return unit


def _others(row: Head) -> list[str]:
    """The kinds of which nothing may have the id of this row, beside its own."""
    return [kind for kind in _WORK if row.kind in _WORK and kind != row.kind]


def _references(row: Head) -> Iterator[tuple[str, str, str]]:
    """What a row names that must be there before it: the field, the kind and the id."""
    for name, kind in _NAMES.items():
        id = getattr(row, name, None)
        if id is not None:
            yield name, kind, id
    if isinstance(row, Story):
        for stay in row.stays:
            yield "stays", "sprint", stay.sprint_id
            for id in (stay.entered_by, stay.left_by):
                if id is not None:
                    yield "stays", "actor", id
    if isinstance(row, Story | Task):
        yield from (("fired", "actor", one.actor_id) for one in row.fired)


def _same_end(row: Sprint, old: Row) -> bool:
    return old.get("state") == row.state and old.get("closed_at") == row.closed_at


_NAMES = {
    "epic_id": "epic",
    "sprint_id": "sprint",
    "sprint_entered_by": "actor",
    "story_id": "story",
    "author_id": "actor",
    "owner_id": "actor",
    "assignee_id": "actor",
}


def _check_actor(head: Line, row: Actor, roles: set[str]) -> None:
    for role in row.roles:
        if role == _ANYONE:
            head.blame(f"'{_ANYONE}' is the role of every known actor; it is not granted", "roles")
        elif role not in roles:
            head.blame(f"no rule knows the role '{role}'; import rules that name it first", "roles")
    if row.id.startswith(_DECLARED) and (row.actor_kind != "agent" or row.roles != [row.id[len(_DECLARED) :]]):
        head.blame(f"ids that begin with '{_DECLARED}' are of agents who have that one role", "id")
