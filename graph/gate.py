"""The one gate: every command of every door is decided here, by one statement in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import structlog
from neo4j.exceptions import ClientError, ConstraintError, CypherSyntaxError

from graph import encoding
from graph.database import Database, Row, Transaction
from graph.deciding import ENDLESS, BrokenCommandError, UndoError, decide, is_of_a_rule, look_later
from graph.decision import Command, Decision, Outcome, Remedy
from graph.errors import BrokenRuleError, UnavailableError, UnknownOutcomeError
from graph.explorer import Explorer
from graph.judges import Judges, Unjudged, unjudged
from graph.lease import LeaseLostError
from graph.next_work import NextWork, Part, UnassignableError, UnjudgedWorkError
from graph.offers import Judged, Offers, Pair, Spoilt, UnjudgedOfferError
from graph.plugins import Plugins
from graph.reasons import explain
from graph.remedies import needs_steps
from graph.rules.moves import move_first

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

_TRIES_TOGETHER = 48  # the same for all commands of a list, whose answers wait for it
# Transactions at once. When Neo4j is slow as a whole each takes its time, and hundreds that wait for each other's locks
# keep it busy with nothing else: it would not become fast again.
_BESIDE = 8
_ROUNDS = 4  # how often a command is decided again because its item moved while a plug-in thought about it


class _SpoiltOfferError(Exception):
    """What may be done instead could not be told, because a rule beside the asked one cannot be run."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        super().__init__()
        self.pairs = pairs


class _UnjudgedError(Exception):
    """Commands whose rules ask plug-ins, which are asked outside the transaction: `{seq: (plug-ins, version)}`."""

    def __init__(self, asked: Unjudged) -> None:
        super().__init__()
        self.asked = asked


class _UnexploredError(Exception):
    """Refusals whose way out is looked for by trying, which a transaction of its own has to undo."""

    def __init__(self, seqs: list[int]) -> None:
        super().__init__()
        self.seqs = seqs


_LESSONS = (
    BrokenCommandError,
    _SpoiltOfferError,
    _UnjudgedError,
    UnjudgedOfferError,
    _UnexploredError,
    UnassignableError,
    UnjudgedWorkError,
)


@dataclass(slots=True)
class _Known:
    """What was found out on earlier tries of one batch."""

    broken: dict[int, str] = field(default_factory=dict)
    spoilt: Spoilt = field(default_factory=set)
    judged: Judged = field(default_factory=dict)
    steps: dict[int, list[Remedy]] = field(default_factory=dict)
    rounds: int = 0
    collisions: int = 0
    tries: int = _TRIES_TOGETHER
    explores: bool = True
    next: NextWork = field(default_factory=NextWork)

    @classmethod
    def inside(cls) -> _Known:
        """In a transaction that asks no plug-in and tries no steps."""
        return cls(rounds=_ROUNDS, explores=False)


@dataclass(slots=True)
class _Doubt:
    """What was answered by a transaction of which nobody knows whether it was committed."""

    answers: list[Decision] = field(default_factory=list)
    given: list[Decision] | None = None
    pending: dict[str, list[str]] = field(default_factory=dict)
    times: int = 0

    def add(self, pending: dict[str, list[str]]) -> None:
        """Raises `UnknownOutcomeError` when it has happened too often to go on."""
        self.times += 1
        if self.times >= _ROUNDS:
            raise UnknownOutcomeError("Neo4j goes away whenever it commits; send the same command ids again.")
        self.given = self.given or list(self.answers)
        self.pending |= pending

    def resolve(self, answers: list[Decision]) -> list[Decision]:
        """The answers of a later try; what the lost one did is no duplicate for who asked once."""
        if self.given is None:
            return answers
        return [
            now.first if now.first and before.outcome is not Outcome.DUPLICATE else now
            for before, now in zip(self.given, answers, strict=True)
        ]


class Gate:
    """Decides commands against the rule graph. Nothing else moves an item."""

    def __init__(self, db: Database, plugins: Plugins | None = None, *, explores: bool = True) -> None:
        """`explores` False leaves out the steps to take first, which are found by trying and so cost the most."""
        self._db = db
        self._explores = explores
        self._judges = Judges(db, plugins or Plugins())
        self._offers = Offers(db, plugins)
        self._explorer = Explorer(db)
        self._turns = asyncio.Semaphore(_BESIDE)

    async def until_free(self) -> None:
        """Returns when a transaction can begin; before that, what is to be decided may wait for more of it."""
        async with self._turns:
            pass

    async def decide(self, commands: Sequence[Command]) -> list[Decision]:
        """One answer per command, in their order; what is applied, refused and told is one transaction.

        Raises:
            BadInputError: a command that cannot be stored, such as inputs that are not JSON.
            UnavailableError: Neo4j is away; nothing was decided.
        """
        if any(command.dry for command in commands):
            return [answer for command in commands for answer in await self._decide([command], dry=command.dry)]
        return await self._decide(commands)

    async def _decide(self, commands: Sequence[Command], *, dry: bool = False) -> list[Decision]:
        # A dry run is the same decision, undone: what it answers is what would happen.
        asked = [replace(command, dry=False) for command in commands] if dry else commands
        return await self._decide_rows([encoding.row(command, seq) for seq, command in enumerate(asked)], dry=dry)

    async def _decide_rows(self, rows: list[Row], *, dry: bool = False) -> list[Decision]:
        known = _Known(explores=self._explores)
        pending: dict[str, list[str]] = {}
        doubt = _Doubt()

        async def work(tx: Transaction) -> list[Decision]:
            pending.clear()
            known.next.unanswered.clear()
            doubt.answers = await self._decide_all(tx, rows, known, pending)
            if dry:
                raise UndoError(doubt.answers)
            return doubt.answers

        while rows:
            try:
                async with self._turns:
                    answers = doubt.resolve(await self._db.in_transaction(work))
                await self._follow_if_sound(doubt.pending | pending, known.next.unanswered, answers)
                return answers
            except UnknownOutcomeError:
                # The rows keep their command ids, so what was committed gives its first answer, and is not done again.
                doubt.add(pending)
            except UnavailableError as error:
                if doubt.given is None or isinstance(error, LeaseLostError):
                    raise
                raise UnknownOutcomeError(
                    f"{error} What was asked may have been done; send the same command ids again."
                ) from error
            except UndoError as undo:
                return list(undo.answers)
            except _LESSONS as error:
                await self._learn(error, rows, known)
            except CypherSyntaxError:
                raise
            except ClientError as error:
                if isinstance(error, ConstraintError) and known.collisions < _ROUNDS:
                    # Somebody answered a command of the same id meanwhile, which the next try sees.
                    known.collisions += 1
                    continue
                log.warning("a rule cannot be run", error=str(error), items=sorted({row["item_id"] for row in rows}))
                if len(rows) > 1:
                    # The same rows, so that what a lost commit has done is known by its command ids.
                    middle = len(rows) // 2
                    halves = (encoding.renumbered(rows[:middle]), encoding.renumbered(rows[middle:]))
                    return doubt.resolve([answer for half in halves for answer in await self._decide_rows(half)])
                if known.broken:
                    raise
                known.broken[0] = "rule"
        return []

    async def _learn(self, lesson: Exception, rows: list[Row], known: _Known) -> None:
        """Finds out, outside the transaction, what one could not go on without."""
        match lesson:
            case BrokenCommandError():
                known.broken[lesson.seq] = lesson.broken
            case _SpoiltOfferError():
                known.spoilt |= await self._offers.find_spoilt(lesson.pairs)
            case _UnjudgedError():
                known.rounds += 1
                await self._judges.ask(rows, lesson.asked)
            case UnjudgedOfferError():
                known.judged |= await self._offers.judge(lesson)
            case _UnexploredError():
                for seq in lesson.seqs:
                    known.steps[seq], tried = await self._explorer.steps(rows[seq], known.tries)
                    known.tries -= tried
            case UnassignableError():
                known.next.add(lesson)
            case UnjudgedWorkError():
                await self._judges.ask(lesson.rows, lesson.asked)
                known.next.judged(lesson)

    async def decide_in(self, tx: Transaction, commands: Sequence[Command]) -> list[Decision]:
        """As `decide`, in a transaction of the caller; tries no steps as a way out, and has the timers ask plug-ins.

        Raises:
            BrokenRuleError: a rule cannot be run; the transaction is lost.
        """
        rows = [encoding.row(command, seq) for seq, command in enumerate(commands)]
        pending: dict[str, list[str]] = {}
        try:
            answers = await self._decide_all(tx, rows, _Known.inside(), pending)
            await look_later(tx, pending)
            return answers
        except CypherSyntaxError:
            raise
        except (ClientError, BrokenCommandError, _SpoiltOfferError, UnassignableError) as error:
            raise BrokenRuleError(
                "A rule that one of the commands needs cannot be run; mend it in the graph."
            ) from error

    async def assigning(self, work: Callable[[Transaction], Awaitable[tuple[Result, Sequence[str]]]]) -> Result:
        """What `work` returns first; in the same transaction the next work of the stories it returns is assigned.

        Rules of an assignment that cannot be run keep this assignment back, and nothing else.
        """
        return await self._assigning(work, NextWork())

    async def assign(self, stories: Sequence[str]) -> None:
        """Begins the next work of released stories, as far as the rules and their plug-ins allow."""

        async def work(_: Transaction) -> tuple[None, Sequence[str]]:
            return None, stories

        await self._assigning(work, NextWork(asks=True))

    async def _assigning(
        self, work: Callable[[Transaction], Awaitable[tuple[Result, Sequence[str]]]], following: NextWork
    ) -> Result:
        known = _Known(next=following)
        pending: dict[str, list[str]] = {}

        async def both(tx: Transaction) -> Result:
            following.unanswered.clear()
            result, stories = await work(tx)
            pending.clear()
            pending.update(await following.begin(tx, stories))
            return result

        while True:
            try:
                result = await self._db.in_transaction(both)
            except (UnassignableError, UnjudgedWorkError) as error:
                await self._learn(error, [], known)
            else:
                # What was made in that transaction nobody could be asked about before.
                await self._follow_if_sound(pending, () if following.asks else following.unanswered)
                return result

    async def _decide_all(
        self, tx: Transaction, rows: list[Row], known: _Known, pending: dict[str, list[str]]
    ) -> list[Decision]:
        answers: dict[int, Decision] = {}
        for batch in encoding.without_repeats(rows):
            found = await decide(tx, [row for row in batch if row["seq"] not in known.broken])
            by_seq = {row["seq"]: row for row in batch}
            found = await self._moved_first(tx, by_seq, found, known.next)
            if known.rounds < _ROUNDS and (asked := unjudged(found, by_seq)):
                raise _UnjudgedError(asked)
            broken = [row for row in batch if row["seq"] in known.broken]
            first_ones = await self._first_ones(tx, broken)
            found += [
                encoding.nothing(row, known.broken[row["seq"]], first_ones.get(row["command_key"])) for row in broken
            ]
            earlier = await self._earlier(tx, [by_seq[row["seq"]] for row in found if row["earlier"] is not None])
            refused: list[tuple[Row, Row]] = []
            for answer in found:
                row = by_seq[answer["seq"]]
                if answer["pending"] and not answer["earlier"]:
                    pending[row["item_id"]] = answer["pending"]
                if answer["earlier"] is not None and answer["earlier"] == row["fingerprint"]:
                    first = earlier[row["command_key"]]
                    answers[row["seq"]] = replace(first, outcome=Outcome.DUPLICATE, first=first)
                elif encoding.is_applied(row, answer):
                    answers[row["seq"]] = encoding.applied(row, answer)
                else:
                    refused.append((row, answer))
            answers |= await self._refuse(tx, refused, known)
            moved = {story for answer in found if answer["hops"] for story in answer["stories"]}
            pending |= await known.next.begin(tx, moved)
        return [answers[row["seq"]] for row in rows]

    async def _moved_first(
        self, tx: Transaction, by_seq: dict[int, Row], found: list[Row], following: NextWork
    ) -> list[Row]:
        """Items that wait to be moved to a state of new rules are moved, and what was asked of them is decided anew."""
        # No rule leads out of the state such an item is in, so only these answers can be about one.
        lost = [
            answer["seq"]
            for answer in found
            if not answer["verdicts"] and not answer["hops"] and answer["earlier"] is None
            if by_seq[answer["seq"]]["action"] is not None
        ]
        try:
            moved = set(await move_first(tx, sorted({by_seq[seq]["item_id"] for seq in lost}), following))
        except BrokenCommandError as error:
            # What the rules do by themselves where an item was moved to never ends; so it cannot be acted on.
            raise BrokenCommandError(lost[0], error.broken) from error
        again = [row for row in by_seq.values() if row["item_id"] in moved]
        answers = {answer["seq"]: answer for answer in await decide(tx, again)}
        return [answers.get(answer["seq"], answer) for answer in found]

    async def _earlier(self, tx: Transaction, rows: list[Row]) -> dict[str, Decision]:
        if not rows:
            return {}
        items = {row["command_key"]: row for row in rows}
        found = await tx.run("gate/answers", keys=list(items))
        return {answer["key"]: encoding.stored(items[answer["key"]], answer) for answer in found}

    async def _first_ones(self, tx: Transaction, rows: list[Row]) -> dict[str | None, str | None]:
        """The fingerprints of the commands that were first answered under the ids of these, `{command key: …}`."""
        if not rows:
            return {}
        found = await tx.run("gate/answers", keys=[row["command_key"] for row in rows if row["command_key"]])
        return {answer["key"]: answer["fingerprint"] for answer in found}

    async def _refuse(self, tx: Transaction, refused: list[tuple[Row, Row]], known: _Known) -> dict[int, Decision]:
        """Answers refusals, and records those a door is to hear of."""
        pairs = sorted({(row["item_id"], row["actor_id"]) for row, _ in refused if not row["engine"]}, key=str)
        try:
            judged = None if known.rounds >= _ROUNDS else known.judged
            offered = await self._offers.among(tx, pairs, known.spoilt, judged)
        except ClientError as error:
            if not is_of_a_rule(error):
                raise
            raise _SpoiltOfferError(pairs) from error
        asked = [(row, answer) for row, answer in refused if not row["engine"]]
        unexplored = [row["seq"] for row, answer in asked if needs_steps(answer) and row["seq"] not in known.steps]
        if unexplored and known.explores:
            raise _UnexploredError(unexplored)
        answers: dict[int, Decision] = {}
        records: list[Row] = []
        for row, answer in refused:
            reasons = encoding.reasons(row, answer)
            told = [explain(reason, **encoding.context(row, answer), rule=reason.get("rule")) for reason in reasons]
            legal = [view.name for view in offered.get((row["item_id"], row["actor_id"]), []) if view.allowed]
            ways = known.steps.get(row["seq"], [])
            if not ways and not row["engine"]:
                ways = await self._explorer.smallest(tx, row, answer)
            decision = Decision(
                Outcome.REFUSED,
                row["item_id"],
                row["command_id"],
                answer["version"],
                awaits=encoding.awaits(answer["awaits"]),
                reasons=told,
                legal_actions=legal,
                remedies=ways,
            )
            answers[row["seq"]] = decision
            if not row["engine"] and not row["dry"]:
                records.append(
                    encoding.record(row, decision, keep=answer["earlier"] is None) | {"told_at": answer["told_at"]}
                )
        if records:
            await tx.run("gate/refuse", refusals=records)
        return answers

    async def _items(self, ids: Iterable[str]) -> dict[str, Row]:
        return {row["item"]["id"]: row["item"] for row in await self._db.read("tree/items_by_ids", ids=list(ids))}

    async def _unfollowed(self, answers: Sequence[Decision]) -> dict[str, list[str]]:
        """What may have been broken off between a commit and the automatic steps after it: the command comes again."""
        rested = [
            {"id": answer.item_id, "version": answer.version}
            for answer in answers
            if answer.outcome is Outcome.DUPLICATE and answer.hops
        ]
        rows = await self._db.read("gate/unfollowed", rested=rested) if rested else []
        return {row["id"]: row["plugins"] for row in rows}

    async def _follow_if_sound(
        self, pending: dict[str, list[str]], unanswered: Collection[Part] = (), answers: Sequence[Decision] = ()
    ) -> None:
        """What is not done here the timers look at later: the command is committed and has its answer."""
        try:
            await self._follow(pending | await self._unfollowed(answers))
            if unanswered:
                await self.assign(sorted({story for story, _ in unanswered}))
        except CypherSyntaxError:
            raise
        except (ClientError, BrokenCommandError, _SpoiltOfferError, UnassignableError, UnavailableError) as error:
            log.warning("an automatic step cannot be taken", items=sorted(pending), error=str(error))

    async def _follow(self, pending: dict[str, list[str]]) -> None:
        """Automatic steps that ask a plug-in are taken after the step before them is committed, each by itself."""
        waiting = dict(pending)
        for _ in range(ENDLESS):
            if not waiting:
                return
            # One that was deleted by hand meanwhile is not followed.
            items = await self._items(waiting)
            rows = [encoding.row(Command(item, None, None), seq) for seq, item in enumerate(items)]
            await self._judges.ask(
                rows, {row["seq"]: (waiting[row["item_id"]], items[row["item_id"]]["version"]) for row in rows}
            )
            after: dict[str, list[str]] = {}

            async def work(
                tx: Transaction, rows: list[Row] = rows, after: dict[str, list[str]] = after
            ) -> list[Decision]:
                return await self._decide_all(tx, rows, _Known.inside(), after)

            await self._db.in_transaction(work)
            moved = await self._items(waiting)
            waiting = {
                item: names
                for item, names in after.items()
                if item in moved and moved[item]["version"] != items[item]["version"]
            }
