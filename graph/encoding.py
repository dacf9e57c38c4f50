"""What goes to the gate's statement and what comes back from it, as rows; nothing here asks the graph."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from graph.database import Row
from graph.decision import Awaits, Command, Decision, Hop, Outcome, Reason, Remedy
from graph.errors import BadInputError

_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False)
_MAX_WORD = 1500  # bytes of an id; an index of Neo4j takes some 8,000, and a key holds two
_MAX_DEPTH = 100  # levels of inputs
_MAX_INPUTS = 200_000  # bytes of JSON; events carry some of them, and a message has its limit too


def row(command: Command, seq: int, *, anyone: bool = False) -> Row:
    """A command as the statement takes it. Raises `BadInputError` for what cannot be stored."""
    _check_word("item id", command.item_id)
    _check_word("action", command.action)
    _check_word("actor id", command.actor_id)
    _check_word("command id", command.command_id)
    _check_integers(command.expected_version)
    inputs = dict(command.inputs)
    if command.feedback is not None:
        inputs["feedback"] = command.feedback
    text = _json(inputs) if inputs else None
    engine = command.actor_id is None and not anyone
    keyed = not engine and not command.dry
    command_id = command.command_id or str(uuid.uuid4())
    feedback = inputs.get("feedback")
    return {
        "seq": seq,
        "item_id": command.item_id,
        "action": command.action,
        "actor_id": command.actor_id,
        "engine": engine,
        "anyone": anyone,
        "dry": command.dry,
        "timer": command.timer,
        "assume_inputs": False,
        "verdicts": {},
        "command_id": command_id,
        "command_key": command_key(command.item_id, command_id) if keyed else None,
        "fingerprint": _fingerprint(command, text or "{}") if keyed else None,
        "expected_version": command.expected_version,
        "feedback": feedback if isinstance(feedback, str) else None,
        "inputs": inputs,
        "inputs_json": text,
    }


def command_key(item_id: str, command_id: str) -> str:
    """By which the answer to a command is found again."""
    return f"{item_id}\n{command_id}"


def _check_word(what: str, word: str | None) -> None:
    try:
        if word is not None and len(word.encode()) > _MAX_WORD:
            raise BadInputError(f"The {what} is longer than {_MAX_WORD} bytes.")
    except UnicodeEncodeError as error:
        raise BadInputError(
            f"The {what} has half of a character (a lone surrogate), which cannot be stored."
        ) from error


def _json(inputs: dict[str, Any]) -> str:
    try:
        text = _JSON.encode(inputs)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInputError("The inputs must be an object of JSON values.") from error
    if size > _MAX_INPUTS:
        raise BadInputError(f"The inputs are larger than {_MAX_INPUTS} bytes; store them elsewhere and give a link.")
    _check_integers(inputs)
    return text


def _fingerprint(command: Command, inputs: str) -> str:
    """By which a command id that is used again for something else is known."""
    return hashlib.sha256(
        f"[{_JSON.encode(command.action)}, {_JSON.encode(command.actor_id)}, {inputs}]".encode()
    ).hexdigest()


def _check_integers(value: Any, depth: int = 0) -> None:
    """Neo4j's integers have 64 bits; and what is too deep could be stored, but not be read by everybody."""
    if depth > _MAX_DEPTH:
        raise BadInputError(
            f"The inputs are nested deeper than {_MAX_DEPTH} levels; store them elsewhere and give a link."
        )
    if isinstance(value, dict):
        for part in value.values():
            _check_integers(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check_integers(part, depth + 1)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise BadInputError(
            f"An integer of {value.bit_length()} bits is too large (64 are allowed); give it as a string."
        )


def wire(row: Row) -> Row:
    """What of a row is sent: what is not there is null to the statement, and costs nothing on the way."""
    return {key: value for key, value in row.items() if value is not None and value != {}}


def renumbered(rows: list[Row]) -> list[Row]:
    """Some of the rows, as a batch of their own."""
    return [row | {"seq": seq} for seq, row in enumerate(rows)]


def without_repeats(rows: list[Row]) -> list[list[Row]]:
    """Batches in order, no command id twice in one: a refusal is known as an answer only after its batch."""
    batches: list[list[Row]] = [[]]
    keys: set[str] = set()
    for row in rows:
        if row["command_key"] in keys:
            batches.append([])
            keys = set()
        if row["command_key"]:
            keys.add(row["command_key"])
        batches[-1].append(row)
    return batches


def is_applied(row: Row, answer: Row) -> bool:
    """Whether it was done, or would be."""
    if row["dry"]:
        return not reasons(row, answer)
    return bool(answer["hops"]) or (row["action"] is None and not answer["obstacles"] and answer["earlier"] is None)


def reasons(row: Row, answer: Row) -> list[Row]:
    """Everything that stands against a command; where some rules of the action are for its actor, against these."""
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
    near = [verdict for verdict in verdicts if verdict["permitted"]] or verdicts
    for verdict in near:
        found += [{**reason, "rule": verdict["rule"]} for reason in verdict["reasons"] if not _same(reason, found)]
    return found


def _same(reason: Row, others: list[Row]) -> bool:
    return any({**other, "rule": None} == {**reason, "rule": None} for other in others)


def is_input(reason: Row) -> bool:
    """Whether right inputs would take the reason away."""
    return reason["code"] in {"INPUT_MISSING", "INPUT_INVALID"}


def context(row: Row, answer: Row) -> dict[str, Any]:
    """What the sentences of a refusal speak of."""
    return {
        "item_id": row["item_id"],
        "action": row["action"] or "",
        "actor_id": row["actor_id"],
        "state": answer["state"],
    }


def applied(row: Row, answer: Row) -> Decision:
    """The answer to what was done."""
    hops = [Hop(*hop) for hop in answer["hops"]]
    return Decision(
        Outcome.APPLIED, row["item_id"], row["command_id"], answer["version"], hops, awaits(answer["awaits"])
    )


def awaits(awaited: list[Row]) -> list[Awaits]:
    """Whom a state waits for, in the order of the rules."""
    return [Awaits(row["role"], row["actions"]) for row in awaited]


def stored(row: Row, answer: Row) -> Decision:
    """The answer that was given before."""
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


def record(row: Row, decision: Decision, *, keep: bool) -> Row:
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


def nothing(row: Row, broken: str, earlier: str | None = None) -> Row:
    """The answer for a command whose rules cannot be run; `earlier` is the fingerprint of the first one of its id."""
    return {
        "seq": row["seq"],
        "earlier": earlier,
        "obstacles": [{"code": "RULE_BROKEN", "broken": broken}],
        "hops": [],
        "verdicts": [],
        "pending": [],
        "awaits": [],
        "version": None,
        "state": None,
        "kind": None,
        "stories": [],
        "told_at": None,
    }
