"""People and agents at work: random commands on many items, mostly right, by both doors, some of them sent again."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from neo4j import AsyncDriver
from neo4j.exceptions import DriverError, Neo4jError

from tests.chaos.doors import Doors
from tests.chaos.ledger import Asked, Ledger, Story
from tests.chaos.rulebook import asked as offers
from tests.chaos.rulebook import is_final, oracle, rulebook
from tests.property.oracle import Item, Oracle, Rule

WORDS = "Please handle the empty list."
AT_ONCE = 24  # commands on their way
_WRONG, _AGAIN = 0.1, 0.12  # how many are not right, how many are followed by one that is sent again
_WEIGHTS = {"REJECT_DESIGN": 0.15, "REJECT_TESTS": 0.15, "REJECT_STORY": 0.1, "CLAIM_REVIEW": 0.3, "CLAIM_TESTING": 0.3}
_LONG = 16  # commands on one task; what is not finished by then stays so
_LOOK = 0.25  # seconds between two looks whether stories are released
_PLAN = ["SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"]
_RELEASED = (
    "UNWIND $ids AS id MATCH (s:Story {id: id, released: true})-[:HAS_TASK]->(t:Item) RETURN s.id AS id, "
    "count(t) AS tasks"
)
_CREATE_STORY = """
mutation($id: ID!, $author: ID!) {
  createStory(id: $id, title: "As user, I want to sign in", description: "Sign-in by short-lived tokens",
    acceptanceCriteria: ["A token expires"], storyPoints: 3, authorId: $author) { id } }
"""
_CREATE_TASK = (
    'mutation($story: ID!, $id: ID!) { createTask(storyId: $story, id: $id, title: "Work", priority: 2) { id } }'
)


@dataclass(slots=True)
class Walk:
    """A task on its way, as far as its client can know."""

    item: str
    share: float  # of its commands that go by the bus
    steps: int = 0


class Load:
    """Sends commands. What it does follows from the seed alone, as far as answers come in the same order."""

    def __init__(self, doors: Doors, driver: AsyncDriver, ledger: Ledger, seed: int, mark: str) -> None:
        self._doors = doors
        self._driver = driver
        self._ledger = ledger
        self._random = random.Random(seed)
        self._mark = mark
        self._oracle: Oracle = oracle("task", ledger.people)
        self._free: list[Walk] = []
        self._waiting: dict[str, Story] = {}
        self._news = asyncio.Condition()
        self._recent: list[Asked] = []
        self.accepted = 0

    async def people(self) -> None:
        """Three of each role, and two who may hand in and review, but not both on one task."""
        team = [[role] for role in ("developer", "architect", "qa", "po") for _ in range(3)]
        for number, roles in enumerate([*team, ["developer", "architect"], ["developer", "qa"]]):
            actor = f"{self._mark}-{'-'.join(roles)}-{number}"
            await self._doors.ask(
                "mutation($id: ID!, $roles: [String!]) { createActor(id: $id, kind: AGENT, roles: $roles) { id } }",
                id=actor,
                roles=roles,
            )
            self._ledger.people[actor] = ("agent", set(roles))
        await self._doors.ask('mutation($id: ID!) { createSprint(id: $id, name: "Sprint") { id } }', id=self._sprint)
        self._oracle = oracle("task", self._ledger.people)

    @property
    def _sprint(self) -> str:
        return f"{self._mark}-sprint"

    async def plan(self, count: int) -> None:
        """So many stories of our own, from their drafts; while nothing is away, as creating is not repeatable."""
        for _ in range(count):
            story = self._story(inside=True)
            await self._doors.ask(_CREATE_STORY, id=story.id, author=self._someone("po"))
            for task in story.tasks:
                await self._doors.ask(_CREATE_TASK, story=story.id, id=task)
            await self._doors.ask(
                "mutation($story: ID!, $sprint: ID!) { assignToSprint(storyId: $story, sprintId: $sprint) { id } }",
                story=story.id,
                sprint=self._sprint,
            )
            for action in _PLAN:
                await self._send(self._asked(story.id, action, self._someone("po"), {}, None, bus=False))
            self._waiting[story.id] = story

    async def issue(self, count: int, rate: float) -> None:
        """So many commands, `rate` a second at the most; returns when each is accepted."""
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch())
            slots = asyncio.Semaphore(AT_ONCE)
            steps: set[asyncio.Task[None]] = set()
            due = monotonic()
            for _ in range(count):
                await slots.acquire()
                step = group.create_task(self._step())
                steps.add(step)
                step.add_done_callback(lambda _: slots.release())
                due = max(due + 1 / rate, monotonic() - 1)
                await asyncio.sleep(max(0.0, due - monotonic()))
            await asyncio.wait(steps)
            watching.cancel()

    async def until(self, accepted: int) -> None:
        """Returns when so many commands were accepted, since the beginning."""
        async with self._news:
            await self._news.wait_for(lambda: self.accepted >= accepted)

    async def _step(self) -> None:
        walk = await self._take()
        asked = self._next(walk)
        await self._send(asked)
        async with self._news:
            self.accepted += 1
            self._news.notify_all()
        walk.steps += 1
        if walk.steps < _LONG and not is_final("task", self._oracle.items[walk.item].state):
            async with self._news:
                self._free.append(walk)
                self._news.notify_all()
        if self._random.random() < _AGAIN:
            again = self._random.choice(self._recent)
            await self._doors.send(again, bus=self._random.random() < 0.6)

    async def _send(self, asked: Asked) -> None:
        self._ledger.commands[asked.id] = asked
        self._ledger.touched.add(self._ledger.story_of(asked.item).id)
        if item := self._oracle.items.get(asked.item):
            before = item.state
            answer = self._oracle.decide(asked.item, asked.action, asked.actor, asked.id, asked.expected, asked.inputs)
            if asked.action == "START_WORK" and before == "todo":
                item.state = "implementing"  # the system may have been quicker, which comes to the same
            await self._doors.send(asked, bus=asked.bus)
            if asked.answers and asked.answers[0][0] == "APPLIED" != answer.outcome:
                item.state = asked.answers[0][1][-1][2]
        else:
            await self._doors.send(asked, bus=asked.bus)
        self._recent = [*self._recent[-300:], asked]

    async def _take(self) -> Walk:
        """A task nobody is busy with; another story is begun when there are few."""
        if len(self._free) < AT_ONCE // 2 and len(self._waiting) < AT_ONCE // 2:
            story = self._story(inside=False)
            self._waiting[story.id] = story
            body = {"story_id": story.id, "from_state": "PLANNED", "to_state": "READY_FOR_EXECUTION"}
            await self._doors.publish("planning.story.transitioned", body | {"tasks": story.tasks})
        async with self._news:
            await self._news.wait_for(lambda: bool(self._free))
            return self._free.pop(self._random.randrange(len(self._free)))

    async def _watch(self) -> None:
        """Agents hear of released tasks; here the graph is looked at, so that the load does not lean on the events."""
        while True:
            with suppress(DriverError, Neo4jError, OSError):
                if self._waiting:
                    await self._release()
            await asyncio.sleep(_LOOK)

    async def _release(self) -> None:
        async with self._driver.session() as session:
            result = await session.run(_RELEASED, ids=sorted(self._waiting))
            released = {row["id"]: row["tasks"] async for row in result}
        for story in [self._waiting[one] for one in sorted(released)]:
            if released[story.id] == len(story.tasks):
                del self._waiting[story.id]
                await self._begin(story)

    async def _begin(self, story: Story) -> None:
        async with self._news:
            for task in story.tasks:
                self._oracle.items[task] = Item("todo", {"released": True, "open_dependencies": 0})
                share = self._random.choice([1.0, 1.0, 1.0, 0.0, 0.0, 0.8])
                self._free.append(Walk(task, share))
            self._news.notify_all()

    def _story(self, *, inside: bool) -> Story:
        name = f"{self._mark}-{'us' if inside else 'ext'}-{len(self._ledger.stories)}"
        tasks = [f"{name}/{number}" for number in range(self._random.randint(1, 4))]
        story = self._ledger.stories[name] = Story(name, tasks, inside)
        self._ledger.touched.add(name)
        return story

    def _next(self, walk: Walk) -> Asked:
        item = self._oracle.items[walk.item]
        rule = self._rule(item)
        expected = None
        inputs = self._inputs(rule)
        action, actor = rule["action"], self._actor(walk.item, rule)
        if self._random.random() < _WRONG:
            wrong = self._random.choice(["actor", "action", "inputs", "version", "nobody", "unknown"])
            if wrong == "actor":
                actor = self._random.choice(sorted(self._ledger.people))
            elif wrong == "action":
                other = self._random.choice(rulebook("task")["transitions"])
                action, inputs = other["action"], self._inputs(other)
            elif wrong == "inputs":
                inputs = {}
            elif wrong == "version":
                expected = 99
            elif wrong == "nobody":
                actor = "nobody"
            else:
                action = "DANCE"
        return self._asked(walk.item, action, actor, inputs, expected, bus=self._random.random() < walk.share)

    def _rule(self, item: Item) -> Rule:
        rules = offers("task", item.state)
        if not rules or self._random.random() < 0.02:
            return next(rule for rule in rulebook("task")["transitions"] if rule["from"] == "*")
        return self._random.choices(rules, [_WEIGHTS.get(rule["action"], 1.0) for rule in rules])[0]

    def _actor(self, item: str, rule: Rule) -> str:
        """Somebody who may, where there is one."""
        can = [actor for actor in sorted(self._ledger.people) if rule["action"] in self._oracle.legal(item, actor)]
        return self._random.choice(can) if can else self._someone(rule.get("roles", ["po"])[0])

    def _someone(self, role: str) -> str:
        return self._random.choice(sorted(one for one, (_, roles) in self._ledger.people.items() if role in roles))

    def _inputs(self, rule: Rule) -> dict[str, Any]:
        return {given["name"]: "5f1d3ac" if given["name"] == "commit_sha" else WORDS for given in rule["inputs"]}

    def _asked(
        self, item: str, action: str, actor: str, inputs: dict[str, Any], expected: int | None, *, bus: bool
    ) -> Asked:
        number = len(self._ledger.commands)
        header = bus and self._random.random() < 0.3
        return Asked(f"{self._mark}-c{number}", item, action, actor, inputs, expected, bus, header)
