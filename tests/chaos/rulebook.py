"""The shipped rules as plain data, read from their files without the product, in the form the oracle takes."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from tests.house.statements import ROOT
from tests.property.oracle import Oracle, Rule

ENGINE = "stategate"


@cache
def rulebook(name: str) -> Rule:
    """One workflow, its short forms written out."""
    rules: Rule = yaml.safe_load((ROOT / "seed" / "rules" / f"{name}.yaml").read_text("utf-8"))
    rules["roles"] = [_named(role) for role in rules["roles"]]
    for rule in rules["transitions"]:
        if isinstance(rule["from"], str) and rule["from"] != "*":
            rule["from"] = [rule["from"]]
        rule["inputs"] = [_named(given) for given in rule.get("inputs", [])]
    return rules


def _named(thing: Any) -> Rule:
    return {"name": thing} if isinstance(thing, str) else dict(thing)


def oracle(name: str, people: dict[str, tuple[str, set[str]]]) -> Oracle:
    """The oracle of one workflow, who knows these people and the engine."""
    found = Oracle(rulebook(name))
    found.people = people | {ENGINE: ("service", {"system"})}
    return found


def asked(name: str, state: str) -> list[Rule]:
    """What somebody may ask for in a state, in the order of the file; what is possible everywhere is left out."""
    return [
        rule
        for rule in rulebook(name)["transitions"]
        if rule["from"] != "*" and state in rule["from"] and not rule.get("automatic")
    ]


def awaited(name: str, state: str) -> set[str]:
    """The roles a state waits for."""
    told: list[str] | None = rulebook(name)["states"][state].get("awaits")
    return set(told) if told is not None else {role for rule in asked(name, state) for role in rule.get("roles", [])}


def is_final(name: str, state: str) -> bool:
    return bool(rulebook(name)["states"][state]["kind"] == "final")
