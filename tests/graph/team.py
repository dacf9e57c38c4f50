"""One person for each role of the shipped task rules, and the steps they take again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graph.decision import Decision
from graph.work import TaskSeed, Work
from tests.graph.world import World, unique

WORDS = "Please handle the empty list."
RELEASING = "READY_FOR_EXECUTION"


@dataclass(frozen=True, slots=True)
class Team:
    world: World
    work: Work
    developer: str
    architect: str
    qa: str
    po: str

    @classmethod
    async def open(cls, world: World) -> Team:
        people = [await world.actor(role, kind="agent") for role in ("developer", "architect", "qa", "po")]
        return cls(world, Work(world.db, world.gate), *people)

    async def released(self, *tasks: TaskSeed) -> str:
        """A story from outside that becomes ready, with its tasks; the first of them is begun."""
        story = unique("story")
        await self.work.story_transitioned(story, RELEASING, tasks)
        return story

    async def task(self) -> str:
        """The one task of a story, in the developer's hands."""
        task = unique("task")
        await self.released(TaskSeed(task))
        assert await self.world.state(task) == "implementing"
        return task

    async def commit(self, task: str, **more: Any) -> Decision:
        return await self.world.applied(task, "COMMIT_CODE", self.developer, commit_sha=unique("sha"), **more)

    async def reviewed(self, task: str) -> None:
        """Committed, approved by the architect and by QA."""
        await self.commit(task)
        await self.world.applied(task, "APPROVE_DESIGN", self.architect)
        await self.world.applied(task, "APPROVE_TESTS", self.qa)

    async def finish(self, task: str) -> None:
        """All the way from the developer's hands to done."""
        await self.reviewed(task)
        await self.world.applied(task, "APPROVE_STORY", self.po)

    async def rejected(self, task: str) -> Decision:
        """Handed in, and sent back by the architect."""
        await self.commit(task)
        return await self.world.applied(task, "REJECT_DESIGN", self.architect, feedback=WORDS)

    async def discard(self, task: str) -> None:
        await self.world.applied(task, "DISCARD_TASK", self.po, feedback="It is not needed any more.")
