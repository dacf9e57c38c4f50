"""What a command should be answered, worked out in plain Python from the contract, far from Neo4j."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

Rule = dict[str, Any]
ENGINE = "stategate"
ENDLESS = 24  # hops of one command, after which the rules are said to be broken


@dataclass
class Item:
    state: str
    fields: dict[str, Any]
    author: str | None = None
    assignee: str | None = None
    version: int = 0
    fired: list[tuple[str, str]] = field(default_factory=list)  # (actor, action)
    answered: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass
class Answer:
    outcome: str
    version: int | None = None
    hops: list[tuple[str, str, str, bool]] = field(default_factory=list)
    codes: list[set[str]] = field(default_factory=list)  # of each rule that could be meant


class Oracle:
    """One workflow, its people and its items."""

    def __init__(self, rules: Rule) -> None:
        self.rules = rules
        self.people: dict[str, tuple[str, set[str]]] = {}  # kind and roles
        self.items: dict[str, Item] = {}
        self.nowhere: dict[str, dict[str, tuple[Any, Answer]]] = {}  # what was asked of items that are not there

    def decide(self, item_id: str, action: str, actor: str, command: str, expected: int | None, inputs: Any) -> Answer:
        item = self.items.get(item_id)
        wish = (action, actor, inputs)
        answered = item.answered if item else self.nowhere.setdefault(item_id, {})
        if command in answered:
            before, answer = answered[command]
            same = before == wish
            return Answer("DUPLICATE", hops=answer.hops) if same else Answer("REFUSED", codes=[{"COMMAND_ID_REUSED"}])
        if item is None:
            unknown = {"UNKNOWN_ITEM"} | ({"UNKNOWN_ACTOR"} if actor not in self.people else set())
            answer = Answer("REFUSED", codes=[unknown])
        else:
            answer = self._judge(item, action, actor, expected, inputs)
        answered[command] = (wish, answer)
        return answer

    def _judge(self, item: Item, action: str, actor: str, expected: int | None, inputs: Any) -> Answer:
        first: set[str] = set()
        if actor not in self.people:
            first.add("UNKNOWN_ACTOR")
        if all(rule["action"] != action for rule in self.rules["transitions"]):
            first.add("UNKNOWN_ACTION")
        if expected is not None and expected != item.version:
            first.add("STALE_VERSION")
        if first & {"UNKNOWN_ACTOR", "UNKNOWN_ACTION"}:
            return Answer("REFUSED", item.version, codes=[first])
        meant = [rule for rule in self._leaving(item.state) if rule["action"] == action]
        if not meant:
            final = self.rules["states"][item.state]["kind"] == "final"
            return Answer("REFUSED", item.version, codes=[first | {"FINAL_STATE" if final else "NOT_FROM_THIS_STATE"}])
        against = [
            first | self._permission(item, rule, actor) | self._inputs(rule, inputs) | self._guards(item, rule, inputs)
            for rule in meant
        ]
        chosen = next((rule for rule, codes in zip(meant, against, strict=True) if not codes), None)
        if chosen is None:
            return Answer("REFUSED", item.version, codes=against)
        before = replace(item, fired=list(item.fired))
        hops = [self._hop(item, chosen, actor)]
        while True:
            if len(hops) == ENDLESS:
                vars(item).update(vars(before))
                return Answer("REFUSED", item.version, codes=[{"RULE_BROKEN"}])
            onward = next(
                (
                    rule
                    for rule in self._leaving(item.state)
                    if rule.get("automatic") and not self._guards(item, rule, inputs)
                ),
                None,
            )
            if onward is None:
                break
            hops.append(self._hop(item, onward, ENGINE))
        return Answer("APPLIED", item.version, hops)

    def legal(self, item_id: str, actor: str) -> set[str]:
        """The actions an actor may ask for, given right inputs."""
        item = self.items[item_id]
        return {
            rule["action"]
            for rule in self._leaving(item.state)
            if not rule.get("automatic")
            and not self._permission(item, rule, actor)
            and not self._guards(item, rule, {})
        }

    def _leaving(self, state: str) -> list[Rule]:
        final = self.rules["states"][state]["kind"] == "final"
        return [
            rule
            for rule in self.rules["transitions"]
            if (rule["from"] == "*" and not final and state not in rule.get("except", []))
            or (rule["from"] != "*" and state in rule["from"])
        ]

    def _hop(self, item: Item, rule: Rule, actor: str) -> tuple[str, str, str, bool]:
        hop = (rule["action"], item.state, rule["to"], bool(rule.get("automatic")))
        item.state = rule["to"]
        item.version += 1
        item.fired.append((actor, rule["action"]))
        if rule.get("claims"):
            item.assignee = actor
        return hop

    def rest(self, item: Item) -> None:
        """Where an item comes to rest, one who is not waited for there does not keep it."""
        awaited = []
        for rule in self._leaving(item.state):
            if rule["from"] != "*" and not rule.get("automatic"):
                awaited += rule.get("roles", [])
        if (
            awaited
            and item.assignee is not None
            and "*" not in awaited
            and not self._roles(item.assignee) & set(awaited)
        ):
            item.assignee = None

    def _roles(self, actor: str) -> set[str]:
        found, todo = set[str](), set(self.people[actor][1])
        parents = {role["name"]: set(role.get("inherits", [])) for role in self.rules["roles"]}
        while todo:
            found |= todo
            todo = {up for role in todo for up in parents.get(role, set())} - found
        return found

    def _permission(self, item: Item, rule: Rule, actor: str) -> set[str]:
        codes, held = set[str](), self._roles(actor)
        some, every, relations = rule.get("roles", []), rule.get("all_roles", []), rule.get("relations", [])
        if some and "*" not in some and not held & set(some):
            codes.add("ROLE_NOT_ALLOWED")
        if not set(every) <= held:
            codes.add("ROLE_NOT_ALLOWED")
        if not (some or every or relations):
            codes.add("ROLE_NOT_ALLOWED")
        if rule.get("actor_kinds") and self.people[actor][0] not in rule["actor_kinds"]:
            codes.add("ROLE_NOT_ALLOWED")
        if relations and not any(self._related(item, relation, actor) for relation in relations):
            codes.add("RELATION_NOT_MET")
        if any((actor, before) in item.fired for before in rule.get("not_same_actor_as", [])):
            codes.add("SAME_ACTOR")
        return codes

    def _related(self, item: Item, relation: str, actor: str) -> bool:
        negative = relation.startswith("not_")
        there = {"assignee": item.assignee, "author": item.author}[relation.removeprefix("not_")] == actor
        return there != negative

    def _inputs(self, rule: Rule, inputs: dict[str, Any]) -> set[str]:
        return {code for given in rule.get("inputs", []) if (code := self._input(given, inputs.get(given["name"])))}

    def _input(self, given: Rule, value: Any) -> str | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return "INPUT_MISSING"
        kind = given.get("type", "string")
        fits = {
            "string": isinstance(value, str),
            "boolean": isinstance(value, bool),
            "integer": isinstance(value, int) and not isinstance(value, bool),
        }[kind]
        if not fits:
            return "INPUT_INVALID"
        if isinstance(value, str):
            long = len(value.strip())
            if not given.get("min_length", 0) <= long <= given.get("max_length", 10**9):
                return "INPUT_INVALID"
            if "pattern" in given and not re.fullmatch(given["pattern"], value):
                return "INPUT_INVALID"
        elif kind == "integer" and not given.get("minimum", -(10**9)) <= value <= given.get("maximum", 10**9):
            return "INPUT_INVALID"
        return "INPUT_INVALID" if "enum" in given and value not in given["enum"] else None

    def _guards(self, item: Item, rule: Rule, inputs: dict[str, Any]) -> set[str]:
        return {code for guard in rule.get("guards", []) if (code := self._guard(item, rule, guard, inputs))}

    def _guard(self, item: Item, rule: Rule, guard: Rule, inputs: dict[str, Any]) -> str | None:
        kind = guard["kind"]
        if kind == "history":
            times = sum(action == guard["action"] for _, action in item.fired)
            most = times + (guard["action"] == rule["action"]) <= guard.get("times_max", 10**9)
            return None if most and times >= guard.get("times_min", 0) else "LIMIT_REACHED"
        if kind == "count":
            times = sum(action in guard["of"] for _, action in item.fired)
            holds = _compare(times, guard["op"], guard["value"])
            return None if holds else "LIMIT_REACHED" if guard["op"] in {"<", "<="} else "GUARD_FAILED"
        name = guard["name"]
        actual = inputs.get(name.removeprefix("inputs.")) if name.startswith("inputs.") else item.fields.get(name)
        if guard["op"] == "exists":
            return None if (actual not in {None, ""}) == guard.get("value", True) else "GUARD_FAILED"
        holds = _compare(actual, guard["op"], guard["value"])
        return "INDETERMINATE" if holds is None else None if holds else "GUARD_FAILED"


def _compare(actual: Any, op: str, value: Any) -> bool | None:
    """None where two values cannot be compared."""
    if actual is None:
        return None
    if op == "in":
        return any(type(actual) is type(one) and actual == one for one in value)
    alike = isinstance(actual, str) == isinstance(value, str) and isinstance(actual, bool) == isinstance(value, bool)
    if op == "=":
        return alike and actual == value
    if op == "!=":
        return not (alike and actual == value)
    if not alike:
        return None
    order: dict[str, bool] = {"<": actual < value, "<=": actual <= value, ">": actual > value, ">=": actual >= value}
    return order[op]
