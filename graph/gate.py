"""The one gate: every command of every door is decided here, by one statement in one transaction."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from neo4j.exceptions import ClientError

from graph.database import Database, Row, Transaction
from graph.decision import ActionView, Awaits, Command, Decision, Hop, Outcome, Reason, Remedy
from graph.errors import BadInputError, StategateError
from graph.reasons import explain, input_schema, remedies

Pair = tuple[str, str | None]
"""An item, and the actor for whom something is asked; None asks nothing about permission."""
Spoilt = set[tuple[str, str]]
"""Items and actions whose rules cannot be run."""

ENDLESS = 24  # hops of one command; the statement stops there, so a loop made by hand ends in an answer
_MAX_INPUTS = 200_000  # characters of JSON; events carry some of them, and a message has its limit too


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


class _UndoError(Exception):
    """Carries the answers of a dry run out of a transaction that is to leave no trace."""

    def __init__(self, answers: list[Decision]) -> None:
        super().__init__()
        self.answers = answers


class Gate:
    """Decides commands against the rule graph. Nothing else moves an item."""

    def __init__(self, db: Database) -> None:
        self._db = db

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
        rows = [_row(replace(command, dry=False), seq) for seq, command in enumerate(commands)]
        broken: dict[int, str] = {}
        spoilt: Spoilt = set()

        async def work(tx: Transaction) -> list[Decision]:
            answers = await self._decide_all(tx, rows, broken, spoilt)
            if dry:
                raise _UndoError(answers)
            return answers

        while rows:
            try:
                return await self._db.in_transaction(work)
            except _UndoError as undo:
                return undo.answers
            except _BrokenCommandError as error:
                broken[error.seq] = error.broken
            except _SpoiltOfferError as error:
                spoilt |= await self._find_spoilt(error.pairs)
            except ClientError:
                if len(rows) > 1:
                    return [decision for command in commands for decision in await self._decide([command])]
                if broken:
                    raise
                broken[0] = "rule"
        return []

    async def decide_in(self, tx: Transaction, commands: Sequence[Command]) -> list[Decision]:
        """As `decide`, inside a transaction of the caller."""
        return await self._decide_all(tx, [_row(command, seq) for seq, command in enumerate(commands)], {}, set())

    async def assign_in(self, tx: Transaction, stories: Iterable[str]) -> None:
        """Lets the system begin the next released work of these stories, as far as the rules allow."""
        waiting, tried = sorted(set(stories)), list[str]()
        while waiting:
            found = await tx.run("work/assignable", stories=waiting, tried=tried)
            if not found:
                return
            tried += [row["task_id"] for row in found]
            await self._run(
                tx, [_row(Command(row["task_id"], row["action"], None), seq) for seq, row in enumerate(found)]
            )

    async def actions(self, pairs: Sequence[Pair]) -> dict[Pair, list[ActionView]]:
        """For each (item, actor): every action of the item's state, whether it is allowed, and what it takes.

        Without an actor nothing is asked about permission.
        """

        try:
            return await self._db.in_transaction(lambda tx: self._actions(tx, pairs, set()))
        except ClientError:
            spoilt = await self._find_spoilt(pairs)
            return await self._db.in_transaction(lambda tx: self._actions(tx, pairs, spoilt))

    async def _find_spoilt(self, pairs: Sequence[Pair]) -> Spoilt:
        """The actions of these items whose rules cannot be run; raises when none is the cause."""
        found: Spoilt = set()
        cause: ClientError | None = None
        offers = await self._db.read("gate/offered", ids=sorted({item for item, _ in pairs}))
        for item, actor in pairs:
            for action in {offer["action"] for offer in offers if offer["id"] == item}:
                rows = [_row(Command(item, action, actor, dry=True), 0, anyone=actor is None)]
                try:
                    await self._db.write("gate/decide", commands=rows)
                except ClientError as error:
                    found.add((item, action))
                    cause = error
        if cause is None:
            raise StategateError("A rule could not be run, and then it could; ask again.")
        return found

    async def awaits(self, item_ids: Sequence[str]) -> dict[str, list[Awaits]]:
        """Whom each item waits for; items that wait for nobody, and unknown ones, have an empty list."""
        rows = await self._db.read("gate/awaits", ids=list(item_ids))
        return {item: [] for item in item_ids} | {row["id"]: _awaits(row["awaited"]) for row in rows}

    async def warm(self) -> None:
        """Has Neo4j plan the statement, which takes seconds, before the first command needs it."""

        # A plan belongs to the types of the parameters and the size of their lists, so a real command it is.
        nothing = _row(Command("", "", "", dry=True), 0)

        async def work(tx: Transaction) -> None:
            await tx.run("gate/decide", commands=[nothing])
            await tx.run("work/assignable", stories=[""], tried=[])

        await self._db.in_transaction(work)

    async def _decide_all(
        self, tx: Transaction, rows: list[Row], broken: dict[int, str], spoilt: Spoilt
    ) -> list[Decision]:
        answers: dict[int, Decision] = {}
        for batch in _without_repeats(rows):
            found = await self._run(tx, [row for row in batch if row["seq"] not in broken])
            by_seq = {row["seq"]: row for row in batch}
            earlier = await self._earlier(tx, [by_seq[row["seq"]] for row in found if row["earlier"] is not None])
            refused: list[tuple[Row, Row]] = []
            for answer in found:
                row = by_seq[answer["seq"]]
                if answer["earlier"] is not None and answer["earlier"] == row["fingerprint"]:
                    first = earlier[row["command_key"]]
                    answers[row["seq"]] = replace(first, outcome=Outcome.DUPLICATE, first=first)
                elif _is_applied(row, answer):
                    answers[row["seq"]] = _applied(row, answer)
                else:
                    refused.append((row, answer))
            refused += [(row, _nothing(row, broken[row["seq"]])) for row in batch if row["seq"] in broken]
            answers |= await self._refuse(tx, refused, spoilt)
            moved = {answer["parent_id"] for answer in found if answer["hops"] and answer["parent_id"]}
            await self.assign_in(tx, moved)
        return [answers[row["seq"]] for row in rows]

    async def _run(self, tx: Transaction, rows: list[Row]) -> list[Row]:
        found = await tx.run("gate/decide", commands=rows) if rows else []
        for answer in found:
            if len(answer["hops"]) >= ENDLESS:
                raise _BrokenCommandError(answer["seq"], "endless")
        return found

    async def _earlier(self, tx: Transaction, rows: list[Row]) -> dict[str, Decision]:
        if not rows:
            return {}
        items = {row["command_key"]: row for row in rows}
        found = await tx.run("gate/answers", keys=list(items))
        return {answer["key"]: _stored(items[answer["key"]], answer) for answer in found}

    async def _refuse(self, tx: Transaction, refused: list[tuple[Row, Row]], spoilt: Spoilt) -> dict[int, Decision]:
        """Answers refusals, and records those a door is to hear of."""
        pairs = sorted({(row["item_id"], row["actor_id"]) for row, _ in refused if not row["engine"]}, key=str)
        try:
            offered = await self._actions(tx, pairs, spoilt)
        except ClientError as error:
            raise _SpoiltOfferError(pairs) from error
        answers: dict[int, Decision] = {}
        records: list[Row] = []
        for row, answer in refused:
            reasons = _reasons(row, answer)
            told = [explain(reason, **_context(row, answer), rule=reason.get("rule")) for reason in reasons]
            legal = [view.name for view in offered.get((row["item_id"], row["actor_id"]), []) if view.allowed]
            decision = Decision(
                Outcome.REFUSED,
                row["item_id"],
                row["command_id"],
                answer["version"],
                awaits=_awaits(answer["awaits"]),
                reasons=told,
                legal_actions=legal,
                remedies=remedies(reasons, legal),
            )
            answers[row["seq"]] = decision
            if not row["engine"] and not row["dry"]:
                records.append(_record(row, decision, keep=answer["earlier"] is None))
        if records:
            await tx.run("gate/refuse", refusals=records)
        return answers

    async def _actions(self, tx: Transaction, pairs: Sequence[Pair], spoilt: Spoilt) -> dict[Pair, list[ActionView]]:
        views: dict[Pair, list[ActionView]] = {pair: [] for pair in pairs}
        if not pairs:
            return views
        offered: dict[str, list[Row]] = {}
        for row in await tx.run("gate/offered", ids=sorted({item for item, _ in pairs})):
            offered.setdefault(row["id"], []).append(row)
        asked = [(pair, offer) for pair in views for offer in offered.get(pair[0], [])]
        rows = [
            _row(Command(pair[0], offer["action"], pair[1], dry=True), seq, anyone=pair[1] is None)
            for seq, (pair, offer) in enumerate(asked)
        ]
        sound = [row for row in rows if (row["item_id"], row["action"]) not in spoilt]
        answers = {answer["seq"]: answer for answer in await self._run(tx, sound)}
        for row in rows:
            pair, offer = asked[row["seq"]]
            answer = answers.get(row["seq"]) or _nothing(row, "rule")
            found = [reason for reason in _reasons(row, answer) if not _is_input(reason)]
            told = [explain(reason, **_context(row, answer), rule=reason.get("rule")) for reason in found]
            views[pair].append(ActionView(offer["action"], not found, told, input_schema(offer["inputs"])))
        return views


def _row(command: Command, seq: int, *, anyone: bool = False) -> Row:
    inputs = dict(command.inputs)
    if command.feedback is not None:
        inputs["feedback"] = command.feedback
    text = _json(inputs)
    engine = command.actor_id is None and not anyone
    keyed = not engine and not command.dry
    command_id = command.command_id or str(uuid.uuid4())
    feedback = inputs.get("feedback")
    wish = _json([command.action, command.actor_id, inputs])
    return {
        "seq": seq,
        "item_id": command.item_id,
        "action": command.action,
        "actor_id": command.actor_id,
        "engine": engine,
        "anyone": anyone,
        "dry": command.dry,
        "command_id": command_id,
        "command_key": f"{command.item_id}\n{command_id}" if keyed else None,
        "fingerprint": hashlib.sha256(wish.encode()).hexdigest() if keyed else None,
        "expected_version": command.expected_version,
        "feedback": feedback if isinstance(feedback, str) else None,
        "inputs": inputs,
        "inputs_json": text if inputs else None,
    }


def _json(value: Any) -> str:
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInputError("The inputs must be an object of JSON values.") from error
    if len(text) > _MAX_INPUTS:
        raise BadInputError(
            f"The inputs are larger than {_MAX_INPUTS} characters; store them elsewhere and give a link."
        )
    _check_integers(value)
    return text


def _check_integers(value: Any) -> None:
    """Neo4j's integers have 64 bits."""
    if isinstance(value, dict):
        for part in value.values():
            _check_integers(part)
    elif isinstance(value, list):
        for part in value:
            _check_integers(part)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise BadInputError(f"The integer {value:.3e} is too large; give it as a string.")


def _without_repeats(rows: list[Row]) -> list[list[Row]]:
    """Batches in order, no command id twice in one: a refusal is known as an answer only after its batch."""
    batches: list[list[Row]] = [[]]
    for row in rows:
        if row["command_key"] and any(row["command_key"] == other["command_key"] for other in batches[-1]):
            batches.append([])
        batches[-1].append(row)
    return batches


def _is_applied(row: Row, answer: Row) -> bool:
    if row["dry"]:
        return not _reasons(row, answer)
    return bool(answer["hops"]) or (row["action"] is None and not answer["obstacles"] and answer["earlier"] is None)


def _reasons(row: Row, answer: Row) -> list[Row]:
    """Everything that stands against a command; for several rules of one action, those of the nearest ones."""
    if answer["earlier"] is not None:
        return [{"code": "COMMAND_ID_REUSED"}]
    found = list(answer["obstacles"])
    verdicts = answer["verdicts"]
    codes = {reason["code"] for reason in found}
    if not verdicts:
        unreachable = not codes or codes == {"STALE_VERSION"}
        if unreachable and row["action"] is not None and not answer["hops"]:
            found.append({"code": "FINAL_STATE" if answer["kind"] == "final" else "NOT_FROM_THIS_STATE"})
        return found
    if any(not verdict["reasons"] for verdict in verdicts):
        return found
    near = [verdict for verdict in verdicts if verdict["permitted"]] or verdicts[:1]
    for verdict in near:
        found += [{**reason, "rule": verdict["rule"]} for reason in verdict["reasons"] if not _same(reason, found)]
    return found


def _same(reason: Row, others: list[Row]) -> bool:
    return any({**other, "rule": None} == {**reason, "rule": None} for other in others)


def _is_input(reason: Row) -> bool:
    return reason["code"] in {"INPUT_MISSING", "INPUT_INVALID"}


def _context(row: Row, answer: Row) -> dict[str, Any]:
    return {
        "item_id": row["item_id"],
        "action": row["action"] or "",
        "actor_id": row["actor_id"],
        "state": answer["state"],
    }


def _applied(row: Row, answer: Row) -> Decision:
    hops = [Hop(hop["action"], hop["from"], hop["to"], hop["automatic"]) for hop in answer["hops"]]
    return Decision(
        Outcome.APPLIED, row["item_id"], row["command_id"], answer["version"], hops, _awaits(answer["awaits"])
    )


def _awaits(awaited: list[Row]) -> list[Awaits]:
    return [Awaits(row["role"], row["actions"]) for row in awaited]


def _stored(row: Row, answer: Row) -> Decision:
    if refusal := answer["refusal"]:
        return Decision(
            Outcome.REFUSED,
            row["item_id"],
            row["command_id"],
            refusal["version"],
            reasons=[Reason(**reason) for reason in json.loads(refusal["reasons"])],
            legal_actions=refusal["legal_actions"],
            remedies=[Remedy(**remedy) for remedy in json.loads(refusal["remedies"])],
        )
    hops = [Hop(hop["action"], hop["from"], hop["to"], hop["automatic"]) for hop in answer["hops"]]
    awaits = [Awaits(role, actions) for role, *actions in (lines.split("\n") for lines in answer["awaits"] or [])]
    version = answer["hops"][-1]["version"]
    return Decision(Outcome.APPLIED, row["item_id"], row["command_id"], version, hops, awaits)


def _record(row: Row, decision: Decision, *, keep: bool) -> Row:
    """What is stored of a refusal; a reused id (`keep` false) does not replace the answer it was used for."""
    return {
        **{key: row[key] for key in ("seq", "item_id", "action", "actor_id", "command_id", "fingerprint")},
        "command_key": row["command_key"] if keep else None,
        "version": decision.version,
        "codes": [reason.code for reason in decision.reasons],
        "reasons": json.dumps([_plain(reason) for reason in decision.reasons]),
        "legal_actions": decision.legal_actions,
        "remedies": json.dumps([_plain(remedy) for remedy in decision.remedies]),
    }


def _plain(part: Reason | Remedy) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__slots__}


def _nothing(row: Row, broken: str) -> Row:
    """The answer for a command whose rules cannot be run."""
    return {
        "seq": row["seq"],
        "earlier": None,
        "obstacles": [{"code": "RULE_BROKEN", "broken": broken}],
        "hops": [],
        "verdicts": [],
        "awaits": [],
        "version": None,
        "state": None,
        "kind": None,
        "parent_id": None,
    }
