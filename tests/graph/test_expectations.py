"""Expectations of rules: the shipped ones hold, others are told with what was found, and nothing stays behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.rules.file import parse
from graph.rules.model import Workflow
from graph.rules.trial import Verdict, try_out
from tests.graph.world import Row, World

SHIPPED = Path(__file__).parents[2] / "seed" / "rules"

RULES = """\
workflow: trial
roles: [writer, reader]
states:
  draft: {kind: initial}
  read: {kind: active}
  sent: {kind: final}
  lost: {kind: final, outcome: cancelled}
transitions:
  - {from: draft, action: HAND_IN, to: read, roles: [writer], inputs: [{name: words, type: integer, minimum: 1}]}
  - {from: read, action: ACCEPT, to: sent, roles: [reader], not_same_actor_as: [HAND_IN]}
  - {from: read, action: CHECK, to: sent, roles: [reader], guards: [{kind: plugin, name: spelling}]}
  - {from: read, action: TAKE, to: read, relations: [author], guards: [{kind: history, action: TAKE, times_max: 1}]}
  - {from: "*", action: LOSE, to: lost, roles: [reader]}
expectations:
  - {name: one, given: {state: draft, actors: {wim: [writer], rea: [reader]}, author: wim}, %s}
"""


def rules(text: str) -> Workflow:
    parsed = parse(text)
    assert parsed.workflow is not None, parsed.findings
    return parsed.workflow


async def trial(world: World, expected: str, state: str = "draft", more: str = "") -> Verdict:
    text = (RULES % expected).replace("state: draft, a", f"state: {state}, a")
    [verdict] = await try_out(world.db, rules(text.replace("author: wim", f"author: wim{more}")))
    return verdict


async def everything(world: World) -> list[Row]:
    return await world.cypher(
        "MATCH (n) WITH labels(n)[0] AS label, count(n) AS nodes ORDER BY label "
        "RETURN label, nodes, COUNT { ()-[]->() } AS edges"
    )


@pytest.mark.parametrize(("name", "least"), [("task", 12), ("story", 8)])
async def test_the_shipped_expectations_hold(world: World, name: str, least: int) -> None:
    workflow = rules((SHIPPED / f"{name}.yaml").read_text("utf-8"))
    before = await everything(world)
    verdicts = await try_out(world.db, workflow)
    assert {v.name: v.problems for v in verdicts if not v.passed} == {}
    assert len(verdicts) >= least
    assert await everything(world) == before


@pytest.mark.parametrize(
    ("expected", "state", "more"),
    [
        ("when: {actor: wim, action: HAND_IN, inputs: {words: 3}}, then: {applied: read}", "draft", ""),
        ("when: {actor: wim, action: HAND_IN, inputs: {words: 0}}, then: {refused: [INPUT_INVALID]}", "draft", ""),
        ("when: {actor: wim, action: FLY}, then: {refused: [UNKNOWN_ACTION]}", "draft", ""),
        ("when: {actor: nobody, action: HAND_IN}, then: {refused: [UNKNOWN_ACTOR]}", "draft", ""),
        ("may: {wim: [HAND_IN], rea: [LOSE]}, who: {HAND_IN: [wim], LOSE: [rea], ACCEPT: []}", "draft", ""),
        ("may: {wim: [TAKE], rea: [ACCEPT, LOSE]}", "read", ""),
        ("may: {rea: [LOSE]}", "read", ", history: [{actor: rea, action: HAND_IN}]"),
        ("may: {wim: []}", "read", ", history: [{actor: rea, action: TAKE}]"),
        ("when: {actor: rea, action: CHECK}, then: {refused: [INDETERMINATE]}", "read", ""),
        ("when: {actor: rea, action: CHECK}, then: {applied: sent}", "read", ", plugins: {spelling: true}"),
        ("when: {actor: rea, action: CHECK}, then: {refused: [GUARD_FAILED]}", "read", ", plugins: {spelling: false}"),
        ("when: {}, then: {applied: read}", "read", ""),
    ],
)
async def test_what_holds(world: World, expected: str, state: str, more: str) -> None:
    assert (await trial(world, expected, state, more)).problems == []


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (
            "when: {actor: wim, action: HAND_IN, inputs: {words: 3}}, then: {applied: sent}",
            "found applied: draft → read",
        ),
        ("when: {actor: wim, action: HAND_IN}, then: {applied: read}", "found refused: INPUT_MISSING"),
        ("when: {actor: rea, action: LOSE}, then: {refused: [SAME_ACTOR]}", "found applied: draft → lost"),
        ("when: {actor: rea, action: HAND_IN}, then: {refused: [ROLE_NOT_ALLOWED]}", "INPUT_MISSING"),
        ("may: {wim: [HAND_IN, LOSE]}", "found HAND_IN."),
        ("who: {LOSE: [rea, wim]}", "found rea."),
        ("who: {HAND_IN: []}", "found wim."),
    ],
)
async def test_what_does_not_hold_is_told(world: World, expected: str, words: str) -> None:
    verdict = await trial(world, expected)
    assert len(verdict.problems) == 1
    assert words in verdict.problems[0]
    assert "trial-" not in verdict.problems[0]
