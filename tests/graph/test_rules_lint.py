"""Each finding of the lint: a small workflow that has it, one that has not, and the places it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.rules.file import parse
from graph.rules.finding import Finding
from graph.rules.lint import TOLD, lint
from graph.rules.model import Workflow

STATES = "states: {a: {kind: initial}, b: {kind: active}, c: {kind: active}, z: {kind: final}}"
CLEAN = ["{from: a, action: GO, to: b, roles: [r]}", "{from: b, action: ON, to: c, roles: [r]}"]
CLEAN += ["{from: c, action: END, to: z, roles: [r]}"]


def workflow(*transitions: str, states: str = STATES, more: str = "") -> Workflow:
    rows = "".join(f"  - {row}\n" for row in transitions)
    parsed = parse(f"workflow: w\n{more}\n{states}\ntransitions:\n{rows}")
    assert parsed.workflow is not None, parsed.findings
    return parsed.workflow


def found(code: str, *transitions: str, states: str = STATES, more: str = "") -> Finding:
    """The one finding of this code."""
    [finding] = [one for one in lint(workflow(*transitions, states=states, more=more)) if one.code == code]
    return finding


def test_clean_rules_have_no_findings() -> None:
    assert lint(workflow(*CLEAN), {"r": 1}) == []


@pytest.mark.parametrize("name", ["task", "story"])
def test_the_shipped_rules_have_no_errors(name: str) -> None:
    parsed = parse((Path(__file__).parents[2] / "seed" / "rules" / f"{name}.yaml").read_bytes())
    assert parsed.workflow is not None
    assert [finding.code for finding in lint(parsed.workflow) if finding.severity == "error"] == []


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ("{from: b, action: X, to: nowhere, roles: [r]}", "nowhere"),
        ("{from: nowhere, action: X, to: b, roles: [r]}", "nowhere"),
        ('{from: "*", except: [nowhere], action: X, to: z, roles: [r]}', "nowhere"),
        ('{from: "*", except: ["*"], action: X, to: z, roles: [r]}', "*"),
        ('{from: b, action: X, to: "*", roles: [r]}', "*"),
    ],
)
def test_dangling_target(row: str, state: str) -> None:
    finding = found("DANGLING_TARGET", *CLEAN, row)
    assert (finding.severity, finding.states) == ("error", [state])
    assert len(finding.transitions) == 1
    assert "[X]" in finding.transitions[0]


def test_dangling_start_and_coupling() -> None:
    assert found("DANGLING_TARGET", *CLEAN, more="starts: [{state: nowhere}]").states == ["nowhere"]
    more = "couples: [{parent_state: nowhere, releases: children}]"
    assert found("DANGLING_TARGET", *CLEAN, more=more).states == ["nowhere"]
    assert found("DANGLING_TARGET", *CLEAN, more="couples: [{children: {open: 0}, fires: NOTHING}]").severity == "error"


def test_no_initial_state() -> None:
    states = STATES.replace("initial", "active")
    assert found("NO_INITIAL_STATE", *CLEAN, states=states).severity == "error"


@pytest.mark.parametrize("who", ["", ", roles: []", ", all_roles: [], relations: []", ", actor_kinds: [human]"])
def test_no_permission_is_not_anyone(who: str) -> None:
    finding = found("NO_PERMISSION", *CLEAN, "{from: b, action: X, to: c" + who + "}")
    assert (finding.severity, finding.states, finding.transitions) == ("error", ["b"], ["b -[X]-> c"])


@pytest.mark.parametrize("who", ['roles: ["*"]', "all_roles: [r]", "relations: [assignee]", "after: 24h"])
def test_permissions_that_are_some(who: str) -> None:
    findings = lint(workflow(*CLEAN, "{from: b, action: X, to: c, " + who + "}"))
    assert "NO_PERMISSION" not in {finding.code for finding in findings}


@pytest.mark.parametrize("relation", ["friend", "not_", "did", "did FLY", "did_not: FLY"])
def test_a_relation_nobody_can_be_in(relation: str) -> None:
    finding = found("GUARD_INVALID", *CLEAN, "{from: b, action: X, to: c, relations: ['" + relation + "']}")
    assert (finding.severity, finding.transitions) == ("error", ["b -[X]-> c"])
    assert relation in finding.message


@pytest.mark.parametrize("relation", ["assignee", "not_author", "owner", "did X", "did:X", "did_not X"])
def test_relations_there_are(relation: str) -> None:
    findings = lint(workflow(*CLEAN, "{from: b, action: X, to: c, relations: ['" + relation + "']}"))
    assert "GUARD_INVALID" not in {finding.code for finding in findings}


def test_automatic_loop() -> None:
    there, back = "{from: b, action: T, to: c, automatic: true}", "{from: c, action: U, to: b, automatic: true}"
    finding = found("AUTOMATIC_LOOP", *CLEAN, there, back)
    assert (finding.severity, finding.states) == ("error", ["b", "c"])
    assert finding.transitions == ["b -[T]-> c", "c -[U]-> b"]
    assert found("AUTOMATIC_LOOP", *CLEAN, "{from: b, action: T, to: b, automatic: true}").states == ["b"]


def test_loops_that_meet_are_told_as_a_whole_without_what_leads_from_one_to_another() -> None:
    states = "states: {" + ", ".join(f"{name}: {{kind: initial}}" for name in "abcdefgz") + "}"
    ways = ["ab", "ba", "bc", "cb", "cd", "de", "ef", "fg", "gf"]
    rows = [f"{{from: {way[0]}, action: T, to: {way[1]}, automatic: true}}" for way in ways]
    assert found("AUTOMATIC_LOOP", *rows, states=states).states == ["a", "b", "c", "f", "g"]


def test_a_coupling_counts_as_automatic() -> None:
    there, back = "{from: b, action: T, to: c, automatic: true}", "{from: c, action: U, to: b, roles: [system]}"
    more = "couples: [{children: {open: 0}, fires: U}]"
    assert found("AUTOMATIC_LOOP", *CLEAN, there, back, more=more).transitions == ["b -[T]-> c", "c -[U]-> b"]
    assert "AUTOMATIC_LOOP" not in {finding.code for finding in lint(workflow(*CLEAN, there, back))}


def test_a_loop_with_a_limit_ends() -> None:
    limited = '{from: c, action: U, to: b, automatic: true, guards: [{kind: count, of: [U], op: "<", value: 3}]}'
    findings = lint(workflow(*CLEAN, "{from: b, action: T, to: c, automatic: true}", limited))
    assert "AUTOMATIC_LOOP" not in {finding.code for finding in findings}


def test_a_loop_whose_limit_counts_something_else_does_not_end() -> None:
    limited = '{from: b, action: T, to: b, automatic: true, guards: [{kind: count, of: [GO], op: "<", value: 3}]}'
    assert found("AUTOMATIC_LOOP", *CLEAN, limited).states == ["b"]


def test_ambiguous_action() -> None:
    finding = found("AMBIGUOUS_ACTION", *CLEAN, "{from: b, action: ON, to: z, roles: [s, r]}")
    assert (finding.severity, finding.states) == ("error", ["b"])
    assert finding.transitions == ["b -[ON]-> c", "b -[ON]-> z"]


@pytest.mark.parametrize(
    "row",
    [
        "{from: b, action: ON, to: z, roles: [s]}",
        "{from: b, action: ON, to: z, roles: [r], inputs: [why]}",
        '{from: b, action: ON, to: z, roles: [r], guards: [{kind: field, name: priority, op: "=", value: 1}]}',
        "{from: b, action: ON, to: c, roles: [s, r]}",
        "{from: c, action: ON, to: z, roles: [r]}",
    ],
)
def test_what_can_be_told_apart(row: str) -> None:
    assert "AMBIGUOUS_ACTION" not in {finding.code for finding in lint(workflow(*CLEAN, row))}


def test_unreachable_state() -> None:
    states = STATES.replace("z:", "island: {kind: active}, z:")
    finding = found("UNREACHABLE_STATE", *CLEAN, "{from: island, action: X, to: z, roles: [r]}", states=states)
    assert (finding.severity, finding.states) == ("warning", ["island"])


def test_of_one_kind_so_many_are_told() -> None:
    states = STATES.replace("z:", ", ".join(f"s{n}: {{}}" for n in range(TOLD + 5)) + ", z:")
    assert len([one for one in lint(workflow(*CLEAN, states=states)) if one.code == "UNREACHABLE_STATE"]) == TOLD


def test_dead_end() -> None:
    finding = found("DEAD_END", *CLEAN[:2])
    assert (finding.severity, finding.states) == ("warning", ["c"])


def test_no_way_to_final() -> None:
    findings = lint(workflow(*CLEAN[:2], "{from: c, action: BACK, to: b, roles: [r]}"))
    assert [f.states for f in findings if f.code == "NO_WAY_TO_FINAL"] == [["a"], ["b"], ["c"]]
    assert {f.severity for f in findings} == {"warning"}


def test_final_with_exits() -> None:
    finding = found("FINAL_WITH_EXITS", *CLEAN, "{from: z, action: AGAIN, to: a, roles: [r]}")
    assert (finding.severity, finding.states, finding.transitions) == ("warning", ["z"], ["z -[AGAIN]-> a"])
    anywhere = '{from: "*", action: AGAIN, to: a, roles: [r]}'
    assert "FINAL_WITH_EXITS" not in {f.code for f in lint(workflow(*CLEAN, anywhere))}


def test_role_without_actor() -> None:
    [finding] = lint(workflow(*CLEAN), {"r": 0})
    assert (finding.severity, finding.code, finding.states) == ("warning", "ROLE_WITHOUT_ACTOR", [])
    assert finding.transitions == ["a -[GO]-> b", "b -[ON]-> c", "c -[END]-> z"]
    assert lint(workflow(*CLEAN, more="roles: [r, {name: heir, inherits: [r]}]"), {"heir": 1}) == []


def test_role_not_listed() -> None:
    finding = found("ROLE_NOT_LISTED", *CLEAN, "{from: b, action: X, to: c, roles: [stranger]}", more="roles: [r]")
    assert (finding.severity, "stranger" in finding.message) == ("warning", True)
    assert "ROLE_NOT_LISTED" not in {f.code for f in lint(workflow(*CLEAN))}


@pytest.mark.parametrize("subject", ["a b", "a..b", "a.*", ">", "é", "."])
def test_what_is_emitted_is_a_subject(subject: str) -> None:
    finding = found("INVALID_FILE", *CLEAN, f'{{from: b, action: X, to: c, roles: [r], emits: "{subject}"}}')
    assert (finding.severity, finding.states) == ("error", ["b"])


def test_an_effect_that_stands_twice() -> None:
    finding = found("INVALID_FILE", *CLEAN, "{from: b, action: X, to: c, roles: [r], effects: [e, f, e]}")
    assert "'e' twice" in finding.message


def test_shadowed_rule() -> None:
    finding = found("SHADOWED_RULE", *CLEAN, "{from: b, action: ON, to: c, roles: [r], inputs: [why]}")
    assert (finding.severity, finding.states) == ("warning", ["b"])
    assert finding.transitions == ["b -[ON]-> c", "b -[ON]-> c"]
    earlier = "{from: b, action: ON, to: c, roles: [r], inputs: [why]}"
    assert "SHADOWED_RULE" not in {f.code for f in lint(workflow(CLEAN[0], earlier, *CLEAN[1:]))}
