"""What may be written by hand, by event and by file is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from graph.errors import BadInputError
from graph.events import DerivedTask, ListedTask
from graph.ids import given_or_made
from graph.items import check
from graph.limits import CRITERIA, ID, LABEL, LABELS, LARGEST, TEXT, TITLE
from graph.transfer.rows import PARSER

CASES: list[tuple[str, Any, bool]] = [
    ("id", "x" * ID, True),
    ("id", "x" * (ID + 1), False),
    ("id", "", False),
    ("id", " x", False),
    ("id", "a\nb", False),
    ("title", "x" * TITLE, True),
    ("title", "x" * (TITLE + 1), False),
    ("title", " ", False),
    ("description", "x" * TEXT, True),
    ("description", "x" * (TEXT + 1), False),
    ("description", "", True),
    ("acceptance_criteria", ["x" * TEXT], True),
    ("acceptance_criteria", ["x" * (TEXT + 1)], False),
    ("acceptance_criteria", [" "], False),
    ("acceptance_criteria", ["x"] * CRITERIA, True),
    ("acceptance_criteria", ["x"] * (CRITERIA + 1), False),
    ("labels", [f"{n}" for n in range(LABELS)], True),
    ("labels", [f"{n}" for n in range(LABELS + 1)], False),
    ("labels", ["x" * LABEL], True),
    ("labels", ["x" * (LABEL + 1)], False),
    ("labels", ["a\u2028b"], False),
    ("labels", [" "], False),
    ("type", "x" * LABEL, True),
    ("type", "x" * (LABEL + 1), False),
    ("type", " ", False),
    ("story_points", 0, True),
    ("story_points", LARGEST, True),
    ("story_points", LARGEST + 1, False),
    ("story_points", -1, False),
    ("priority", 1, True),
    ("priority", 0, False),
    ("priority", LARGEST, True),
    ("priority", LARGEST + 1, False),
    ("estimate", 0.5, True),
    ("estimate", LARGEST + 0.5, False),
    ("estimate", float("inf"), False),
    ("estimate", float("nan"), False),
    ("estimate", -0.5, False),
]
STORY = {"acceptance_criteria", "story_points"}


def by_hand(name: str, value: Any) -> None:
    if name == "id":
        given_or_made(value, "task")
    else:
        check(**{name: value})


@pytest.mark.parametrize(("name", "value", "right"), CASES, ids=lambda value: str(value)[:20])
def test_a_limit_is_the_same_at_every_door(name: str, value: Any, right: bool) -> None:
    kind = "story" if name in STORY else "task"
    doors: list[Callable[[], object]] = [
        lambda: by_hand(name, value),
        lambda: PARSER.validate_python({"kind": kind, "id": "x", "title": "x", name: value}),
    ]
    if name in DerivedTask.model_fields:
        doors.append(lambda: DerivedTask.model_validate({"title": "x", name: value}))
    # A task that is listed without a title has its id for one.
    if name in ListedTask.model_fields and value != " ":
        doors.append(lambda: ListedTask.model_validate({"id": "x", name: value}))
    for door in doors:
        if right:
            door()
        else:
            with pytest.raises((BadInputError, ValidationError)):
                door()
