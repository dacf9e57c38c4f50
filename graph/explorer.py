"""The way out of a refusal: the smallest change that would make it legal, and steps to take first, found by trying."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import product
from typing import TypeVar

from neo4j.exceptions import ClientError

from graph import encoding
from graph.database import Database, Row, Transaction
from graph.deciding import BrokenCommandError, UndoError, decide
from graph.decision import Command, Remedy
from graph.offers import MANY
from graph.remedies import ACTOR_CODES, PARTS, Situation, awaited, happens_by_itself, moves_to, remedies

Found = TypeVar("Found")

_DOERS = 4  # actors by whom a step is tried
_TRIES = 16  # ways, each by somebody, that are tried before none is offered


class Explorer:
    """Looks for what would help against a refusal."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def smallest(self, tx: Transaction, row: Row, answer: Row) -> list[Remedy]:
        """The smallest change of what was asked, or of who asks, that would make it legal where the item is."""
        if answer["obstacles"] or answer["earlier"] is not None or not answer["verdicts"]:
            return []
        situation = Situation(row["item_id"], row["action"], row["actor_id"])
        if any(reason["code"] in ACTOR_CODES for verdict in answer["verdicts"] for reason in verdict["reasons"]):
            others = await tx.run(
                "gate/who_may",
                item_id=row["item_id"],
                action=row["action"],
                first=None,
                hopeful=True,
                verdicts=row["verdicts"],
                limit=MANY,
            )
            others.sort(key=lambda other: str(other["actor_id"]))
            situation.others = {other["actor_id"]: set(other["permitted"]) for other in others}
            situation.administers = bool(await tx.run("people/administers", ids=[row["actor_id"]]))
        return remedies(situation, answer["verdicts"])

    async def steps(self, row: Row, most: int) -> tuple[list[Remedy], int]:
        """The steps to take first, found by trying at most so many ways of those the rules know and undoing them again,
        and how many were tried; where no step can be taken, what to wait for.
        """
        moves = await self._db.read("gate/moves", item_id=row["item_id"])
        ways = moves_to(moves, row["action"])
        best, tries = await self._tried(row, ways, most)
        if not best and ways and tries < most:
            best, tries = await self._awaited(row, ways), tries + 1
        if not best and (move := happens_by_itself(moves, row["action"])):
            best = [move]
        return best, tries

    async def _tried(self, row: Row, ways: list[list[str]], most: int) -> tuple[list[Remedy], int]:
        best: list[Remedy] = []
        dead: set[tuple[tuple[str, ...], tuple[int, ...]]] = set()
        tries = 0
        for way in ways:
            # Who takes a step may matter to the next, so each is tried by several; the one who asks comes first.
            for doers in product(range(_DOERS), repeat=len(way)):
                if best and len(best) <= len(way):
                    return best, tries
                if any((tuple(way[:end]), doers[:end]) in dead for end in range(1, len(way) + 1)):
                    continue
                if tries >= min(most, _TRIES):
                    return best, tries
                tries += 1
                made, found = await self._try(row, way, doers)
                if made < len(way):
                    # Nobody takes this step after these, nor would somebody further down the list.
                    dead |= {(tuple(way[: made + 1]), (*doers[:made], choice)) for choice in range(doers[made], _DOERS)}
                if found and (not best or len(found) < len(best)):
                    best = found
        return best, tries

    async def _awaited(self, row: Row, ways: list[list[str]]) -> list[Remedy]:
        """What keeps everybody from the first step, where it is nothing but conditions; the fewest of them."""
        steps = list(dict.fromkeys(way[0] for way in ways))
        commands = [Command(row["item_id"], step, None, dry=True) for step in steps]
        rows = [
            encoding.row(command, seq, anyone=True) | {"assume_inputs": True} for seq, command in enumerate(commands)
        ]

        async def work(tx: Transaction) -> list[Row]:
            return await decide(tx, rows)

        answers = await self._undone(work)
        if answers is None:
            return []
        found = [awaited(row["item_id"], step, answer["verdicts"]) for step, answer in zip(steps, answers, strict=True)]
        return min(filter(None, found), key=len, default=[])

    async def _try(self, row: Row, way: list[str], doers: Sequence[int]) -> tuple[int, list[Remedy]]:
        """How many steps of a way could be taken, and the parts of the remedy if all could and they help."""

        async def work(tx: Transaction) -> tuple[int, list[Remedy]]:
            steps: list[Remedy] = []
            for action, choice in zip(way, doers, strict=True):
                asked = {"item_id": row["item_id"], "action": action, "first": row["actor_id"]}
                found = await tx.run("gate/who_may", **asked, hopeful=False, verdicts={}, limit=_DOERS)
                able = [doer["actor_id"] for doer in found]
                if choice >= len(able):
                    return len(steps), []
                step = encoding.row(Command(row["item_id"], action, able[choice]), 0) | {"assume_inputs": True}
                [made] = await decide(tx, [step])
                if not made["hops"]:
                    return len(steps), []
                text = f"First '{able[choice]}' does '{action}'."
                steps.append(Remedy("STEP_FIRST", text, action=action, actor_id=able[choice]))
            [answer] = await decide(tx, [row | {"dry": True, "command_key": None, "expected_version": None}])
            if any(not verdict["reasons"] for verdict in answer["verdicts"]):
                return len(way), steps
            more = await self.smallest(tx, row, answer)
            return len(way), [*steps, *more] if more and len(steps) + len(more) <= PARTS else []

        return await self._undone(work) or (0, [])

    async def _undone(self, work: Callable[[Transaction], Awaitable[Found]]) -> Found | None:
        """What `work` finds, and leaves no trace of; None when a rule it meets cannot be run."""

        async def and_undo(tx: Transaction) -> None:
            raise UndoError(await work(tx))

        try:
            await self._db.in_transaction(and_undo)
        except UndoError as undo:
            found: Found = undo.answers
            return found
        except (BrokenCommandError, ClientError):
            pass
        return None
