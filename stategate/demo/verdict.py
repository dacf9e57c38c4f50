"""Whether what happened is exactly what the rules say; each difference is a sentence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from stategate.demo.record import Record
from stategate.demo.scenario import Ending, Scenario


def differences(scenario: Scenario, epic: dict[str, Any], record: Record) -> list[str]:
    """What differs from the expected end, histories and events; empty when all is as it must be.

    `epic` is the tree as GraphQL gives it.
    """
    [story] = epic["stories"]["nodes"]
    tasks = {task["id"]: task for task in story["tasks"]["nodes"]}
    found = [*_item(story, scenario.expected.story)]
    for name, ending in scenario.expected.tasks.items():
        found += _item(tasks[name], ending) if name in tasks else [f"{name} is missing"]
    return [*found, *_told(story, tasks, record), *_events(scenario, record), *_refusals(scenario, record)]


def _item(item: dict[str, Any], ending: Ending) -> Iterator[str]:
    changes = item["history"]["nodes"]
    actions = [change["action"] for change in changes]
    if item["state"]["name"] != ending.state:
        yield f"{item['id']} ended in {item['state']['name']}, not in {ending.state}"
    if actions != ending.history:
        yield f"the history of {item['id']} is {actions}, not {ending.history}"
    if [change["seq"] for change in changes] != list(range(1, item["version"] + 1)):
        yield f"the history of {item['id']} is not one change per version"
    for before, after in itertools.pairwise(changes):
        if before["to"] != after["from"]:
            yield f"the history of {item['id']} breaks between {before['to']} and {after['from']}"


def _told(story: dict[str, Any], tasks: dict[str, Any], record: Record) -> Iterator[str]:
    """Each change must have been told by exactly its own event."""
    for item, subject, key in [
        (story, "planning.story.transitioned", "story_id"),
        *((task, "workflow.state.changed", "task_id") for task in tasks.values()),
    ]:
        told = [
            (body["version"], body["action"], body["from_state"], body["to_state"])
            for body in (heard.body for heard in record.messages if heard.subject == subject)
            if body[key] == item["id"]
        ]
        changes = [(c["seq"], c["action"], c["from"], c["to"]) for c in item["history"]["nodes"]]
        if told != changes:
            yield f"the events of {item['id']} are not its history: {told} instead of {changes}"


def _events(scenario: Scenario, record: Record) -> Iterator[str]:
    heard = record.by_subject()
    for subject in sorted(heard.keys() | scenario.expected.events.keys()):
        if heard[subject] != scenario.expected.events.get(subject, 0):
            yield f"{subject} was heard {heard[subject]} times, not {scenario.expected.events.get(subject, 0)}"


def _refusals(scenario: Scenario, record: Record) -> Iterator[str]:
    refused = {
        (heard.body["task_id"], heard.body["actor_id"], heard.body["action"]): [
            r["code"] for r in heard.body["reasons"]
        ]
        for heard in record.messages
        if heard.subject.endswith(".action.refused")
    }
    for step in scenario.script:
        if first := step.first:
            codes = refused.get((step.task, first.actor, first.action))
            if codes != first.refused:
                yield f"{first.actor} doing {first.action} on {step.task} was answered {codes}, not {first.refused}"
