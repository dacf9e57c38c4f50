"""What is measured with: people, and items that take one walk again and again, as `seed/bench.yaml` says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from graph.database import Row
from graph.decision import Command
from graph.engine import Engine
from stategate.bench.errors import BenchError

PREFIX = "bench-"
BATCH = 10_000  # items, actors or events made or taken away in one transaction
PER_STORY = 10


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(_Part):
    id: str
    kind: str
    roles: list[str]


class Place(_Part):
    workflow: str
    state: str


class Step(_Part):
    """One action of the walk."""

    actor: str
    action: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    feedback: str | None = None

    def command(self, item_id: str, command_id: str | None = None) -> Command:
        return Command(item_id, self.action, self.actor, command_id, feedback=self.feedback, inputs=self.inputs)


class Plan(_Part):
    task: Place
    story: Place
    people: list[Person]
    walk: list[Step]
    reader: str
    crowd: list[str]


def load() -> Plan:
    """The shipped plan."""
    text = resources.files("seed").joinpath("bench.yaml").read_text("utf-8")
    return Plan.model_validate(yaml.safe_load(text))


async def until_gone(forget: Callable[[], Awaitable[list[Row]]]) -> None:
    """Has some forgotten until there are no more."""
    while (await forget())[0]["forgotten"]:
        pass


class Walkers:
    """Items that take the walk side by side."""

    def __init__(self, walk: list[Step], ids: list[str]) -> None:
        self.walk = walk
        self.ids = ids
        self._step = 0
        self._at = 0

    @property
    def step(self) -> Step:
        """What comes next."""
        return self.walk[self._step]

    def take(self, most: int) -> tuple[Step, list[str]]:
        """The next items, and the step they all have to take next; no item comes again before all have come."""
        step = self.step
        taken = self.ids[self._at : self._at + most]
        self._at += len(taken)
        if self._at >= len(self.ids):
            self._at, self._step = 0, (self._step + 1) % len(self.walk)
        return step, taken


class World:
    """The graph that is measured on, as it is filled and emptied."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.engine = engine
        self.plan = plan
        self._groups = 0

    @classmethod
    async def open(cls, engine: Engine) -> World:
        """With its people in it."""
        plan = load()
        for person in plan.people:
            await engine.people.create(person.id, person.kind, person.roles)
        return cls(engine, plan)

    async def walkers(self, count: int) -> Walkers:
        """New items at the beginning of the walk."""
        self._groups += 1
        prefix = f"{PREFIX}{self._groups}-"
        await self.fill(prefix, 0, count)
        return Walkers(self.plan.walk, [f"{prefix}{number}" for number in range(count)])

    async def fill(
        self, prefix: str, start: int, end: int, *, per_story: int = PER_STORY, epic: str | None = None
    ) -> None:
        """Makes tasks, and the stories they are of."""
        places = {"task": self.plan.task.model_dump(), "story": self.plan.story.model_dump()}
        for first in range(start, end, BATCH):
            last = min(end, first + BATCH)
            await self.engine.db.write(
                "bench/items", prefix=prefix, start=first, end=last, size=per_story, epic=epic, **places
            )

    async def empty(self, prefix: str) -> None:
        """Takes such tasks and stories away."""
        db = self.engine.db
        await until_gone(lambda: db.write("bench/forget_items", prefix=prefix, limit=BATCH // PER_STORY))

    async def forget_events(self) -> None:
        """Takes away all that waits to be published."""
        await until_gone(lambda: self.engine.db.write("bench/forget_events", limit=BATCH))

    async def decide(self, walkers: Walkers, most: int) -> int:
        """Has the next items take their step, in one transaction; how many there were."""
        step, ids = walkers.take(most)
        answers = await self.engine.gate.decide([step.command(item) for item in ids])
        for answer in answers:
            if not answer.hops:
                raise BenchError(f"'{step.actor}' could not do '{step.action}': {answer.reasons}")
        return len(ids)
