"""The example as data: everything the demo plays, and how it must end, comes from `seed/demo.yaml`."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ActorSeed(_Part):
    id: str
    kind: str
    roles: list[str]


class PlannedStep(_Part):
    actor: str
    action: str


class Acceptance(PlannedStep):
    state: str


class Agent(_Part):
    actor: str
    inputs: dict[str, Any] = Field(default_factory=dict)


class Attempt(_Part):
    """Something tried before the answer, and the codes it must be refused with."""

    actor: str
    action: str
    refused: list[str]


class Answer(_Part):
    actor: str | None = None
    action: str | None = None
    feedback: str | None = None


class Deviation(_Part):
    """What happens when `action` is expected on `task` in its `attempt`."""

    task: str
    action: str
    attempt: int
    first: Attempt | None = None
    answer: Answer = Answer()


class Ending(_Part):
    state: str
    history: list[str]


class Expected(_Part):
    show: str
    story: Ending
    tasks: dict[str, Ending]
    events: dict[str, int]


class Scenario(_Part):
    actors: list[ActorSeed]
    epic: dict[str, Any]
    story: dict[str, Any]
    tasks: list[dict[str, Any]]
    sprint: dict[str, Any]
    planning: list[PlannedStep]
    acceptance: Acceptance
    agents: dict[str, Agent]
    script: list[Deviation]
    expected: Expected

    def deviation(self, task: str, action: str, attempt: int) -> Deviation | None:
        asked = (task, action, attempt)
        return next((step for step in self.script if (step.task, step.action, step.attempt) == asked), None)


def load() -> Scenario:
    """The shipped example."""
    text = resources.files("seed").joinpath("demo.yaml").read_text("utf-8")
    return Scenario.model_validate(yaml.safe_load(text))
