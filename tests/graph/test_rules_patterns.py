"""Patterns of inputs: what people write is allowed, what a text could keep busy for long is not."""

from __future__ import annotations

import pytest

from graph.rules.pattern import problem
from tests.graph.world import World

GOOD = [
    "", "[A-Z]{2,10}-[0-9]+", r"[0-9a-f]{7,40}", r"https?://\S+/\S+", r"[^@\s]+@[^@\s]+\.[^@\s]+", r"\d+(,\s*\d+)*",
    r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", r"[a-z0-9]+(-[a-z0-9]+)*", r"(?s).*ABC-\d+.*",
    "(foo|bar|qux)+",
    r"\d{4}-\d{2}-\d{2}(T\d\d:\d\d(:\d\d)?Z)?", "yes|no|maybe", r"(?=.*\d)(?=.*[a-z]).{8,}", "(?i)low|high",
    "a{3}(bc){2,4}", r"[|\]]+(a|b)*",
    r"([A-Z]+-\d+)( [A-Z]+-\d+)*", r"\w+\s+\w+\s+\w+\s+\w+\s+\w+", "ж+", "(ab)*", "[ab]*?c", r"^v\d+$",
    r"[]a]", r"[^]a]b", r"(?i:x)y", r"(?s-i:x)y", "a{2,}", "a++b", "(?>ab)c", r"\x41\u0041", r"\{a\}", r"[{}()]", "}",
    "x(?<=x)y", r"\b\w+\b", r"[\]\[-]", "(?u)é", r"\/\-\"",
]  # fmt: skip


@pytest.mark.parametrize("pattern", GOOD)
def test_what_people_write(pattern: str) -> None:
    assert problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+", "(a*)*b", "(a|a)*", "(a|ab)+c", "(a|aa)+$", r"(\w+\s?)+", "(.*,)*x", "([a-z]+)*$", "(a?){30}b",
        r"(\d+){20}",
        "(?:a+){2,30}", "((ab)+)+", ".*.*.*.*x", r"\s*\w*\w*\w*\w*\w*!", "(?i)(A|a)*", "(ab|ba|aba)*", "(x+x+)+y",
        "(?:(?:a*)b?)*", "(?:[a-c]|b)*", "(ab?b*)+", "(b?ab?)+", r"((\d?)?b){2,40}-", "(a?|b?)*", "(ab{1,3}b{1,3})+",
    ],
)  # fmt: skip
def test_what_can_be_kept_busy(pattern: str) -> None:
    assert problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "[a",
        "*",
        "a{99999999999}",
        "(?x)a b",
        r"\p{L}",
        "(?P<a>x)",
        r"(a)\1",
        "(a)?(?(1)b|c)",
        "a" * 501,
        "[[a]]",
        "a{,3}",
        "a{",
        "{a}",
        "a{3000000000}",
        "(?#note)a",
        "(?a)b",
        "(?a)(?u)b",
        r"[\b]",
        r"\0",
        r"\101",
        r"\U00000041",
        r"\v",
        "[a[b]",
        "[a&&b]",
        "[a--b]",
    ],
)
def test_what_is_not_read_everywhere(pattern: str) -> None:
    assert problem(pattern)


async def test_neo4j_reads_what_is_allowed(world: World) -> None:
    assert len(await world.cypher("UNWIND $patterns AS p RETURN 'a' =~ p AS fits", patterns=GOOD)) == len(GOOD)
