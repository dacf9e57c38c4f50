"""Rules in the graph: the model written as nodes, in place by name, and read back with every hand edit."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError

from graph.database import Row, Transaction
from graph.errors import ConflictError, NotFoundError
from graph.rules.expectation import Expectation
from graph.rules.model import ANY_STATE, Coupling, Guard, Transition, Workflow

Run = Callable[..., Awaitable[list[Row]]]


async def write(
    tx: Transaction,
    workflow: Workflow,
    mapping: Mapping[str, str] | None = None,
    version: int = 1,
    confirm: str | None = None,
) -> None:
    """Makes the live rules what the model says, in the caller's transaction.

    Items of a state that goes away stay there, noted to be moved (`graph.rules.moves`), so this costs the same however
    many there are.

    Raises:
        ConflictError: a state with items would go away and `mapping` does not say where they go.
    """
    name = workflow.workflow
    before = await tx.run("rules/states_in_use", name=name)
    gone = {row["state"]: row["items"] for row in before if row["state"] not in workflow.states}
    await tx.run(
        "rules/write_workflow",
        name=name,
        item=workflow.item,
        roles=[role.name for role in workflow.roles],
        states=[_state(workflow, state, order) for order, state in enumerate(workflow.states)],
    )
    moves = _moves(workflow, gone, mapping or {})
    await tx.run("rules/clear_workflow", name=name)
    if empty := [state for state, items in gone.items() if not items]:
        await tx.run("rules/remove_states", name=name, states=empty)
    await tx.run("rules/write_roles", name=name, roles=[role.model_dump() for role in workflow.roles])
    starts = [{"state": s.state, "roles": s.roles, "order": order} for order, s in enumerate(workflow.initial())]
    await tx.run("rules/write_starts", name=name, starts=starts)
    rows = [_transition(workflow, t, order) for order, t in enumerate(workflow.transitions)]
    await tx.run("rules/write_transitions", name=name, transitions=rows)
    couplings = [_coupling(couple, order) for order, couple in enumerate(workflow.couples)]
    await tx.run("rules/write_couplings", name=name, couplings=couplings)
    expectations = [
        {"name": expectation.name, "text": _text(expectation), "order": order}
        for order, expectation in enumerate(workflow.expectations)
    ]
    await tx.run("rules/write_expectations", name=name, expectations=expectations)
    if moves:
        await tx.run("rules/begin_moves", name=name, moves=moves, version=version, confirm=confirm)


def _moves(workflow: Workflow, gone: dict[str, int], mapping: Mapping[str, str]) -> list[Row]:
    for old, new in mapping.items():
        if old not in gone:
            raise ConflictError(f"The mapping names '{old}', which is no state that goes away.")
        if new not in workflow.states:
            raise ConflictError(f"The mapping leads from '{old}' to '{new}', which is no state of the new rules.")
    for state, items in gone.items():
        if items and state not in mapping:
            raise ConflictError(f"The state '{state}' would go away with {items} items in it; map it to another state.")
    return [{"from": old, "to": new, "items": gone[old]} for old, new in mapping.items() if gone[old]]


def _state(workflow: Workflow, name: str, order: int) -> Row:
    state = workflow.states[name]
    return {
        "name": name,
        "properties": {
            "name": name,
            "workflow": workflow.workflow,
            "order": order,
            "kind": state.kind,
            "awaits": state.awaits,
            "outcome": workflow.outcome(name),
        },
    }


def _transition(workflow: Workflow, t: Transition, order: int) -> Row:
    flags = {key: True for key in ("automatic", "claims", "rework") if getattr(t, key)}
    return {
        "properties": {
            "name": t.action,
            "workflow": workflow.workflow,
            "order": order,
            **flags,
            "emits": t.emits,
            "effects": t.effects or None,
            "after": t.after,
            "relations": t.relations or None,
            "actor_kinds": t.actor_kinds or None,
            "any_role": t.roles or None,
        },
        "action": t.action,
        "to": t.to,
        "from": [] if t.from_any else t.source,
        "from_any": t.from_any,
        "except": t.excepted,
        "roles": t.roles,
        "all_roles": t.all_roles,
        "not_same_actor_as": t.not_same_actor_as,
        "inputs": [{"order": n, "properties": given.model_dump(exclude_none=True)} for n, given in enumerate(t.inputs)],
        "guards": [{"order": n, "properties": _guard(guard)} for n, guard in enumerate(t.guards)],
    }


def _guard(guard: Guard) -> Row:
    """A Guard node's `name` is its caption, so the file's `name` is kept as what it names."""
    found = guard.model_dump(exclude_none=True)
    if "name" in found:
        found["plugin" if guard.kind == "plugin" else "field"] = found.pop("name")
    return found | {"name": guard.caption}


def _coupling(couple: Coupling, order: int) -> Row:
    children = couple.children.model_dump(exclude_none=True) if couple.children else {}
    plain = couple.model_dump(exclude_none=True, include={"releases", "holds", "sprint"})
    words = ", ".join(f"{key.replace('_', ' ')} {json.dumps(value)}" for key, value in (children | plain).items())
    return {
        "properties": {**plain, **children, "order": order, "name": words},
        "states": couple.parent_state or [],
        "fires": couple.fires,
    }


def _text(expectation: Expectation) -> str:
    return json.dumps(expectation.model_dump(by_alias=True, exclude_defaults=True), ensure_ascii=False)


async def read(run: Run, name: str) -> Workflow:
    """The live rules as a model.

    Raises:
        NotFoundError: there is no such workflow.
        ConflictError: the live graph, edited by hand, is no complete set of rules.
    """
    rows = await run("rules/read", name=name)
    if not rows:
        raise NotFoundError(f"There is no workflow '{name}'.")
    [row] = rows
    try:
        return Workflow.model_validate(_model(row))
    except (ValueError, TypeError) as error:
        raise ConflictError(f"The live rules of '{name}' are not complete: {_problem(error)}") from error


def _problem(error: ValueError | TypeError) -> str:
    if isinstance(error, ValidationError):
        problem = error.errors()[0]
        return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
    return f"something in them cannot be read: {error}"


def _model(row: Row) -> Row:
    workflow = row["workflow"]
    inherited = {role["name"]: role["inherits"] for role in row["roles"]}
    used = {role for t in row["transitions"] for role in [*t["roles"], *t["all_roles"]]} - {"*"}
    said = workflow["roles"] or []
    # What was edited by hand may be of any kind; a number instead of a list is complained of with all the rest.
    listed = [*said, *sorted(used - set(said))] if isinstance(said, list) else [said]
    first = [state["name"] for state in row["states"] if state["kind"] == "initial"][:1]
    starts = [{key: value for key, value in start.items() if value is not None} for start in row["starts"]]
    return {
        "workflow": workflow["name"],
        "item": workflow["item"] or "task",
        "roles": [{"name": name, "inherits": inherited.get(name, [])} for name in listed],
        "starts": [] if starts == [{"state": name} for name in first] else starts,
        "couples": [_couple(k) for k in row["couplings"]],
        "states": {state["name"]: _drop(state, "name") for state in _with_default_outcome(row)},
        "transitions": [_moving(t) for t in row["transitions"]],
        "expectations": [_expectation(text) for text in row["expectations"]],
    }


def _expectation(text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError) as error:
        raise TypeError("an expectation is not JSON") from error


def _with_default_outcome(row: Row) -> list[Row]:
    """Leaves out an outcome that the rules would give the state anyhow."""
    states = []
    for state in row["states"]:
        entering = [t for t in row["transitions"] if state["name"] in t["to"]]
        default = "cancelled" if entering and all(t["from_any"] for t in entering) else "done"
        states.append(state | {"outcome": None} if state["outcome"] == default else state)
    return states


def _drop(properties: Row, *names: str) -> Row:
    return {key: value for key, value in properties.items() if key not in names and value is not None}


def _couple(k: Row) -> Row:
    plain = _drop(k["properties"], "name", "order")
    own = {key: plain.pop(key) for key in ("releases", "holds", "sprint") if key in plain}
    found = own | ({"children": plain} if plain else {}) | ({"fires": k["fires"]} if k["fires"] else {})
    return {"parent_state": k["states"]} | found if k["states"] else found


def _moving(t: Row) -> Row:
    said = t["properties"].get("any_role") or []
    roles = _in_order(said, t["roles"]) if isinstance(said, list) else said
    flags = {
        key: t["properties"][key]
        for key in ("automatic", "claims", "rework", "emits", "effects", "after", "relations", "actor_kinds")
        if t["properties"].get(key)
    }
    return {
        "from": [ANY_STATE] if t["from_any"] else t["from"],
        "except": t["except"],
        "action": _only(t["action"]),
        "to": _only(t["to"]),
        "roles": roles,
        "all_roles": t["all_roles"],
        **flags,
        "inputs": t["inputs"],
        "guards": [_guarding(guard) for guard in t["guards"]],
        "not_same_actor_as": t["not_same_actor_as"],
    }


def _in_order(said: list[Any], roles: list[str]) -> list[str]:
    """The roles, those first of which it was said in which order they come."""
    return [role for role in said if role in roles] + [role for role in roles if role not in said]


def _only(names: list[str]) -> str:
    """The one name; of none, or of several, the gate would not know which."""
    return names[0] if len(names) == 1 else ""


def _guarding(guard: Row) -> Row:
    found = _drop(guard, "name", "field", "plugin", "within")
    named = guard.get("field") or guard.get("plugin")
    return found | ({"name": named} if named else {}) | ({"in": guard["within"]} if guard.get("within") else {})
