"""Compares what was asked for with what was written and told, and says what does not agree."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from neo4j import AsyncDriver
from neo4j.exceptions import DriverError, Neo4jError

from consumers import doctor as bus
from consumers.bus import DURABLES
from consumers.streams import Streams
from graph.database import Database
from graph.doctor import Doctor
from tests.chaos.ledger import Answer, Asked, Ledger, Story
from tests.chaos.record import Event, Row, Stream, histories, waiting_events
from tests.chaos.replay import chain, replay
from tests.chaos.rulebook import awaited, is_final

CHANGED, REFUSED, ASSIGNED = "workflow.state.changed", "workflow.action.refused", "workflow.task.assigned"
COMPLETED = "workflow.story.tasks_completed"
MOVED, STORY_REFUSED = "planning.story.transitioned", "planning.action.refused"
PATIENCE = 240.0  # seconds in which everything must come to rest
_LOOK = 0.25


class Witness:
    """Reads everything by connections of its own."""

    def __init__(self, driver: AsyncDriver, connection: Client, ledger: Ledger) -> None:
        self._driver = driver
        self._connection = connection
        self._ledger = ledger
        self._told = {name: Stream(name) for name in ("WORKFLOW", "PLANNING")}
        self._work = Stream("AGENT_WORK")
        self._order: dict[str, dict[str, int]] = defaultdict(dict)
        self._by_item: dict[str, list[Event]] = defaultdict(list)
        self._applied = set[str]()

    @property
    def applied(self) -> int:
        """Commands that were applied, as far as they were looked at."""
        return len(self._applied)

    @property
    def events(self) -> int:
        return sum(len(events) for events in self._by_item.values())

    @property
    def repeated(self) -> int:
        return sum(stream.repeated for stream in self._told.values())

    async def quiet(self) -> list[str]:
        """Returns when nothing waits anywhere; what still waits when that took too long is a violation."""
        waits = "nothing"
        try:
            async with asyncio.timeout(PATIENCE):
                while waits := await self._waits():
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            return [f"half done: after {PATIENCE:.0f} s there still is {waits}"]
        return []

    async def _waits(self) -> str:
        """Looked at three times: an event may be on its way from the outbox to a consumer, or the other way."""
        try:
            return await self._unhandled() or await self._unpublished() or await self._unhandled()
        except (DriverError, Neo4jError, NatsError, APIError, OSError, TimeoutError) as error:
            return f"a server away ({type(error).__name__})"

    async def _unhandled(self) -> str:
        js = self._connection.jetstream()
        for kind, durable in DURABLES.items():
            info = await js.consumer_info(await js.find_stream_name_by_subject(kind.subject), durable)
            if info.num_pending or info.num_ack_pending:
                return f"{info.num_pending} messages pending and {info.num_ack_pending} in work at {durable}"
        return ""

    async def _unpublished(self) -> str:
        events = await waiting_events(self._driver)
        return f"{events} events in the outbox" if events else ""

    async def violations(self, stories: Sequence[str]) -> list[str]:
        """Of these stories, their tasks and what was asked of them, and of the bus and the graph as a whole."""
        found = [*await self._read(), *await self._dead(), *await self._doctor()]
        ids = [item for story in stories for item in (story, *self._ledger.stories[story].tasks)]
        rows = await histories(self._driver, ids)
        asked: dict[str, list[Asked]] = defaultdict(list)
        for command in self._ledger.commands.values():
            asked[command.item].append(command)
        for name in stories:
            story = self._ledger.stories[name]
            found += self._story(story, rows)
            for item in (name, *story.tasks):
                found += self._answers(item, asked[item], rows[item])
                found += self._order_kept(item, asked[item], rows[item])
            for task in story.tasks:
                found += chain(task, "task", rows[task]["changes"])
                found += replay(task, rows[task]["changes"], rows[task]["refusals"], self._ledger)
                found += self._task_told(task, rows[task])
        return found

    async def _read(self) -> list[str]:
        await self._work.read_on(self._connection)
        for event in self._work.events:
            command = event.body.get("command_id") or event.id
            self._order[event.body["task_id"]].setdefault(command, event.place)
        self._work.events.clear()
        found: list[str] = []
        for stream in self._told.values():
            await stream.read_on(self._connection)
            for event in stream.events:
                about = event.body.get("task_id") or event.body.get("story_id")
                self._by_item[str(about)].append(event)
            stream.events.clear()
            found += stream.contradictions
        return found

    async def _dead(self) -> list[str]:
        info = await self._connection.jetstream().stream_info("DEAD_LETTERS")
        return [f"dead: {info.state.messages} letters"] if info.state.messages else []

    async def _doctor(self) -> list[str]:
        streams = Streams(self._connection)
        checks = [*await Doctor(Database(self._driver)).examine(), *await bus.examine(streams)]
        return [
            f"doctor: {check.name}: {offender.name}: {offender.problem}"
            for check in checks
            for offender in check.offenders
        ]

    def _answers(self, item: str, asked: Sequence[Asked], row: Row) -> Iterator[str]:
        """Every accepted command has one answer, the one its client was given, and no other command has any."""
        given: dict[str, list[Answer]] = defaultdict(list)
        for change in row["changes"]:
            if change["command_key"]:
                hops = [one for one in row["changes"] if one["command_id"] == change["command_id"]]
                shown = tuple((hop["action"], hop["from"], hop["to"]) for hop in hops)
                given[change["command_id"]].append(("APPLIED", shown))
                self._applied.add(change["command_id"])
        for refusal in row["refusals"]:
            given[refusal["command_id"]].append(("REFUSED", tuple(sorted(set(refusal["codes"])))))
        for command in asked:
            answers = given.pop(command.id, [])
            if len(answers) != 1 and command.accepted:
                yield f"{item}: {command.id} has {len(answers)} answers: {answers}"
            if differing := [told for told in command.answers if told not in answers]:
                yield f"{item}: {command.id} was answered {differing[0]}, where {answers} is kept"
        for command_id in given:
            yield f"{item}: an answer to {command_id}, which nobody sent"

    def _order_kept(self, item: str, asked: Sequence[Asked], row: Row) -> Iterator[str]:
        """What came by the bus was decided in the order of the stream."""
        when = {change["command_id"]: (change["seq"] - 1, 1) for change in row["changes"] if change["command_key"]}
        when |= {refusal["command_id"]: (refusal["version"], 0) for refusal in row["refusals"]}
        by_bus = [command for command in asked if command.bus and command.accepted]
        places = self._order[item]
        for command in by_bus:
            if command.id not in places:
                yield f"{item}: {command.id} was confirmed by the bus, and is not in its stream"
        straight = sorted(
            (places[command.id], when[command.id], command.id)
            for command in by_bus
            if not command.crossed and command.id in when and command.id in places
        )
        for (_, before, first), (_, after, second) in pairwise(straight):
            if after < before:
                yield f"{item}: {second} was decided at {after}, {first}, sent before it, at {before}"

    def _task_told(self, task: str, row: Row) -> Iterator[str]:
        """Everything that happened to a task was told once, by one id, in order."""
        told = self._by_item[task]
        changes = row["changes"]
        wanted: list[tuple[Any, ...]] = [(one["seq"], 0, one["action"], one["from"], one["to"]) for one in changes]
        after = {one["seq"] - 1: one["command_id"] for one in changes}
        rests = [one for one in changes if after.get(one["seq"]) != one["command_id"]]
        wanted += [(one["seq"], 1, role, one["to"], "") for one in rests for role in awaited("task", one["to"])]
        found = [_entry(event) for event in told if event.subject in {CHANGED, ASSIGNED}]
        yield from _differences(task, Counter(wanted), Counter(found))
        if [(version, kind) for version, kind, *_ in found] != sorted((version, kind) for version, kind, *_ in found):
            yield f"{task}: told out of order: {[entry[:3] for entry in found]}"
        yield from self._refusals_told(task, row, REFUSED)

    def _refusals_told(self, item: str, row: Row, subject: str) -> Iterator[str]:
        versions = {refusal["command_id"]: refusal["version"] for refusal in row["refusals"]}
        told = [event.body["command_id"] for event in self._by_item[item] if event.subject == subject]
        yield from _differences(item, Counter(list(versions)), Counter(told))
        at = 0
        for event in self._by_item[item]:
            if event.subject == CHANGED:
                at = event.body["version"]
            elif event.subject == subject and versions.get(event.body["command_id"], at) != at:
                yield f"{item}: the refusal of {event.body['command_id']} was told at version {at}"

    def _story(self, story: Story, rows: dict[str, Row]) -> Iterator[str]:
        row, told = rows[story.id], self._by_item[story.id]
        if sorted(row["tasks"]) != sorted(story.tasks):
            yield f"{story.id}: its tasks are {row['tasks']}, where {story.tasks} were named"
            return
        states = {task: rows[task]["states"] for task in story.tasks}
        closed = all(len(state) == 1 and is_final("task", state[0]) for state in states.values())
        done = sum(state == ["done"] for state in states.values())
        completions = [event.body for event in told if event.subject == COMPLETED]
        if len(completions) != int(closed and done > 0):
            yield f"{story.id}: completed {len(completions)} times, where its tasks are {states}"
        if completions and (completions[0]["done"], completions[0]["cancelled"]) != (done, len(states) - done):
            yield f"{story.id}: completed as {completions[0]}, where its tasks are {states}"
        if not row["released"]:
            yield f"{story.id}: is not released"
        if closed:
            pass
        elif not any(rows[task]["changes"] for task in story.tasks):
            yield f"{story.id}: is released, and nothing of it was begun"
        if not story.inside:
            return
        yield from chain(story.id, "story", row["changes"])
        started = any(rows[task]["changes"] and _entered_work(rows[task]) for task in story.tasks)
        wanted = "READY_TO_REVIEW" if closed and done else "IN_PROGRESS" if started else "READY_FOR_EXECUTION"
        if row["states"] != [wanted]:
            yield f"{story.id}: is in {row['states']}, where its tasks make it {wanted}"
        moved = [
            (event.body["version"], event.body["action"], event.body["from_state"], event.body["to_state"])
            for event in told
            if event.subject == MOVED
        ]
        if moved != [(one["seq"], one["action"], one["from"], one["to"]) for one in row["changes"]]:
            yield f"{story.id}: told {moved}, where its history is {row['changes']}"
        yield from self._refusals_told(story.id, row, STORY_REFUSED)


def _entry(event: Event) -> tuple[Any, ...]:
    body = event.body
    if event.subject == CHANGED:
        return body["version"], 0, body["action"], body["from_state"], body["to_state"]
    return body["version"], 1, body["role"], body["state"], ""


def _entered_work(row: Row) -> bool:
    return any(change["to"] == "implementing" for change in row["changes"])


def _differences(item: str, wanted: Counter[Any], found: Counter[Any]) -> Iterator[str]:
    if missing := wanted - found:
        yield f"{item}: never told: {sorted(missing)}"
    if more := found - wanted:
        yield f"{item}: told though it did not happen, or by two ids: {sorted(more)}"
