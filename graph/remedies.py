"""The smallest change that would make a refused action legal, in at most three parts."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import Any

from graph.database import Row
from graph.decision import Remedy
from graph.reasons import shape

ACTOR_CODES = {"ROLE_NOT_ALLOWED", "RELATION_NOT_MET", "SAME_ACTOR"}
_INPUT_CODES = {"INPUT_MISSING", "INPUT_INVALID"}
PARTS = 3
_WAYS = 8  # ways through the rules that are looked at
_FOR_THE_ACTION = "inputs."


@dataclass(slots=True)
class Situation:
    """Who asked for what; `others` are the actors against whom nothing speaks, by the rules (keys) they may use."""

    item_id: str
    action: str
    actor_id: str | None
    others: dict[str, set[str]] = field(default_factory=dict)
    administers: bool = False


def remedies(situation: Situation, verdicts: list[Row]) -> list[Remedy]:
    """The parts of the smallest change; empty when there is none, or none this small."""
    ways = [way for verdict in verdicts if (way := _way(situation, verdict)) is not None]
    return min((way for way in ways if len(way) <= PARTS), key=_cost, default=[])


def needs_steps(answer: Row) -> bool:
    """Whether nothing else stands against an action than where its item is."""
    return bool(
        answer["state"] is not None
        and not answer["verdicts"]
        and not answer["obstacles"]
        and answer["earlier"] is None
        and not answer["hops"]
    )


def moves_to(moves: list[Row], action: str) -> list[list[str]]:
    """The shortest ways from where the item is to states in which there is the action, as actions to take first."""
    if not moves:
        return []
    goals, leaving = _goals(moves, action), _by(moves, "from")
    steps = _steps_to(moves, goals)
    found: list[list[str]] = []
    todo: deque[tuple[str, list[str], frozenset[str]]] = deque([(moves[0]["here"], [], frozenset())])
    gone = set[tuple[str, ...]]()
    while todo and len(found) < _WAYS:
        state, way, seen = todo.popleft()
        if (state, *way) in gone:
            continue
        gone.add((state, *way))
        if state in goals and way and way not in found:
            found.append(way)
        after = seen | {state}
        for move in leaving[state]:
            longer = way if move["automatic"] else [*way, move["action"]]
            # Of all the ways through many states only those are followed that can still arrive.
            if move["to"] in seen or len(longer) + steps.get(move["to"], PARTS + 1) > PARTS:
                continue
            if move["automatic"]:
                # It costs nobody anything, so it comes before what takes another step.
                todo.appendleft((move["to"], longer, after))
            else:
                todo.append((move["to"], longer, after))
    return sorted(found, key=len)


def _by(moves: list[Row], end: str) -> defaultdict[str, list[Row]]:
    found = defaultdict[str, list[Row]](list)
    for move in moves:
        found[move[end]].append(move)
    return found


def _goals(moves: list[Row], action: str) -> set[str]:
    """The states in which somebody may ask for the action."""
    return {move["from"] for move in moves if move["action"] == action and not move["automatic"]}


def _steps_to(moves: list[Row], goals: set[str]) -> dict[str, int]:
    """From each state that has a way to one of these: the fewest steps somebody has to take."""
    steps: dict[str, int] = {}
    arriving = _by(moves, "to")
    todo = deque((goal, 0) for goal in goals)
    while todo:
        state, count = todo.popleft()
        if state in steps:
            continue
        steps[state] = count
        for move in arriving[state]:
            if move["automatic"]:
                todo.appendleft((move["from"], count))
            else:
                todo.append((move["from"], count + 1))
    return steps


def happens_by_itself(moves: list[Row], action: str) -> Remedy | None:
    """The automatic move to wait for where such moves alone lead to a state in which there is the action."""
    if not moves:
        return None
    goals, leaving = _goals(moves, action), _by([move for move in moves if move["automatic"]], "from")
    here = moves[0]["here"]
    todo, seen = deque[tuple[str, str | None]]([(here, None)]), {here}
    while todo:
        state, first = todo.popleft()
        if first is not None and state in goals:
            return Remedy("WAIT", f"Until '{first}' happens by itself.", action=first)
        for move in leaving[state]:
            if move["to"] not in seen:
                seen.add(move["to"])
                todo.append((move["to"], first or move["action"]))
    return None


def awaited(item_id: str, action: str, verdicts: list[Row]) -> list[Remedy]:
    """What has to become true before anybody can take a step; empty when more than that stands against it."""
    parts = remedies(Situation(item_id, action, None), verdicts)
    return [replace(part, action=action) for part in parts] if all(part.kind == "WAIT" for part in parts) else []


def _cost(way: list[Remedy]) -> tuple[int, int]:
    order = ("ADD_INPUT", "OTHER_ACTOR", "STEP_FIRST", "GRANT_ROLE", "WAIT")
    return len(way), max((order.index(part.kind) for part in way), default=0)


def _way(situation: Situation, verdict: Row) -> list[Remedy] | None:
    """What would have to change for one rule; None when nothing helps."""
    parts: list[Remedy] = []
    by_actor = [reason for reason in verdict["reasons"] if reason["code"] in ACTOR_CODES]
    if by_actor:
        part = _other_actor(situation, verdict["key"]) or _grant(situation, by_actor)
        if part is None:
            return None
        parts.append(part)
    for reason in verdict["reasons"]:
        if reason in by_actor:
            continue
        part = _of_reason(reason)
        if part is None:
            return None
        if part not in parts:
            parts.append(part)
    return parts


def _of_reason(reason: dict[str, Any]) -> Remedy | None:
    code = reason["code"]
    if code in _INPUT_CODES:
        return Remedy("ADD_INPUT", f"Give '{reason['input']}'{shape(reason['schema'])}.", input=reason["input"])
    named = reason.get("field") or ""
    if code in {"GUARD_FAILED", "INDETERMINATE"} and named.startswith(_FOR_THE_ACTION):
        name = named.removeprefix(_FOR_THE_ACTION)
        return Remedy("ADD_INPUT", f"Give '{name}' so that '{reason['guard']}' holds.", input=name)
    if code == "GUARD_FAILED":
        missing = f"; it needs {', '.join(reason['missing'])}" if reason.get("missing") else ""
        return Remedy("WAIT", f"Until '{reason['guard']}' holds{missing}.")
    return None


def _other_actor(situation: Situation, key: str) -> Remedy | None:
    able = [actor for actor, keys in situation.others.items() if key in keys and actor != situation.actor_id]
    if not able:
        return None
    more = f" (or {', '.join(able[1:4])}{' …' if len(able) > 4 else ''})" if len(able) > 1 else ""
    return Remedy("OTHER_ACTOR", f"Ask '{able[0]}'{more} to do it.", action=situation.action, actor_id=able[0])


def _grant(situation: Situation, reasons: list[dict[str, Any]]) -> Remedy | None:
    """A role to grant, told to those who may grant it; it does not help against a relation or what was done before."""
    if not situation.administers or any(reason["code"] != "ROLE_NOT_ALLOWED" for reason in reasons):
        return None
    roles = reasons[0].get("roles") or []
    if not roles:
        return None
    return Remedy(
        "GRANT_ROLE", f"Grant '{roles[0]}' to '{situation.actor_id}'.", role=roles[0], actor_id=situation.actor_id
    )
