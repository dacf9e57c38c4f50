"""Random rules and random wishes, by a seeded generator, so that a difference can be played again."""

from __future__ import annotations

import json
import random
from typing import Any

from graph.rules.file import parse
from graph.rules.finding import has_error
from graph.rules.lint import lint

Rule = dict[str, Any]
STATES = ["s0", "s1", "s2", "s3", "s4", "end"]
ACTIONS = [f"A{number}" for number in range(6)]
OPS = ["=", "!=", "<", "<=", ">", ">="]
KINDS = ["human", "agent", "service"]
INPUTS: list[Rule] = [
    {"name": "note", "min_length": 3, "max_length": 8},
    {"name": "size", "type": "integer", "minimum": 1, "maximum": 5},
    {"name": "sure", "type": "boolean"},
    {"name": "tag", "pattern": "[a-c]+"},
    {"name": "pick", "enum": ["x", "y"]},
]
VALUES: dict[str, list[Any]] = {
    "note": ["fine", "no", " pad ", "much too long", "", 7, None],
    "size": [1, 5, 0, 9, "3", True],
    "sure": [True, False, "yes"],
    "tag": ["abc", "abd", "a c"],
    "pick": ["x", "z", 1],
    "extra": [1, "one"],
}


def rules(rng: random.Random, name: str, roles: list[str]) -> Rule:
    """A workflow without lint errors."""
    while True:
        found = _rules(rng, name, roles)
        parsed = parse(text(found))
        assert parsed.workflow is not None, parsed.findings
        if not has_error(lint(parsed.workflow)):
            return found


def text(rules: Rule) -> str:
    """JSON is YAML."""
    return json.dumps(rules)


def _rules(rng: random.Random, name: str, roles: list[str]) -> Rule:
    listed: list[Rule] = [{"name": role} for role in roles]
    if rng.random() < 0.6:
        listed[0]["inherits"] = [roles[1]]
    if rng.random() < 0.3:
        listed[1]["inherits"] = [roles[2]]
    states = {state: {"kind": "active"} for state in STATES}
    states["s0"]["kind"], states["end"]["kind"] = "initial", "final"
    return {
        "workflow": name, "roles": listed, "states": states,
        "transitions": [transition(rng, roles) for _ in range(rng.randrange(8, 16))],
    }  # fmt: skip


def transition(rng: random.Random, roles: list[str]) -> Rule:
    sources = rng.sample(STATES, rng.choice([1, 1, 2]))
    rule: Rule = {"from": sources, "action": rng.choice(ACTIONS), "to": rng.choice(STATES)}
    if rng.random() < 0.15:
        rule["from"] = "*"
        if rng.random() < 0.5:
            rule["except"] = [rng.choice(STATES)]
    if rng.random() < 0.15:
        rule["automatic"] = True
        rule["action"] = "AUTO" + rng.choice("12")
    else:
        way = rng.randrange(10)
        if way < 6:
            rule["roles"] = rng.sample(roles, rng.choice([1, 2]))
        elif way == 6:
            rule["roles"] = ["*"]
        elif way == 7:
            rule["all_roles"] = rng.sample(roles, 2)
        if way >= 8 or rng.random() < 0.15:
            rule["relations"] = [rng.choice(["assignee", "author", "not_author", "not_assignee"])]
        if rng.random() < 0.2:
            rule["actor_kinds"] = rng.sample(KINDS, 2)
        if rng.random() < 0.3:
            rule["inputs"] = rng.sample(INPUTS, rng.choice([1, 2]))
        if rng.random() < 0.2:
            rule["claims"] = True
        if rng.random() < 0.2:
            rule["not_same_actor_as"] = [rng.choice(ACTIONS)]
    if rng.random() < 0.3:
        rule["guards"] = [guard(rng) for _ in range(rng.choice([1, 1, 2]))]
    return rule


def guard(rng: random.Random) -> Rule:
    kind = rng.choice(["field", "field", "count", "history", "inputs"])
    if kind == "count":
        return {
            "kind": "count",
            "of": rng.sample(ACTIONS, 2),
            "op": rng.choice(["<", "<=", ">", ">=", "=", "!="]),
            "value": rng.randrange(4),
        }
    if kind == "history":
        return {
            "kind": "history",
            "action": rng.choice(ACTIONS),
            rng.choice(["times_max", "times_min"]): rng.randrange(1, 3),
        }
    if kind == "inputs":
        return {"kind": "field", "name": "inputs.size", "op": rng.choice(["<", ">=", "="]), "value": 3}
    return rng.choice([
        {"kind": "field", "name": "priority", "op": rng.choice(OPS), "value": rng.randrange(1, 4)},
        {"kind": "field", "name": "title", "op": "in", "value": ["one", "two"]},
        {"kind": "field", "name": "description", "op": "exists", "value": rng.choice([True, False])},
        {"kind": "field", "name": "nothing", "op": "=", "value": 1},
    ])  # fmt: skip


def fields(rng: random.Random) -> Rule:
    found: Rule = {"title": rng.choice(["one", "two", "three"]), "priority": rng.choice([1, 2, 3, None])}
    if rng.random() < 0.5:
        found["description"] = rng.choice(["words", ""])
    return found


def inputs(rng: random.Random) -> Rule:
    """Mostly right."""
    good = {"note": "fine", "size": 2, "sure": True, "tag": "abc", "pick": "x"}
    if rng.random() < 0.6:
        return good
    names = rng.sample(sorted(VALUES), rng.randrange(5))
    return {name: rng.choice(VALUES[name]) for name in names}
