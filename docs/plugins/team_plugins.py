"""A guard that reads a test report, an effect that posts to a channel, and a deriver that reads a checklist.

The first two keep to folders, to be easy to try.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from graph.plugins import Asked


def tests_are_green(asked: Asked) -> bool:
    """Whether the report of the commit handed in names no failed test.

    A report that is not there raises, so the answer is INDETERMINATE: not knowing is neither yes nor no.
    """
    # What people send is never a path by itself.
    name = quote(str(asked.inputs["commit_sha"]), safe="") + ".json"
    report = json.loads((Path(os.environ["TEAM_REPORTS"]) / name).read_text("utf-8"))
    return int(report["failed"]) == 0


def notify_channel(event: Mapping[str, Any]) -> None:
    """Posts who moved what. It may be called again with the same `effect_id`, and then posts nothing new."""
    channel = Path(os.environ["TEAM_CHANNEL"])
    text = f"{event['item_id']}: {event['from_state']} → {event['to_state']}, {event['action']} by {event['actor_id']}"
    # A channel behind HTTP would take the effect_id as its Idempotency-Key.
    draft = channel / f".{event['effect_id']}"
    draft.write_text(text + "\n", "utf-8")
    draft.rename(channel / event["effect_id"])


def checklist(story: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One task for each open line `- [ ] …` of the description, those with a `!` before others.

    They have no ids, so the same line is the same task when this is asked again.
    """
    lines = re.findall(r"^ *- \[ \] *(.+)$", story["description"] or "", re.MULTILINE)
    return [{"title": line.removesuffix("!").strip(), "priority": 1 if line.endswith("!") else 3} for line in lines]
