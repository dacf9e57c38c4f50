"""The gate with its figures: how many commands, how answered, how many together, how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from time import perf_counter

from graph.decision import Command, Decision
from graph.gate import Gate
from graph.metrics import BATCH, COMMANDS, SECONDS


class MeasuredGate(Gate):
    """Decides as the gate does, and counts."""

    async def decide(self, commands: Sequence[Command]) -> list[Decision]:
        """As `Gate.decide`."""
        began = perf_counter()
        answers = await super().decide(commands)
        SECONDS.observe(perf_counter() - began)
        BATCH.observe(len(commands))
        for outcome, times in Counter(answer.outcome for answer in answers).items():
            COMMANDS.labels(outcome).inc(times)
        return answers
