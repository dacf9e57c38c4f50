"""Expectations as text: what is wrong in one is named with its line, and what is not there is found by the lint."""

from __future__ import annotations

import pytest

from graph.rules.file import dump, parse
from graph.rules.finding import Finding
from graph.rules.lint import lint

RULES = """\
workflow: w
roles: [r]
states: {a: {kind: initial}, z: {kind: final}}
transitions:
  - {from: a, action: GO, to: z, roles: [r]}
expectations:
  - %s
"""
GOOD = "{name: e, given: {state: a, actors: {ana: [r]}}, when: {actor: ana, action: GO}, then: {applied: z}}"


def findings(expectation: str) -> list[Finding]:
    parsed = parse(RULES % expectation)
    return parsed.findings if parsed.workflow is None else lint(parsed.workflow)


def test_a_good_one_has_no_findings_and_is_written_as_it_was() -> None:
    assert findings(GOOD) == []
    parsed = parse(RULES % GOOD)
    assert parsed.workflow is not None
    assert dump(parsed.workflow).endswith(f"expectations:\n  - {GOOD}\n")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("actors: {ana", "actor: {ana", "did you mean 'actors'"),
        ("when: {actor", "when: {actr", "did you mean 'actor'"),
        (", then: {applied: z}", "", "when and then go together"),
        ("applied: z", "refused: [NO_SUCH_CODE]", "refused"),
        ("applied: z", "refused: []", "refused"),
        ("applied: z", "applied: z, refused: [SAME_ACTOR]", "give refused or applied"),
        ("actor: ana, action", "actor: eve, action", "'eve' is not among the actors"),
        ("{actor: ana, action: GO}", "{actor: ana}", "go with an action"),
        ("state: a,", "state: a, assignee: eve,", "'eve' is not among the actors"),
        ("state: a,", "state: a, item: {version: 3},", "the engine's own"),
        ("state: a,", "state: a, item: {tags: [a, 1]},", "of one type"),
        ("state: a,", "state: a, history: [{action: GO, times: 0}],", "times"),
        (", when: {actor: ana, action: GO}, then: {applied: z}", "", "give when and then, may, or who"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, words: str) -> None:
    assert old in GOOD
    messages = [(finding.code, finding.message) for finding in findings(GOOD.replace(old, new))]
    assert any(code == "INVALID_FILE" and "Line 7: " in text and words in text for code, text in messages), messages


@pytest.mark.parametrize(
    ("old", "new", "states"),
    [
        ("state: a", "state: nowhere", ["nowhere"]),
        ("applied: z", "applied: nowhere", ["nowhere"]),
        ("action: GO", "action: FLY", ["a"]),
        ("state: a,", "state: a, history: [{action: FLY}],", ["a"]),
        ("then: {applied: z}", "then: {applied: z}, may: {ana: [FLY]}", ["a"]),
        ("then: {applied: z}", "then: {applied: z}, who: {FLY: [ana]}", ["a"]),
    ],
)
def test_what_is_not_there(old: str, new: str, states: list[str]) -> None:
    [finding] = findings(GOOD.replace(old, new))
    assert (finding.severity, finding.code, finding.states) == ("error", "DANGLING_TARGET", states)


def test_what_is_to_be_refused_as_unknown_need_not_be_there() -> None:
    text = GOOD.replace("actor: ana, action: GO", "actor: eve, action: FLY")
    assert findings(text.replace("applied: z", "refused: [UNKNOWN_ACTOR, UNKNOWN_ACTION]")) == []


def test_two_of_one_name_and_a_role_that_is_not_listed() -> None:
    assert [f.code for f in findings(f"{GOOD}\n  - {GOOD}")] == ["INVALID_FILE"]
    assert [f.code for f in findings(GOOD.replace("[r]", "[r, stranger]"))] == ["ROLE_NOT_LISTED"]
