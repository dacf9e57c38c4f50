"""What an action takes: every input that is missing or does not fit is named, and nothing is applied."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from graph.database import Database
from graph.decision import Command
from graph.errors import BadInputError
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.review import GOOD, Review
from tests.graph.world import World, codes


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    return await Review.open(World(db, gate, rules))


@pytest.mark.parametrize("given", [None, "", "   ", "\t\n"])
async def test_input_missing(review: Review, given: str | None) -> None:
    paper = await review.waiting()
    decision = await review.world.act(paper, "SEND_BACK", review.reader, feedback=given)
    assert codes(decision) == ["INPUT_MISSING"]
    assert [(r.kind, r.input) for r in decision.remedies] == [("ADD_INPUT", "feedback")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pages", 0),
        ("pages", 501),
        ("pages", "12"),
        ("pages", 1.5),
        ("pages", True),
        ("kind", "poem"),
        ("kind", 1),
        ("code", "abc-1"),
        ("code", "ABC-1 and more"),
        ("code", ["ABC-1"]),
        ("summary", "too short"),
        ("summary", "   short   "),
        ("summary", "x" * 41),
        ("summary", {"a": 1}),
    ],
)
async def test_input_invalid(review: Review, name: str, value: Any) -> None:
    paper = await review.paper()
    assert await review.world.refused(paper, "HAND_IN", review.writer, **GOOD | {name: value}) == ["INPUT_INVALID"]
    await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)


async def test_every_input_that_is_wrong_is_named(review: Review) -> None:
    decision = await review.world.act(await review.paper(), "HAND_IN", review.writer, pages=0, kind="memo")
    assert codes(decision) == ["INPUT_INVALID", "INPUT_MISSING", "INPUT_MISSING"]
    assert [remedy.input for remedy in decision.remedies] == ["pages", "code", "summary"]


def _nested(levels: int) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for _ in range(levels):
        inputs = {"a": [inputs]}
    return inputs


@pytest.mark.parametrize(
    "inputs",
    [{"pages": float("nan")}, {"pages": 2**63}, {"pages": -(10**400)}, {"what": object()}, _nested(51), _nested(450)],
)
async def test_inputs_that_are_no_json(review: Review, inputs: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        await review.world.gate.decide([Command(await review.paper(), "HAND_IN", review.writer, inputs=inputs)])


async def test_what_an_action_takes_is_offered_as_json_schema(review: Review) -> None:
    paper = await review.paper()
    views = await review.world.offers.actions([(paper, review.writer)])
    [view] = views[paper, review.writer]
    assert (view.name, view.allowed, view.reasons) == ("HAND_IN", True, [])
    assert view.inputs["required"] == ["pages", "kind", "code", "summary"]
    assert view.inputs["properties"]["pages"] == {"type": "integer", "minimum": 1, "maximum": 500}
    assert view.inputs["properties"]["kind"]["enum"] == ["memo", "report"]
    summary = view.inputs["properties"]["summary"]
    assert (summary["minLength"], summary["maxLength"]) == (10, 40)
