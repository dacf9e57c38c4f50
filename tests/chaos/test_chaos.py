"""The short form of the chaos suite: one round with faults of each sort; `make chaos` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.fault_points import POINTS
from tests.chaos.campaign import Plan, run, shuffled
from tests.chaos.faults import faults
from tests.house.statements import ROOT

pytestmark = pytest.mark.long

KINDS = [
    "kill valkey",
    "cut in commit",
    "full WORKFLOW",
    "kill nats",
    "die before-ack",
    "die before-removal",
    "kill neo4j",
]


async def test_nothing_is_lost_and_nothing_done_twice(tmp_path: Path) -> None:
    report = await run(Plan(KINDS, actions=280, seed=1, per_round=len(KINDS)), tmp_path, print)
    assert report.violations == []
    assert [fault.kind for fault in report.faults] == KINDS
    assert not any("NOT REACHED" in fault.detail for fault in report.faults)
    assert report.actions >= 280
    assert report.applied > 140


def test_every_kind_comes_as_often_as_any_other() -> None:
    every = sorted(faults())
    assert sorted(shuffled(2 * len(every), 3)) == sorted(every * 2)
    assert shuffled(5, 3) != shuffled(5, 4)


def test_every_fault_and_every_fault_point_is_in_the_documents() -> None:
    text = (ROOT / "docs" / "chaos.md").read_text()
    for kind in faults():
        verb = kind.split()[0]
        assert f"`{kind}`" in text or f"`{verb} …`" in text, kind
    for point in POINTS:
        assert f"`{point}`" in text, point
