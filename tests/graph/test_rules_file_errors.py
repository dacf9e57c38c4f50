"""Rules as a file: whatever is wrong in one is named, with its line, and never skipped."""

from __future__ import annotations

import random

import pytest

from graph.rules.file import MAX_BYTES, parse
from tests.graph.test_rules_file import FIRST, SMALL


def complaint(text: str | bytes) -> str:
    """The one thing that is wrong with a file."""
    parsed = parse(text)
    assert parsed.workflow is None
    [finding] = parsed.findings
    assert (finding.severity, finding.code) == ("error", "INVALID_FILE")
    return finding.message


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        (SMALL + "extra: 1\n", 7, "extra"),
        (SMALL.replace("action: GO", "acton: GO"), 6, "action"),
        (SMALL.replace("kind: initial", "kind: initial, colour: red"), 3, "colour"),
        (SMALL.replace("kind: initial", "kind: first"), 3, "states.a.kind"),
        (SMALL.replace("action: GO, ", ""), 6, "action"),
        (SMALL.replace("roles: [r]", "roles: [true]"), 6, "quotes"),
        (SMALL.replace("roles: [r]", "roles: r"), 6, "roles"),
        (SMALL.replace("roles: [r]", "roles: {r: 1}"), 6, "roles"),
        (SMALL.replace("from: a", "from: []"), 6, "from"),
        (SMALL.replace("from: a", 'from: ["*", a]'), 6, "alone"),
        (SMALL.replace("from: a", "from: a, except: [z]"), 6, "except"),
        (SMALL.replace("to: z", "to: 7"), 6, "to"),
        (SMALL.replace("roles: [r]", "after: tomorrow"), 6, "after"),
        (SMALL.replace("roles: [r]", "automatic: maybe"), 6, "automatic"),
        (SMALL.replace("workflow: w", "workflow: [w]"), 1, "workflow"),
        (SMALL.replace("workflow: w", 'workflow: ""'), 1, "name"),
        (SMALL.replace("workflow: w", "workflow: w\nitem: epic"), 2, "item"),
        (SMALL.replace("states:", "states: {}\nothers:"), 2, "states"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(wrong: str, line: int, words: str) -> None:
    messages = [finding.message for finding in parse(wrong).findings]
    assert parse(wrong).workflow is None
    assert any(message.startswith(f"Line {line}: ") and words in message for message in messages), messages


def test_an_unknown_key_says_which_was_meant() -> None:
    text = SMALL.replace("roles: [r]", "roles: [r], inptus: [x]")
    assert complaint(text) == "Line 6: transitions[0].inptus: unknown key; did you mean 'inputs'?."


def sized(states: int = 1, transitions: int = 1, begin: str = '"*"', roles: int = 1, more: str = "") -> str:
    names = ", ".join(f"r{n}" for n in range(roles))
    rows = [f"  - {{from: {begin}, action: GO, to: s0, roles: [{names}]{more}}}" for _ in range(transitions)]
    listed = ", ".join(f"s{n}: {{kind: initial}}" for n in range(states))
    return f"workflow: w\nstates: {{{listed}}}\ntransitions:\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (sized(states=1001), "1000"),
        (sized(transitions=4001, begin="s0"), "4000"),
        (sized(transitions=101), "more than 100 transitions leave 's0'"),
        (sized(transitions=101, begin="[s0]"), "more than 100 transitions leave 's0'"),
        (sized(roles=1001), "1000"),
        (sized(states=250, transitions=9, roles=9), "20250 permissions"),
        (sized(begin=f"[{', '.join(['s0'] * 1001)}]"), "1000"),
        (sized(more=f", effects: [{', '.join(['e'] * 1001)}]"), "1000"),
        (sized(more=f", actor_kinds: [{', '.join(['human'] * 1001)}]"), "1000"),
        (sized() + f"roles: [{', '.join(f'r{n}' for n in range(1001))}]\n", "1000"),
    ],
)
def test_more_rules_than_can_be_compared_with_each_other(text: str, words: str) -> None:
    assert words in complaint(text)


def test_as_many_rules_as_there_may_be() -> None:
    assert parse(sized(states=1000, transitions=20)).workflow is not None
    assert parse(sized(states=2, transitions=100, roles=100)).workflow is not None


def test_every_problem_is_named_at_once() -> None:
    text = SMALL.replace("kind: final", "kind: last").replace("to: z", "to: 7") + "extra: 1\n"
    assert len(parse(text).findings) == 3


@pytest.mark.parametrize("where", ["states:\n", "transitions:\n"])
def test_a_syntax_error_has_a_line(where: str) -> None:
    line = SMALL[: SMALL.index(where)].count("\n") + 2
    assert complaint(SMALL.replace(where, where + "  x: {kind: [\n")).startswith("This is not YAML: line ")
    assert f"line {line}" in complaint(SMALL.replace(where, where + "  x: }\n"))


def test_a_tab_and_two_documents() -> None:
    assert "line 3" in complaint(SMALL.replace("  a:", "\ta:"))
    assert "not YAML" in complaint(SMALL + "---\n" + SMALL)


@pytest.mark.parametrize("twice", ["workflow", "states", "transitions"])
def test_a_key_that_stands_twice(twice: str) -> None:
    assert complaint(f"{SMALL}{twice}: x\n") == f"Line 7: '{twice}' stands twice."


def test_a_state_that_stands_twice() -> None:
    assert complaint(SMALL.replace("  z:", "  a: {kind: active}\n  z:")) == "Line 4: 'a' stands twice."


@pytest.mark.parametrize("nothing", ["", "\n\n", "# only a comment\n", b"", "---\n"])
def test_an_empty_file(nothing: str | bytes) -> None:
    assert complaint(nothing)


@pytest.mark.parametrize(
    "garbage", ["word", "[1, 2]", "42", b"\xff\xfe\x00", b"\x00" * 9, "\x07", "a: &x [*x]", "!!python/x 1"]
)
def test_garbage(garbage: str | bytes) -> None:
    assert complaint(garbage)


def test_what_is_too_large_or_too_deep() -> None:
    assert "larger" in complaint("#" * (MAX_BYTES + 1))
    assert "larger" in complaint(b"#" * (MAX_BYTES + 1))
    assert "deeper" in complaint("a: " + "[" * 5000)
    bomb = "a: &a [x]\nb: &b [*a, *a]\n"
    assert "anchors" in complaint(bomb)


def test_random_bytes_are_an_answer() -> None:
    source = random.Random(7)
    for _ in range(300):
        assert parse(source.randbytes(source.randrange(200))).findings
    text = FIRST.encode()
    for _ in range(300):
        spoilt = bytearray(text)
        spoilt[source.randrange(len(spoilt))] = source.randrange(256)
        parsed = parse(bytes(spoilt))
        assert (parsed.workflow is None) == bool(parsed.findings)
