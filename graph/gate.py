"""The one gate: every command of every door is decided here, by one statement in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any, TypeVar

import structlog
from neo4j.exceptions import ClientError, CypherSyntaxError

from graph import encoding
from graph.database import Database, Row, Transaction
from graph.decision import ActionView, Awaits, Command, Decision, Outcome, Remedy
from graph.errors import BrokenRuleError, StategateError, UnknownOutcomeError
from graph.plugins import Asked, Plugins
from graph.reasons import explain, input_schema
from graph.remedies import ACTOR_CODES, PARTS, Situation, moves_to, needs_steps, remedies
from graph.rules.moves import move_first

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

Pair = tuple[str, str | None]
"""An item, and the actor for whom something is asked; None asks nothing about permission."""
Judged = dict[tuple[str, str | None, str], dict[str, dict[str, Any]]]
"""What plug-ins said of an action of an item by an actor: `{plug-in: {version, holds}}`."""
Spoilt = set[tuple[str, str]]
"""Items and actions whose rules cannot be run."""

ENDLESS = 24  # hops of one command; the statement stops there, so a loop made by hand ends in an answer
MANY = 100  # how many actors, or items, a question about all of them names at the most
_DOERS = 4  # actors by whom a step is tried
_TRIES = 16  # ways, each by somebody, that are tried before none is offered
_TRIES_TOGETHER = 48  # the same for all commands of a list, whose answers wait for it
_ROUNDS = 4  # how often a command is decided again because its item moved while a plug-in thought about it


class _BrokenCommandError(Exception):
    """One command of a batch met a rule that cannot be run; the batch is decided again without it."""

    def __init__(self, seq: int, broken: str) -> None:
        super().__init__(broken)
        self.seq = seq
        self.broken = broken


class _SpoiltOfferError(Exception):
    """What may be done instead could not be told, because a rule beside the asked one cannot be run."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        super().__init__()
        self.pairs = pairs


class _UnjudgedError(Exception):
    """Commands whose rules ask plug-ins, which are asked outside the transaction: `{seq: (plug-ins, version)}`."""

    def __init__(self, asked: dict[int, tuple[list[str], int]]) -> None:
        super().__init__()
        self.asked = asked


class _UnjudgedOfferError(Exception):
    """The same for actions that may be offered; `rows` are as a command's."""

    def __init__(self, rows: list[Row], asked: dict[int, tuple[list[str], int]]) -> None:
        super().__init__()
        self.rows = rows
        self.asked = asked


class _UnexploredError(Exception):
    """Refusals whose way out is looked for by trying, which a transaction of its own has to undo."""

    def __init__(self, seqs: list[int]) -> None:
        super().__init__()
        self.seqs = seqs


class _UnassignableError(Exception):
    """The next work of these stories cannot be assigned, because a rule it needs cannot be run."""

    def __init__(self, stories: list[str], cause: str) -> None:
        super().__init__(cause)
        self.stories = stories


class _UndoError(Exception):
    """Carries the answers of a dry run out of a transaction that is to leave no trace."""

    def __init__(self, answers: Any) -> None:
        super().__init__()
        self.answers = answers


@dataclass(slots=True)
class _Known:
    """What was found out on earlier tries of one batch."""

    broken: dict[int, str] = field(default_factory=dict)
    spoilt: Spoilt = field(default_factory=set)
    judged: Judged = field(default_factory=dict)
    steps: dict[int, list[Remedy]] = field(default_factory=dict)
    rounds: int = 0
    tries: int = _TRIES_TOGETHER
    explores: bool = True
    assigns: bool = True


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
        self._plugins = plugins or Plugins()

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
        rows = [encoding.row(replace(command, dry=False), seq) for seq, command in enumerate(commands)]
        known = _Known(explores=self._explores)
        pending: dict[str, list[str]] = {}
        doubt = _Doubt()

        async def work(tx: Transaction) -> list[Decision]:
            pending.clear()
            doubt.answers = await self._decide_all(tx, rows, known, pending)
            if dry:
                raise _UndoError(doubt.answers)
            return doubt.answers

        while rows:
            try:
                answers = doubt.resolve(await self._db.in_transaction(work))
                await self._follow_if_sound(doubt.pending | pending)
                return answers
            except UnknownOutcomeError:
                # The rows keep their command ids, so what was committed gives its first answer, and is not done again.
                doubt.add(pending)
            except _UndoError as undo:
                return list(undo.answers)
            except _BrokenCommandError as error:
                known.broken[error.seq] = error.broken
            except _SpoiltOfferError as error:
                known.spoilt |= await self._find_spoilt(error.pairs)
            except _UnjudgedError as error:
                known.rounds += 1
                await self._judge(rows, error.asked)
            except _UnjudgedOfferError as error:
                known.judged |= await self._judge_offers(error)
            except _UnexploredError as error:
                for seq in error.seqs:
                    known.steps[seq] = await self._explore(rows[seq], known)
            except _UnassignableError as error:
                log.warning("the next work cannot be assigned", stories=error.stories, error=str(error))
                known.assigns = False
            except CypherSyntaxError:
                raise
            except ClientError as error:
                log.warning("a rule cannot be run", error=str(error), items=sorted({row["item_id"] for row in rows}))
                if len(rows) > 1:
                    middle = len(commands) // 2
                    return [*await self._decide(commands[:middle]), *await self._decide(commands[middle:])]
                if known.broken:
                    raise
                known.broken[0] = "rule"
        return []

    async def decide_in(self, tx: Transaction, commands: Sequence[Command]) -> list[Decision]:
        """As `decide`, inside a transaction of the caller; asks no plug-in, and tries no steps as a way out.

        Raises:
            BrokenRuleError: a rule cannot be run; the transaction is lost.
        """
        rows = [encoding.row(command, seq) for seq, command in enumerate(commands)]
        try:
            return await self._decide_all(tx, rows, _Known(rounds=_ROUNDS, explores=False), {})
        except CypherSyntaxError:
            raise
        except (ClientError, _BrokenCommandError, _SpoiltOfferError, _UnassignableError) as error:
            raise BrokenRuleError(
                "A rule that one of the commands needs cannot be run; mend it in the graph."
            ) from error

    async def assigning(self, work: Callable[[Transaction], Awaitable[tuple[Result, list[str]]]]) -> Result:
        """What `work` returns first; in the same transaction the next work of the stories it returns is assigned.

        Rules of an assignment that cannot be run keep the assignment back, and nothing else.
        """

        async def both(tx: Transaction) -> Result:
            result, stories = await work(tx)
            await self._assign_if_sound(tx, stories)
            return result

        async def alone(tx: Transaction) -> Result:
            return (await work(tx))[0]

        try:
            return await self._db.in_transaction(both)
        except _UnassignableError as error:
            log.warning("the next work cannot be assigned", stories=error.stories, error=str(error))
            return await self._db.in_transaction(alone)

    async def _assign_if_sound(self, tx: Transaction, stories: Iterable[str]) -> None:
        try:
            await self.assign_in(tx, stories)
        except CypherSyntaxError:
            raise
        except (ClientError, _BrokenCommandError) as error:
            raise _UnassignableError(sorted(stories), str(error)) from error

    async def assign_in(self, tx: Transaction, stories: Iterable[str]) -> None:
        """Lets the system begin the next released work of these stories, as far as the rules allow."""
        waiting, tried = sorted(set(stories)), list[str]()
        while waiting:
            found = await tx.run("work/assignable", stories=waiting, tried=tried)
            if not found:
                return
            tried += [row["task_id"] for row in found]
            rows = [encoding.row(Command(row["task_id"], row["action"], None), seq) for seq, row in enumerate(found)]
            await self._run(tx, rows)

    async def actions(self, pairs: Sequence[Pair]) -> dict[Pair, list[ActionView]]:
        """For each (item, actor): every action of the item's state, whether it is allowed, and what it takes.

        Without an actor nothing is asked about permission.
        """
        spoilt: Spoilt = set()
        judged: Judged = {}

        async def work(tx: Transaction) -> dict[Pair, list[ActionView]]:
            return await self._actions(tx, pairs, spoilt, judged)

        while True:
            try:
                return await self._db.in_transaction(work)
            except _UnjudgedOfferError as error:
                judged.update(await self._judge_offers(error))
            except CypherSyntaxError:
                raise
            except ClientError:
                if spoilt:
                    raise
                spoilt.update(await self._find_spoilt(pairs))

    async def who_may(self, item_id: str, action: str, limit: int = MANY) -> list[str]:
        """The actors who may do an action on an item now, given right inputs: sorted, at most `limit` of them."""
        try:
            rows = await self._db.read(
                "gate/who_may", item_id=item_id, action=action, first=None, hopeful=False, verdicts={}, limit=limit
            )
        except CypherSyntaxError:
            raise
        except ClientError:
            return []  # a rule that cannot be run lets nobody through
        return sorted(row["actor_id"] for row in rows)

    async def work_list(
        self, actor_id: str, limit: int = MANY, *, awaited: bool = False, only: Sequence[str] | None = None
    ) -> list[tuple[str, list[str]]]:
        """What an actor may do now, given right inputs: items, the most urgent first, with their actions.

        `awaited` leaves out items that wait for somebody else, which the actor could discard, say;
        `only` looks at these items alone.
        """
        try:
            rows = await self._db.read("gate/work_list", actor_id=actor_id, awaited=awaited, limit=limit, only=only)
        except CypherSyntaxError:
            raise
        except ClientError:
            return await self._work_list_beside_spoilt(actor_id, limit, awaited=awaited, only=only)
        return [(row["item_id"], row["actions"]) for row in rows]

    async def _work_list_beside_spoilt(
        self, actor_id: str, limit: int, *, awaited: bool, only: Sequence[str] | None
    ) -> list[tuple[str, list[str]]]:
        """The same, item by item: a rule that cannot be run takes nothing off the list but what needs it."""
        found: list[tuple[str, list[str]]] = []
        skip = 0
        while len(found) < limit:
            rows = await self._db.read(
                "gate/work_items", actor_id=actor_id, awaited=awaited, skip=skip, limit=MANY, only=only
            )
            views = await self.actions([(row["item_id"], actor_id) for row in rows])
            for row in rows:
                names = [view.name for view in views[row["item_id"], actor_id] if view.allowed]
                if names and (row["waits"] or not awaited):
                    found.append((row["item_id"], names))
            skip += MANY
            if len(rows) < MANY:
                break
        return found[:limit]

    async def awaits(self, item_ids: Sequence[str]) -> dict[str, list[Awaits]]:
        """Whom each item waits for; items that wait for nobody, and unknown ones, have an empty list."""
        rows = await self._db.read("gate/awaits", ids=list(item_ids))
        return {item: [] for item in item_ids} | {row["id"]: encoding.awaits(row["awaited"]) for row in rows}

    async def warm(self) -> None:
        """Has Neo4j plan the statement, which takes seconds, before the first command needs it."""

        # A plan belongs to the types of the parameters, so a real command it is.
        nothing = encoding.row(Command("", "", "", dry=True), 0)

        async def work(tx: Transaction) -> None:
            await self._run(tx, [nothing])
            await tx.run("work/assignable", stories=[""], tried=[])

        await self._db.in_transaction(work)

    async def _decide_all(
        self, tx: Transaction, rows: list[Row], known: _Known, pending: dict[str, list[str]]
    ) -> list[Decision]:
        answers: dict[int, Decision] = {}
        for batch in encoding.without_repeats(rows):
            found = await self._run(tx, [row for row in batch if row["seq"] not in known.broken])
            by_seq = {row["seq"]: row for row in batch}
            found = await self._moved_first(tx, by_seq, found)
            if known.rounds < _ROUNDS and (asked := _unjudged(found, by_seq)):
                raise _UnjudgedError(asked)
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
            refused += [
                (row, encoding.nothing(row, known.broken[row["seq"]])) for row in batch if row["seq"] in known.broken
            ]
            answers |= await self._refuse(tx, refused, known)
            moved = {story for answer in found if answer["hops"] for story in answer["stories"]}
            if known.assigns:
                await self._assign_if_sound(tx, moved)
        return [answers[row["seq"]] for row in rows]

    async def _moved_first(self, tx: Transaction, by_seq: dict[int, Row], found: list[Row]) -> list[Row]:
        """Items that wait to be moved to a state of new rules are moved, and what was asked of them is decided anew."""
        # No rule leads out of the state such an item is in, so only these answers can be about one.
        lost = [
            answer["seq"]
            for answer in found
            if not answer["verdicts"] and not answer["hops"] and answer["earlier"] is None
            if by_seq[answer["seq"]]["action"] is not None
        ]
        moved = set(await move_first(tx, sorted({by_seq[seq]["item_id"] for seq in lost}), self))
        again = [row for row in by_seq.values() if row["item_id"] in moved]
        answers = {answer["seq"]: answer for answer in await self._run(tx, again)}
        return [answers.get(answer["seq"], answer) for answer in found]

    async def _run(self, tx: Transaction, rows: list[Row]) -> list[Row]:
        if not rows:
            return []
        told = await tx.run_checking("gate/decide", {"commands": [encoding.wire(row) for row in rows]})
        if not told:
            raise StategateError("The built-in actor is missing; `stategate doctor --repair` makes it.")
        [found] = told
        answers: list[Row] = found["answers"]
        for answer in answers:
            answer["told_at"] = found["told_at"]
            if len(answer["hops"]) >= ENDLESS:
                raise _BrokenCommandError(answer["seq"], "endless")
        return answers

    async def _earlier(self, tx: Transaction, rows: list[Row]) -> dict[str, Decision]:
        if not rows:
            return {}
        items = {row["command_key"]: row for row in rows}
        found = await tx.run("gate/answers", keys=list(items))
        return {answer["key"]: encoding.stored(items[answer["key"]], answer) for answer in found}

    async def _refuse(self, tx: Transaction, refused: list[tuple[Row, Row]], known: _Known) -> dict[int, Decision]:
        """Answers refusals, and records those a door is to hear of."""
        pairs = sorted({(row["item_id"], row["actor_id"]) for row, _ in refused if not row["engine"]}, key=str)
        try:
            offered = await self._actions(tx, pairs, known.spoilt, None if known.rounds >= _ROUNDS else known.judged)
        except CypherSyntaxError:
            raise
        except ClientError as error:
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
            ways = known.steps.get(row["seq"]) or ([] if row["engine"] else await self._ways(tx, row, answer))
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

    async def _ways(self, tx: Transaction, row: Row, answer: Row) -> list[Remedy]:
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

    async def _explore(self, row: Row, known: _Known) -> list[Remedy]:
        """The steps to take first, found by trying the ways the rules know and undoing them again."""
        best: list[Remedy] = []
        dead: set[tuple[tuple[str, ...], tuple[int, ...]]] = set()
        tries = 0
        for way in moves_to(await self._db.read("gate/moves", item_id=row["item_id"]), row["action"]):
            # Who takes a step may matter to the next, so each is tried by several; the one who asks comes first.
            for doers in product(range(_DOERS), repeat=len(way)):
                if best and len(best) <= len(way):
                    return best
                if any((tuple(way[:end]), doers[:end]) in dead for end in range(1, len(way) + 1)):
                    continue
                if (tries := tries + 1) > _TRIES or known.tries <= 0:
                    return best
                known.tries -= 1
                made, found = await self._try(row, way, doers)
                if made < len(way):
                    # Nobody takes this step after these, nor would somebody further down the list.
                    dead |= {(tuple(way[: made + 1]), (*doers[:made], choice)) for choice in range(doers[made], _DOERS)}
                if found and (not best or len(found) < len(best)):
                    best = found
        return best

    async def _try(self, row: Row, way: list[str], doers: Sequence[int]) -> tuple[int, list[Remedy]]:
        """How many steps of a way could be taken, and the parts of the remedy if all could and they help."""

        async def work(tx: Transaction) -> None:
            steps: list[Remedy] = []
            for action, choice in zip(way, doers, strict=True):
                asked = {"item_id": row["item_id"], "action": action, "first": row["actor_id"]}
                found = await tx.run("gate/who_may", **asked, hopeful=False, verdicts={}, limit=_DOERS)
                able = [doer["actor_id"] for doer in found]
                if choice >= len(able):
                    raise _UndoError((len(steps), []))
                step = encoding.row(Command(row["item_id"], action, able[choice]), 0) | {"assume_inputs": True}
                [made] = await self._run(tx, [step])
                if not made["hops"]:
                    raise _UndoError((len(steps), []))
                text = f"First '{able[choice]}' does '{action}'."
                steps.append(Remedy("STEP_FIRST", text, action=action, actor_id=able[choice]))
            [answer] = await self._run(tx, [row | {"dry": True, "command_key": None, "expected_version": None}])
            if any(not verdict["reasons"] for verdict in answer["verdicts"]):
                raise _UndoError((len(way), steps))
            more = await self._ways(tx, row, answer)
            raise _UndoError((len(way), [*steps, *more] if more and len(steps) + len(more) <= PARTS else []))

        try:
            await self._db.in_transaction(work)
        except _UndoError as undo:
            made, found = undo.answers
            return made, found
        except (_BrokenCommandError, ClientError):
            return 0, []
        return 0, []

    async def _actions(
        self,
        tx: Transaction,
        pairs: Sequence[Pair],
        spoilt: Spoilt,
        judged: Judged | None,
    ) -> dict[Pair, list[ActionView]]:
        """As `actions`; raises `_UnjudgedOfferError` for what plug-ins have not judged yet, unless `judged` is None."""
        views: dict[Pair, list[ActionView]] = {pair: [] for pair in pairs}
        if not pairs:
            return views
        offered: dict[str, list[Row]] = {}
        for row in await tx.run("gate/offered", ids=sorted({item for item, _ in pairs})):
            offered.setdefault(row["id"], []).append(row)
        asked = [(pair, offer) for pair in views for offer in offered.get(pair[0], [])]
        rows = [
            encoding.row(Command(pair[0], offer["action"], pair[1], dry=True), seq, anyone=pair[1] is None)
            # With inputs assumed, one outcome that lacks an input does not hide that another lacks more.
            | {"assume_inputs": True, "verdicts": (judged or {}).get((*pair, offer["action"]), {})}
            for seq, (pair, offer) in enumerate(asked)
        ]
        sound = [row for row in rows if (row["item_id"], row["action"]) not in spoilt]
        answers = {answer["seq"]: answer for answer in await self._run(tx, sound)}
        if judged is not None:
            fresh = {row["seq"]: row for row in sound if _offer(row) not in judged}
            names = _unjudged([answer for seq, answer in answers.items() if seq in fresh], fresh)
            if names:
                raise _UnjudgedOfferError([fresh[seq] for seq in names], names)
        for row in rows:
            pair, offer = asked[row["seq"]]
            answer = answers.get(row["seq"]) or encoding.nothing(row, "rule")
            found = encoding.reasons(row, answer)
            told = [explain(reason, **encoding.context(row, answer), rule=reason.get("rule")) for reason in found]
            views[pair].append(ActionView(offer["action"], not found, told, input_schema(offer["inputs"])))
        return views

    async def _find_spoilt(self, pairs: Sequence[Pair]) -> Spoilt:
        """The actions of these items whose rules cannot be run; raises when none is the cause."""
        found: Spoilt = set()
        cause: ClientError | None = None
        offers = await self._db.read("gate/offered", ids=sorted({item for item, _ in pairs}))
        for item, actor in pairs:
            for action in {offer["action"] for offer in offers if offer["id"] == item}:
                rows = [encoding.row(Command(item, action, actor, dry=True), 0, anyone=actor is None)]
                try:
                    await self._db.in_transaction(partial(self._run, rows=rows))
                except ClientError as error:
                    found.add((item, action))
                    cause = error
        if cause is None:
            raise StategateError("A rule could not be run, and then it could; ask again.")
        return found

    async def _judge(self, rows: list[Row], asked: dict[int, tuple[list[str], int]]) -> None:
        """Asks the plug-ins, and puts their verdicts to the commands; each holds for the version it saw alone."""
        for row in rows:
            names, version = asked.get(row["seq"], ([], 0))
            if names:
                [found] = await self._db.read("tree/items_by_ids", ids=[row["item_id"]])
                seen = Asked(found["item"], version, row["action"], row["actor_id"], row["inputs"])
                verdicts = await self._plugins.judge(names, seen)
                row["verdicts"] |= {name: {"version": version, "holds": holds} for name, holds in verdicts.items()}

    async def _judge_offers(self, found: _UnjudgedOfferError) -> Judged:
        await self._judge(found.rows, found.asked)
        return {_offer(row): row["verdicts"] for row in found.rows}

    async def _items(self, ids: Iterable[str]) -> dict[str, Row]:
        return {row["item"]["id"]: row["item"] for row in await self._db.read("tree/items_by_ids", ids=list(ids))}

    async def _follow_if_sound(self, pending: dict[str, list[str]]) -> None:
        try:
            await self._follow(pending)
        except CypherSyntaxError:
            raise
        except (ClientError, _BrokenCommandError, _SpoiltOfferError, _UnassignableError) as error:
            # The command is committed and has its answer; what would follow by itself waits for mended rules.
            log.warning("an automatic step cannot be taken", items=sorted(pending), error=str(error))

    async def _follow(self, pending: dict[str, list[str]]) -> None:
        """Automatic steps that ask a plug-in are taken after the step before them is committed, each by itself."""
        waiting = dict(pending)
        for _ in range(ENDLESS):
            if not waiting:
                return
            rows = [encoding.row(Command(item, None, None), seq) for seq, item in enumerate(waiting)]
            items = await self._items(waiting)
            await self._judge(
                rows, {row["seq"]: (waiting[row["item_id"]], items[row["item_id"]]["version"]) for row in rows}
            )
            after: dict[str, list[str]] = {}

            async def work(
                tx: Transaction, rows: list[Row] = rows, after: dict[str, list[str]] = after
            ) -> list[Decision]:
                return await self._decide_all(tx, rows, _Known(rounds=_ROUNDS, explores=False), after)

            await self._db.in_transaction(work)
            moved = await self._items(waiting)
            waiting = {item: names for item, names in after.items() if moved[item]["version"] != items[item]["version"]}


def _offer(row: Row) -> tuple[str, str | None, str]:
    return row["item_id"], row["actor_id"], row["action"]


def _unjudged(found: list[Row], by_seq: dict[int, Row]) -> dict[int, tuple[list[str], int]]:
    """The plug-ins that have to be asked before an answer stands: those of rules before the one that would be taken."""
    asked: dict[int, tuple[list[str], int]] = {}
    for answer in found:
        names: list[str] = []
        for verdict in answer["verdicts"]:
            if not verdict["reasons"]:
                break
            names += [reason["plugin"] for reason in verdict["reasons"] if reason.get("plugin")]
        if names and answer["earlier"] is None and by_seq[answer["seq"]]["action"] is not None:
            asked[answer["seq"]] = (names, answer["version"] - len(answer["hops"]))
    return asked
