"""How much is measured: the whole form, and a quick one whose figures say less."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of things, and seconds."""

    walkers: int  # items that are acted on, side by side
    batch: int  # commands to a transaction, for the ceiling and for the gate
    warm: float  # seconds of work before anything counts; Neo4j's compiler needs some thousand commands
    rounds: int  # times that ceiling, gate and event path are measured in turn
    seconds: float  # of one such measurement, at the least
    least: int  # actions of one measurement of the event path, at the least
    rates: dict[int, float]  # actions a second: for how many seconds their latency is taken
    bare: float  # seconds of bare writes and round trips, before and after
    reads: int  # times each question is asked
    stories: int  # of the epic that is read
    tasks: int  # of each of its stories
    items: tuple[int, int]
    history: tuple[int, int]
    workflows: int
    actors: tuple[int, int]
    backlog: tuple[int, int]
    group: int  # items that act together when the cost of an action is taken
    turns: int  # walks of these whose median is the cost
    repeats: int  # times that few and many are measured in turn
    again: bool  # whether the cost is also taken with plans made when there were many


FULL = Sizes(
    walkers=1000,
    batch=250,
    warm=40,
    rounds=3,
    seconds=8,
    least=2000,
    rates={1: 30, 50: 20, 500: 10},
    bare=10,
    reads=60,
    stories=10,
    tasks=50,
    items=(10_000, 1_000_000),
    history=(10, 10_000),
    workflows=100,
    actors=(10, 100_000),
    backlog=(0, 100_000),
    group=20,
    turns=7,
    repeats=3,
    again=True,
)

QUICK = Sizes(
    walkers=40,
    batch=20,
    warm=0,
    rounds=1,
    seconds=0.2,
    least=40,
    rates={1: 2, 50: 1, 500: 0.2},
    bare=0.4,
    reads=3,
    stories=2,
    tasks=3,
    items=(100, 1000),
    history=(10, 100),
    workflows=3,
    actors=(10, 100),
    backlog=(0, 100),
    group=4,
    turns=1,
    repeats=1,
    again=False,
)
