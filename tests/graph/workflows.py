"""Workflows that use every key of a rules file, under odd names, for Hypothesis to choose from."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from graph.rules.model import Workflow

ODD = [
    "no",
    "1",
    "1e3",
    "~",
    'with "quotes"',
    "back\\slash",
    "naïve ☃",
    "👩‍💻 coder",
    "  spaced ",
    "a: b #c",
    "*x",
    "{[,]}",
]
ODD += ["'", "%%", "-->", "\u00a0", "x" * 200, "\ufffd", "é" * 3, "null", "`tick`", "$name", "}) DETACH DELETE (n"]
NAMES = st.sampled_from(ODD) | st.text(min_size=1, max_size=12)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.booleans() | NUMBERS | WORDS


def _fits(name: str) -> bool:
    return bool(name.strip()) and not any(
        ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u2028\u2029\ufeff\ufffe\uffff" for char in name
    )


def some(names: list[str], least: int = 0, most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=least, max_size=most, unique=True)


def guards(states: list[str], actions: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    ops = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    number = st.integers(0, 2**40)
    lists = st.lists(WORDS, min_size=1, max_size=3) | st.lists(st.integers(-9, 9), min_size=1, max_size=3)
    kinds = st.lists(st.sampled_from(["initial", "active", "final"]), min_size=1, max_size=3, unique=True)
    return st.one_of(
        st.fixed_dictionaries({"kind": st.just("field"), "name": NAMES.filter(_fits), "op": ops, "value": SCALARS}),
        st.fixed_dictionaries(
            {"kind": st.just("field"), "name": NAMES.filter(_fits), "op": st.just("in"), "value": lists}
        ),
        st.fixed_dictionaries(
            {"kind": st.just("field"), "name": NAMES.filter(_fits), "op": st.just("exists")},
            optional={"value": st.booleans()},
        ),
        st.fixed_dictionaries({"kind": st.just("count"), "of": some(actions, 1), "op": ops, "value": number}),
        st.fixed_dictionaries(
            {"kind": st.just("children"), "min": number},
            optional={
                "all_in": some(states, 1),
                "none_in": some(states, 1),
                "all_kind": kinds,
                "in": some(states, 1),
                "all_fired": some(actions, 1),
            },
        ),
        st.fixed_dictionaries(
            {"kind": st.just("history"), "action": st.sampled_from(actions), "times_max": number},
            optional={"times_min": number},
        ),
        st.fixed_dictionaries({"kind": st.just("plugin"), "name": NAMES.filter(_fits)}),
    )


def inputs() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"name": NAMES.filter(_fits)},
        optional={
            "type": st.sampled_from(["string", "integer", "number", "boolean", "array", "object"]),
            "min_length": st.integers(0, 9),
            "max_length": st.integers(9, 2**40),
            "pattern": st.sampled_from(["[a-z]+", "\\d{3}", 'say "x"', "ü.☃"]),
            "enum": st.lists(WORDS, min_size=1, max_size=3) | st.lists(st.integers(), min_size=1, max_size=3),
            "minimum": st.integers(-9, 0) | st.floats(-9, 0),
            "maximum": st.integers(1, 9) | st.floats(1, 1e300),
        },
    )


@st.composite
def workflows(draw: st.DrawFn, name: str = "any", mark: str = "") -> Workflow:
    """A workflow that reads well; the lint may still find errors in it. `mark` ends the names of its roles."""
    names = st.lists(NAMES.filter(_fits), min_size=2, max_size=5, unique=True)
    states, actions = draw(names.filter(lambda found: "*" not in found)), draw(names)
    roles = [role[: 200 - len(mark)] + mark for role in draw(names)]
    kinds = ["initial", *(draw(st.sampled_from(["initial", "active", "final"])) for _ in states[1:])]
    transition = st.fixed_dictionaries(
        {"action": st.sampled_from(actions), "to": st.sampled_from(states), "roles": some([*roles, "*"], 1)},
        optional={
            "from": some(states, 1),
            "all_roles": some(roles),
            "relations": st.lists(
                st.sampled_from(["assignee", "author", "not_owner", f"did {actions[0][:196]}"]), max_size=2, unique=True
            ),
            "actor_kinds": st.lists(st.sampled_from(["human", "agent", "service"]), max_size=2, unique=True),
            "inputs": st.lists(inputs(), max_size=2, unique_by=lambda given: given["name"]),
            "guards": st.lists(guards(states, actions), max_size=2),
            "not_same_actor_as": some(actions),
            "automatic": st.booleans(),
            "claims": st.booleans(),
            "rework": st.booleans(),
            "emits": NAMES.filter(_fits),
            "after": st.sampled_from(["30s", "15m", "24h", "2d"]),
        },
    )
    transitions = draw(st.lists(transition, min_size=2, max_size=5))
    for moving in transitions:
        if "from" not in moving:
            moving |= {"from": "*", "except": draw(some(states))}
    used = {moving["action"] for moving in transitions}
    # Actions that are named have to be there.
    transitions += [
        {"from": states[0], "action": action, "to": states[-1], "roles": roles[:1], "actor_kinds": ["human"]}
        for action in actions
        if action not in used
    ]
    children = st.fixed_dictionaries(
        {"open": st.integers(0, 3)},
        optional={"open_max": st.integers(0, 3), "done_min": st.integers(0, 3), "started_min": st.integers(0, 3),
                  "done_since": some(actions, 1)},
    )  # fmt: skip
    coupling = st.one_of(
        st.fixed_dictionaries({"parent_state": some(states, 1), "releases": st.just("children")}),
        st.fixed_dictionaries({"parent_state": some(states, 1), "holds": st.just("children")}),
        st.fixed_dictionaries({"children": children, "fires": st.sampled_from(actions)}),
        st.fixed_dictionaries({"sprint": st.just("ended"), "fires": st.sampled_from(actions)}),
    )
    begin = [state for state, kind in zip(states, kinds, strict=True) if kind == "initial"]
    starts = [
        {"state": state} | ({"roles": chosen} if (chosen := draw(some(roles))) else {}) for state in draw(some(begin))
    ]
    return Workflow.model_validate(
        {
            "workflow": name,
            "item": draw(st.sampled_from(["task", "story"])),
            "roles": [{"name": roles[0], "inherits": draw(some(roles[1:]))}, *roles[1:]],
            "starts": starts,
            "couples": draw(st.lists(coupling, max_size=3)),
            "states": {state: _state(draw, kind, roles) for state, kind in zip(states, kinds, strict=True)},
            "transitions": transitions,
            "expectations": draw(
                st.lists(expectations(states, actions, roles), max_size=2, unique_by=lambda e: e["name"])
            ),
        }
    )


def _state(draw: st.DrawFn, kind: str, roles: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind}
    if draw(st.booleans()):
        found["awaits"] = draw(some(roles))
    if kind == "final" and draw(st.booleans()):
        found["outcome"] = draw(st.sampled_from(["done", "cancelled"]))
    return found


def expectations(states: list[str], actions: list[str], roles: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    someone = some(roles) | st.fixed_dictionaries({"roles": some(roles), "kind": st.just("agent")})
    given = st.fixed_dictionaries(
        {"state": st.sampled_from(states), "actors": st.fixed_dictionaries({"ana": someone, "böb": someone})},
        optional={
            "item": st.dictionaries(st.sampled_from(["priority", "x y", "é"]), SCALARS, max_size=2),
            "history": st.lists(
                st.fixed_dictionaries({"action": st.sampled_from(actions)}, optional={"actor": st.just("ana")}),
                max_size=2,
            ),
            "assignee": st.just("böb"),
            "children": st.just([{"state": "x", "kind": "final", "outcome": "cancelled", "fired": ["Y"]}]),
            "sprint": st.sampled_from(["open", "ended"]),
            "plugins": st.dictionaries(NAMES.filter(_fits), st.booleans(), max_size=2),
        },
    )
    values = st.recursive(st.none() | SCALARS, lambda inner: st.lists(inner, max_size=2), max_leaves=4)
    when = st.fixed_dictionaries(
        {"actor": st.just("ana"), "action": st.sampled_from(actions)},
        optional={"inputs": st.dictionaries(WORDS, values, max_size=2)},
    )
    then = st.fixed_dictionaries({"applied": st.sampled_from(states)}) | st.just({"refused": ["SAME_ACTOR"]})
    return st.fixed_dictionaries(
        {"name": NAMES.filter(_fits), "given": given, "when": when, "then": then},
        optional={
            "may": st.fixed_dictionaries({"böb": some(actions)}),
            "who": st.dictionaries(st.sampled_from(actions), some(["ana", "böb"]), max_size=2),
        },
    )
