"""What is wrong or doubtful in a workflow that reads well: the codes of the contract, each naming its places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations, islice

from graph.circle import circle
from graph.rules import pattern
from graph.rules.finding import Finding, Severity
from graph.rules.model import ANY_ROLE, Guard, Input, Transition, Workflow

_SUBJECT = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
TOLD = 100  # findings of one check
BUILTIN_ROLES = {ANY_ROLE, "system"}  # known without being listed: anyone, and the engine itself


def lint(workflow: Workflow, actors_by_role: Mapping[str, int] | None = None) -> list[Finding]:
    """The findings, errors first, `TOLD` of each check at the most.

    `actors_by_role` counts the actors of each role; None skips what needs it.
    """
    checks = [_names, _targets, _events, _starts, _permissions, _guards, _ambiguities, _expectations]
    if not any(_targets(workflow)):
        # The rest follows edges, so it needs them to lead somewhere.
        checks += [_loops, _reachability, _ways_out, _shadows]
    told = [*(check(workflow) for check in checks), _staffing(workflow, actors_by_role)]
    findings = [finding for found in told for finding in islice(found, TOLD)]
    return sorted(findings, key=lambda finding: finding.severity != "error")


def title(transition: Transition) -> str:
    """How a transition is called in findings."""
    return f"{'/'.join(transition.source)} -[{transition.action}]-> {transition.to}"


def _finding(
    severity: Severity, code: str, message: str, states: list[str] | None = None, *about: Transition
) -> Finding:
    return Finding(severity, code, message, states or [], [title(t) for t in about])


def _names(workflow: Workflow) -> Iterator[Finding]:
    known = {role.name for role in workflow.roles} | BUILTIN_ROLES
    names = [role.name for role in workflow.roles]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _finding("error", "INVALID_FILE", f"The role '{name}' stands twice under roles.")
    titles = [(t, title(t)) for t in workflow.transitions]
    used = {(r, place) for t, place in titles for r in [*t.roles, *t.all_roles]}
    used |= {(r, f"starts in {s.state}") for s in workflow.starts for r in s.roles or []}
    used |= {(r, f"awaits of {name}") for name, state in workflow.states.items() for r in state.awaits or []}
    used |= {(r, f"inherits of {role.name}") for role in workflow.roles for r in role.inherits}
    used |= {
        (r, f"expectation '{e.name}'") for e in workflow.expectations for a in e.given.actors.values() for r in a.roles
    }
    for role, place in sorted(used):
        if workflow.roles and role not in known:
            # Roles are shared by all workflows, so this may be another one's; it may be a slip of the pen as well.
            yield _finding("warning", "ROLE_NOT_LISTED", f"The role '{role}' ({place}) is not listed under roles.")
    parents = {role.name: set(role.inherits) for role in workflow.roles}
    for name in sorted(_on_cycle(parents)):
        yield _finding("error", "INVALID_FILE", f"The role '{name}' inherits from itself in a circle.")


def _targets(workflow: Workflow) -> Iterator[Finding]:
    for t in workflow.transitions:
        for name in [*([] if t.from_any else t.source), *t.excepted, t.to]:
            if name not in workflow.states:
                yield _finding(
                    "error",
                    "DANGLING_TARGET",
                    f"'{title(t)}' names the state '{name}', which does not exist.",
                    [name],
                    t,
                )
    for place, names in [
        ("starts", [s.state for s in workflow.starts]),
        *(("couples", c.parent_state or []) for c in workflow.couples),
    ]:
        for name in names:
            if name not in workflow.states:
                yield _finding(
                    "error", "DANGLING_TARGET", f"'{place}' names the state '{name}', which does not exist.", [name]
                )
    actions = {t.action for t in workflow.transitions}
    for couple in workflow.couples:
        if couple.fires and couple.fires not in actions:
            yield _finding(
                "error", "DANGLING_TARGET", f"A coupling fires '{couple.fires}', but no transition has that action."
            )


def _events(workflow: Workflow) -> Iterator[Finding]:
    for t in workflow.transitions:
        if t.emits is not None and not _SUBJECT.fullmatch(t.emits):
            message = f"'{title(t)}' emits '{t.emits}', no subject: letters, digits, _ and -, with dots between words."
            yield _finding("error", "INVALID_FILE", message, t.source, t)
        for name in sorted({name for name in t.effects if t.effects.count(name) > 1}):
            yield _finding("error", "INVALID_FILE", f"'{title(t)}' has the effect '{name}' twice.", t.source, t)


def _starts(workflow: Workflow) -> Iterator[Finding]:
    if not workflow.initial():
        yield _finding("error", "NO_INITIAL_STATE", "No state is of kind initial, so no item could begin.")


def _permissions(workflow: Workflow) -> Iterator[Finding]:
    for t in workflow.transitions:
        if not t.permitted:
            yield _finding(
                "error",
                "NO_PERMISSION",
                f"Nobody may fire '{title(t)}': give roles (['*'] for anyone), all_roles, relations or automatic.",
                t.source,
                t,
            )


def _loops(workflow: Workflow) -> Iterator[Finding]:
    fired = {couple.fires for couple in workflow.couples if couple.fires}
    by_itself = [t for t in workflow.transitions if t.automatic or t.action in fired]
    counted = {t.action for t in by_itself}
    # Only a number that grows on the way round ends it.
    endless = {
        id(t)
        for t in by_itself
        if not any(g.kind == "count" and g.op in {"<", "<="} and counted & {*(g.of or [])} for g in t.guards)
    }
    ways = {name: [t for t in workflow.leaving(name) if id(t) in endless] for name in workflow.states}
    onward = {name: {t.to for t in leaving} for name, leaving in ways.items()}
    if around := sorted(_on_cycle(onward)):
        about = {id(t): t for name in around for t in ways[name] if t.to in around}.values()
        yield _finding(
            "error",
            "AUTOMATIC_LOOP",
            f"Automatic transitions lead in a circle through {', '.join(around)}.",
            around,
            *about,
        )


def _on_cycle(edges: Mapping[str, set[str]]) -> set[str]:
    """The states of a circle are one from then on, so that those of circles which meet it are found as well."""
    around: set[str] = set()
    while ring := set(found := circle(edges)):
        around |= ring
        one = found[0]
        onward = {other for name in ring for other in edges[name]} - ring
        edges = {name: {one if other in ring else other for other in edges[name]} for name in edges.keys() - ring}
        edges |= {one: onward}
    return around


def _reach(edges: Mapping[str, set[str]], begin: set[str]) -> set[str]:
    seen: set[str] = set()
    todo = set(begin)
    while todo:
        seen |= todo
        todo = {after for name in todo for after in edges.get(name, set())} - seen
    return seen


def _ambiguities(workflow: Workflow) -> Iterator[Finding]:
    conditions = {id(t): _conditions(t) for t in workflow.transitions}
    for name in workflow.states:
        for one, other in combinations(workflow.leaving(name), 2):
            if (
                one.action == other.action
                and one.to != other.to
                and conditions[id(one)] == conditions[id(other)]
                and _shared(one, other)
            ):
                yield _finding(
                    "error",
                    "AMBIGUOUS_ACTION",
                    f"'{one.action}' in '{name}' leads to '{one.to}' and '{other.to}', and nothing tells them apart.",
                    [name],
                    one,
                    other,
                )


def _shared(one: Transition, other: Transition) -> bool:
    if one.automatic != other.automatic:
        return False
    anyone = ANY_ROLE in one.roles or ANY_ROLE in other.roles
    mine, theirs = {*one.roles, *one.all_roles}, {*other.roles, *other.all_roles}
    return anyone or bool(mine & theirs) or mine == theirs


def _conditions(t: Transition) -> str:
    """As a text, because these are compared with those of many others."""
    return repr((t.guards, t.inputs, sorted(t.relations), sorted(t.actor_kinds), sorted(t.not_same_actor_as)))


def _guards(workflow: Workflow) -> Iterator[Finding]:
    actions = {t.action for t in workflow.transitions}
    for t in workflow.transitions:
        problems = [_guard_problem(guard, actions) for guard in t.guards]
        problems += [_input_problem(given) for given in t.inputs]
        problems += [
            f"not_same_actor_as names '{a}', which is no action here" for a in t.not_same_actor_as if a not in actions
        ]
        problems += [_relation_problem(relation, actions) for relation in t.relations]
        names = [given.name for given in t.inputs]
        problems += [f"the input '{name}' stands twice" for name in sorted({n for n in names if names.count(n) > 1})]
        for problem in problems:
            if problem:
                yield _finding("error", "GUARD_INVALID", f"'{title(t)}': {problem}.", t.source, t)


_RELATIONS = re.compile(r"(?:not_)?(?:assignee|author|owner)|(?:did|did_not)[ :]\s*(?P<action>.+)")


def _relation_problem(relation: str, actions: set[str]) -> str | None:
    found = _RELATIONS.fullmatch(relation)
    if found is None:
        return f"'{relation}' is no relation; there are assignee, author, owner, did ACTION, and each with not"
    action = found["action"]
    return f"the relation '{relation}' names no action of this workflow" if action and action not in actions else None


_NEEDED = {
    "field": ("name", "op"),
    "count": ("of", "op", "value"),
    "history": ("action",),
    "plugin": ("name",),
    "children": (),
}
_ALLOWED = {
    "field": {"name", "op", "value"},
    "count": {"of", "op", "value"},
    "history": {"action", "times_max", "times_min"},
    "plugin": {"name"},
    "children": {"all_in", "none_in", "all_kind", "within", "all_fired", "min"},
}


def _guard_problem(guard: Guard, actions: set[str]) -> str | None:
    given = set(guard.model_dump(exclude_none=True)) - {"kind"}
    if missing := [key for key in _NEEDED[guard.kind] if key not in given]:
        return f"a {guard.kind} guard needs {', '.join(missing)}"
    if foreign := sorted(given - _ALLOWED[guard.kind]):
        return f"a {guard.kind} guard has no {', '.join(foreign)}"
    if guard.kind == "children" and not given - {"within"}:
        return "a children guard needs all_in, none_in, all_kind, all_fired or min"
    if guard.kind == "history" and guard.times_max is None and guard.times_min is None:
        return "a history guard needs times_max or times_min"
    named = [*(guard.of or []), *([guard.action] if guard.action else [])]
    if unknown := [name for name in named if name not in actions]:
        return f"the guard names '{unknown[0]}', which is no action here"
    return _value_problem(guard)


def _value_problem(guard: Guard) -> str | None:
    value = guard.value
    if guard.op == "exists":
        return None if value is None or isinstance(value, bool) else "the value of 'exists' is true or false"
    if guard.op is not None and value is None:
        return f"'{guard.op}' needs a value"
    if guard.op == "in" and not isinstance(value, list):
        return "the value of 'in' is a list"
    if guard.op != "in" and isinstance(value, list):
        return f"the value of '{guard.op}' is not a list"
    if guard.kind == "count" and (not isinstance(value, int) or isinstance(value, bool)):
        return "the value of a count is an integer"
    return "the values of a list are of one type" if isinstance(value, list) and _mixed(value) else None


def _mixed(values: list[bool | int | float | str]) -> bool:
    return len({type(value) for value in values}) > 1


def _input_problem(given: Input) -> str | None:
    if given.enum and _mixed(given.enum):
        return f"the enum of '{given.name}' mixes types"
    if given.pattern is not None and (wrong := pattern.problem(given.pattern)):
        return f"the pattern of '{given.name}' {wrong}"
    if given.min_length is not None and given.max_length is not None and given.min_length > given.max_length:
        return f"min_length of '{given.name}' is above max_length"
    if given.minimum is not None and given.maximum is not None and given.minimum > given.maximum:
        return f"minimum of '{given.name}' is above maximum"
    return None


def _edges(workflow: Workflow) -> dict[str, set[str]]:
    return {name: {t.to for t in workflow.leaving(name)} for name in workflow.states}


def _reachability(workflow: Workflow) -> Iterator[Finding]:
    begin = {start.state for start in workflow.initial()}
    if not begin:
        return
    reached = _reach(_edges(workflow), begin)
    for name in workflow.states:
        if name not in reached:
            yield _finding("warning", "UNREACHABLE_STATE", f"No item can get to '{name}'.", [name])


def _ways_out(workflow: Workflow) -> Iterator[Finding]:
    edges = _edges(workflow)
    final = {name for name, state in workflow.states.items() if state.kind == "final"}
    back: dict[str, set[str]] = {}
    for name, others in edges.items():
        for other in others:
            back.setdefault(other, set()).add(name)
    leads_to_final = _reach(back, final)
    for name, state in workflow.states.items():
        if state.kind == "final" and edges[name]:
            yield _finding(
                "warning", "FINAL_WITH_EXITS", f"'{name}' is final but has exits.", [name], *workflow.leaving(name)
            )
        elif state.kind != "final" and not edges[name]:
            yield _finding("warning", "DEAD_END", f"'{name}' is not final and has no way out.", [name])
        elif state.kind != "final" and name not in leads_to_final:
            yield _finding("warning", "NO_WAY_TO_FINAL", f"From '{name}' no final state can be reached.", [name])


def _shadows(workflow: Workflow) -> Iterator[Finding]:
    """A later rule that the one before always takes the place of."""
    conditions = {id(t): _conditions(t) for t in workflow.transitions}
    for name in workflow.states:
        for one, other in combinations(workflow.leaving(name), 2):
            if one.action != other.action and not one.automatic:
                continue
            free = not one.guards and not one.inputs and not one.relations and not one.actor_kinds and not one.all_roles
            covered = ANY_ROLE in one.roles or (
                set(other.roles) <= set(one.roles) and not other.all_roles and bool(other.roles)
            )
            both_automatic = one.automatic and other.automatic
            same = one.action == other.action and covered and not one.automatic and not other.automatic
            if (
                free
                and not one.not_same_actor_as
                and (same or both_automatic)
                and (one.to == other.to or conditions[id(one)] != conditions[id(other)])
            ):
                yield _finding(
                    "warning",
                    "SHADOWED_RULE",
                    f"In '{name}', '{title(other)}' never fires: '{title(one)}' always comes first.",
                    [name],
                    one,
                    other,
                )


def _staffing(workflow: Workflow, actors_by_role: Mapping[str, int] | None) -> Iterator[Finding]:
    if actors_by_role is None:
        return
    firing = {role for t in workflow.transitions for role in [*t.roles, *t.all_roles]} - BUILTIN_ROLES
    heirs = {
        role.name: {other.name for other in workflow.roles if role.name in other.inherits} for role in workflow.roles
    }
    for role in sorted(firing):
        if not any(actors_by_role.get(name) for name in {role} | _reach(heirs, heirs.get(role, set()))):
            yield _finding(
                "warning",
                "ROLE_WITHOUT_ACTOR",
                f"No actor has the role '{role}'.",
                [],
                *(t for t in workflow.transitions if role in [*t.roles, *t.all_roles]),
            )


def _expectations(workflow: Workflow) -> Iterator[Finding]:
    """What an expectation names has to be there, or it could never hold."""
    names = [expectation.name for expectation in workflow.expectations]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _finding("error", "INVALID_FILE", f"The expectation '{name}' stands twice.")
    actions = {t.action for t in workflow.transitions}
    for expectation in workflow.expectations:
        for state in expectation.states():
            if state not in workflow.states:
                message = f"The expectation '{expectation.name}' names the state '{state}', which does not exist."
                yield _finding("error", "DANGLING_TARGET", message, [state])
        for action in expectation.actions():
            if action not in actions:
                message = f"The expectation '{expectation.name}' names '{action}', which is no action here."
                yield _finding("error", "DANGLING_TARGET", message, [expectation.given.state])
