"""The next work of stories: begun as soon as the rules allow, in the transaction that made it possible."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import NoReturn

import structlog
from neo4j.exceptions import ClientError

from graph import encoding
from graph.database import Row, Transaction
from graph.deciding import LATER, BrokenCommandError, decide, is_of_a_rule
from graph.decision import Command
from graph.judges import Unjudged, unjudged

log = structlog.get_logger(__name__)

Part = tuple[str, str]
"""A story, and a workflow of tasks of it: what one broken rule keeps back."""

ANY = ""  # in place of a workflow, or of a story: all of them
_FEW = 3  # stories whose tasks of one workflow cannot be begun, after which nobody tries those of others
_ROUNDS = 4  # times that plug-ins are asked about what is to be begun
_MANY = 1000  # tasks that are judged at once when the first of their story may not be begun


class UnassignableError(Exception):
    """The next work of these cannot be assigned, because a rule it needs cannot be run."""

    def __init__(self, parts: Collection[Part], cause: str) -> None:
        super().__init__(cause)
        self.parts = parts


class UnjudgedWorkError(Exception):
    """Tasks whose begin asks plug-ins, which are asked outside the transaction."""

    def __init__(self, rows: list[Row], asked: Unjudged) -> None:
        super().__init__()
        self.rows = rows
        self.asked = asked


@dataclass(slots=True)
class NextWork:
    """What was found out on earlier tries of one transaction: what cannot be assigned, and what plug-ins say."""

    asks: bool = False
    """Whether to have plug-ins asked first; if not, what they decide about is `unanswered`, and waits."""
    spoilt: set[Part] = field(default_factory=set)
    unanswered: set[Part] = field(default_factory=set)
    verdicts: dict[str, Row] = field(default_factory=dict)
    alone: bool = False
    rounds: int = 0

    def add(self, error: UnassignableError) -> None:
        """Of several nobody knows yet whose it is, so each is tried alone from then on."""
        self.alone = True
        if len(error.parts) == 1:
            log.warning("the next work cannot be assigned", of=list(error.parts), error=str(error))
            self.spoilt.update(error.parts)
            [(_, workflow)] = error.parts
            if workflow != ANY and sum(flow == workflow for _, flow in self.spoilt) >= _FEW:
                self.spoilt.add((ANY, workflow))

    def judged(self, error: UnjudgedWorkError) -> None:
        """The plug-ins have been asked about these."""
        self.rounds += 1
        self.verdicts |= {row["item_id"]: row["verdicts"] for row in error.rows}

    async def begin(self, tx: Transaction, stories: Iterable[str]) -> dict[str, list[str]]:
        """What follows by itself once plug-ins were asked, `{task id: plug-ins}`.

        Raises:
            UnassignableError: a rule cannot be run; the transaction is lost.
            UnjudgedWorkError: plug-ins are to be asked first.
        """
        pending: dict[str, list[str]] = {}
        wanted = sorted(set(stories))
        for some in [[story] for story in wanted] if self.alone else [wanted]:
            await self._begin(tx, some, pending)
        kept = {(story, flow) for of, flow in self.spoilt | self.unanswered for story in wanted if of in {ANY, story}}
        if kept:
            await tx.run("work/keep_back", parts=[list(part) for part in sorted(kept)], seconds=LATER)
        return pending

    async def _begin(self, tx: Transaction, stories: list[str], pending: dict[str, list[str]]) -> None:
        tried: list[str] = []
        while stories and (first := await self._waiting(tx, stories, tried, 1)):
            begun = await self._decide(tx, first, pending)
            tried += [row["task_id"] for row in first]
            refused = [row["story_id"] for row in first if row["task_id"] not in begun]
            if not refused:
                continue
            # One that may not be begun is rarely alone, and to try one after the other takes long in a large story.
            others = (await self._waiting(tx, refused, tried, _MANY))[:_MANY]
            possible = await self._decide(tx, others, {}, dry=True)
            tried += [row["task_id"] for row in others if row["task_id"] not in possible]

    async def _waiting(self, tx: Transaction, stories: list[str], tried: list[str], most: int) -> list[Row]:
        """Of each story as many as are to be tried next, each with the first action it can be begun by."""
        spoilt = [list(part) for part in self.spoilt]
        try:
            found = await tx.run("work/assignable", stories=stories, tried=tried, spoilt=spoilt, most=most)
        except ClientError as error:
            _fail(error, [(story, ANY) for story in stories])
        first: dict[str, Row] = {}
        for row in found:
            first.setdefault(row["task_id"], row)
        return list(first.values())

    async def _decide(
        self, tx: Transaction, found: list[Row], pending: dict[str, list[str]], *, dry: bool = False
    ) -> set[str]:
        """The tasks that were begun, or could be; alone, each workflow of each story is decided by itself."""
        part = itemgetter("story_id", "workflow")
        groups = [list(group) for _, group in groupby(sorted(found, key=part), part)] if self.alone else [found]
        begun: set[str] = set()
        for group in groups:
            rows = [
                encoding.row(Command(row["task_id"], row["action"], None, dry=dry), seq)
                | {"verdicts": self.verdicts.get(row["task_id"], {})}
                for seq, row in enumerate(group)
            ]
            try:
                answers = await decide(tx, rows)
            except (ClientError, BrokenCommandError) as error:
                _fail(error, list({part(row) for row in group}))
            asked = unjudged(answers, dict(enumerate(rows)))
            if asked and self.asks and self.rounds < _ROUNDS:
                raise UnjudgedWorkError([row for row in rows if row["seq"] in asked], asked)
            hung = {row["seq"] for row in rows if any(told["holds"] is None for told in row["verdicts"].values())}
            self.unanswered.update(part(group[seq]) for seq in hung.union(asked))
            for row, answer in zip(rows, answers, strict=True):
                if encoding.is_applied(row, answer):
                    begun.add(row["item_id"])
                if answer["pending"]:
                    pending[row["item_id"]] = answer["pending"]
        return begun


def _fail(error: ClientError | BrokenCommandError, parts: list[Part]) -> NoReturn:
    if not is_of_a_rule(error):
        raise error
    raise UnassignableError(parts, str(error)) from error
