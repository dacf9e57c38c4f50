"""Commands of many callers that arrive together, decided together."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from graph import fault_points
from graph.decision import Command, Decision, Outcome
from graph.errors import UnavailableError
from graph.gate import Gate

MOST = 200  # commands of one transaction
_LONG = 0.25  # seconds after which those who wait do so no longer for a transaction that takes its time


@dataclass(frozen=True, slots=True)
class _Waiting:
    command: Command
    answer: asyncio.Future[Decision]
    named: bool


class Collector:
    """Stands before the gate: what arrives while a transaction runs goes into the next one. Alone, nobody waits."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._waiting: list[_Waiting] = []
        self._batches: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    async def decide(self, command: Command) -> Decision:
        """The answer to one command; a failure of another that was decided with it is no failure of this one.

        Raises:
            BadInputError, UnavailableError: as `Gate.decide`.
        """
        if command.dry:
            [answer] = await self._gate.decide([command])
            return answer
        # Named here and not in the gate, so that a second try with fewer others is the same command.
        fixed = replace(command, command_id=command.command_id or str(uuid.uuid4()))
        waiting = _Waiting(fixed, asyncio.get_running_loop().create_future(), command.command_id is not None)
        self._waiting.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await waiting.answer

    async def _run(self) -> None:
        while self._waiting:
            await self._gate.until_free()
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            work = asyncio.create_task(self._answer(batch))
            self._batches.add(work)
            work.add_done_callback(self._batches.discard)
            await asyncio.wait({work}, timeout=_LONG)
        self._task = None

    async def _answer(self, batch: Sequence[_Waiting], *, again: bool = False) -> None:
        try:
            answers = await self._gate.decide([waiting.command for waiting in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, UnavailableError):
                middle = len(batch) // 2
                await self._answer(batch[:middle], again=True)
                await self._answer(batch[middle:], again=True)
                return
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        fault_points.passing("before-answer")
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                repeated = again and not waiting.named and answer.outcome is Outcome.DUPLICATE and answer.first
                waiting.answer.set_result(repeated or answer)
