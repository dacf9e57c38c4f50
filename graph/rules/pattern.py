"""Whether a pattern of an input is safe to match: no text that is sent may keep the gate busy for long.

The gate matches by backtracking, so a pattern that can read one text in many ways takes very long to say no. What is
looked at here is over-careful: it may refuse a pattern that is harmless, and allows none that is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST = 500  # characters of a pattern
LONGEST_TEXT = 1_000  # characters of an input that has a pattern; cypher/fragments/input_reasons.cypher has it too
_WAYS = 3  # open repetitions that may share out one text between them; its length to this power is the work
_MANY = 16  # times, from which on a repetition counts as open
_ESCAPE = r"\\(?:[dDsSwWnrtfa]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[^0-9A-Za-z])"
_SET = rf"\[\^?\]?(?:{_ESCAPE}|(?!&&|--|\|\||~~)[^\\\[\]])*\]"
_GROUP = r"\((?!\?)|\(\?(?:[:=!>]|<[=!]|[imsu]+\)|[imsu]*(?:-[ims]+)?:)"
# What Python and Java read alike; Java alone complains of a brace, or a bracket in a set, that stands for itself.
_READ_ALIKE = re.compile(
    rf"(?:{_ESCAPE}|\\[bBAZ]|{_SET}|{_GROUP}|\{{[0-9]{{1,9}}(?:,[0-9]{{0,9}})?\}}|[^\\\[{{(])*", re.DOTALL
)
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\|", re.DOTALL)  # an escape, a set, or a bar between alternatives
_SAMPLE = frozenset(map(chr, range(128))) | frozenset("éλ日😀")
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda char: char.isalnum() or char == "_",
}


class _UnsafeError(Exception):
    """Says what is wrong with the pattern."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One step of a pattern: the characters it may read, many or not, surely some or not, as many each time or not."""

    chars: frozenset[str]
    open: bool
    needed: bool
    fixed: bool


def problem(pattern: str) -> str | None:
    """What is wrong with a regular expression, or None; one that both Python and Java read the same way."""
    if len(pattern) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if strange := _READ_ALIKE.sub("", pattern, count=1):
        return f"is not read the same everywhere from '{strange[:20]}' on; what stands for itself takes a backslash"
    try:
        re.compile(pattern)
        _check_ways(list(_parts(parser.parse(_unmerged(pattern)), needed=True)), _WAYS)
    except _UnsafeError as error:
        return str(error)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is not a regular expression: {error}"
    return None


def _unmerged(pattern: str) -> str:
    """The same pattern, its alternatives in a form that Python does not simplify, as Java does not."""
    return _TOKEN.sub(lambda found: "|(?=)" if found[0] == "|" else found[0], pattern)


def _check_ways(parts: Sequence[_Part], most: int) -> None:
    if _ways(parts, [part.open for part in parts]) > most:
        raise _UnsafeError("has too many open repetitions that read the same characters; bound them, like {1,16}")


def _ways(parts: Sequence[_Part], counts: Sequence[bool]) -> int:
    """The most parts, of those that count, between which one text may be shared out."""
    ways: dict[int, int] = {}
    for place in range(len(parts)):
        if counts[place]:
            ways[place] = 1 + max((ways[other] for other in ways if _share(parts, other, place)), default=0)
    return max(ways.values(), default=0)


def _share(parts: Sequence[_Part], one: int, other: int) -> bool:
    """Whether a text may be shared out between two repetitions in more than one way."""
    common = parts[one].chars & parts[other].chars
    return bool(common) and all(part.chars & common for part in parts[one + 1 : other] if part.needed)


def _parts(tree: Any, *, needed: bool) -> Iterator[_Part]:
    for op, given in tree:
        match str(op):
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                yield _Part(_chars(str(op), given), open=False, needed=needed, fixed=needed)
            case "SUBPATTERN":
                yield from _parts(given[-1], needed=needed)
            case "ATOMIC_GROUP":
                yield from _parts(given, needed=needed)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                yield from _repeated(*given, needed=needed)
            case "BRANCH":
                yield from _branch(given[1], needed=needed)
            case "ASSERT" | "ASSERT_NOT":
                _check_ways(list(_parts(given[1], needed=True)), _WAYS - 1)
            case "AT" | "FAILURE":
                pass
            case _:
                raise _UnsafeError("refers to a group of its own, which is not supported")


def _repeated(least: int, most: int, tree: Any, *, needed: bool) -> Iterator[_Part]:
    inner = list(_parts(tree, needed=True))
    needed = needed and least > 0
    if least == 0 and _may_be_empty(inner):
        raise _UnsafeError("has an optional part that may be empty anyhow, like (a*)?")
    if most <= 1:
        yield from (_Part(part.chars, part.open, part.needed and needed, part.fixed and needed) for part in inner)
        return
    # Where one turn ends and the next begins must be told by what stands between what may be longer or shorter.
    turns = [*inner, *inner]
    if _ways(turns, [not part.fixed for part in turns]) > 1:
        raise _UnsafeError("repeats what repeats already, like (a+)+; put a character between the turns")
    fixed = needed and least == most and all(part.fixed for part in inner)
    yield _Part(_all(inner), open=int(most) > _MANY or len(inner) > 1, needed=needed, fixed=fixed)


def _all(parts: Sequence[_Part]) -> frozenset[str]:
    return frozenset().union(*(part.chars for part in parts))


def _may_be_empty(parts: Sequence[_Part]) -> bool:
    return not any(part.needed for part in parts)


def _branch(trees: Sequence[Any], *, needed: bool) -> Iterator[_Part]:
    branches = [list(_parts(tree, needed=True)) for tree in trees]
    plain = all(branch and all(part.fixed for part in branch) for branch in branches)
    if plain and not any(one[0].chars & other[0].chars for one, other in combinations(branches, 2)):
        # Its first character says which one it is.
        yield _Part(_all([part for branch in branches for part in branch]), open=False, needed=needed, fixed=needed)
        return
    if sum(_may_be_empty(branch) for branch in branches) > 1:
        raise _UnsafeError("has two alternatives that may be empty")
    yield from (_Part(part.chars, part.open, needed=False, fixed=False) for branch in branches for part in branch)


def _chars(op: str, given: Any) -> frozenset[str]:
    if op == "LITERAL":
        return _both_cases({chr(given)})
    if op == "NOT_LITERAL":
        return _SAMPLE - {chr(given)}
    if op == "ANY":
        return _SAMPLE
    negated = str(given[0][0]) == "NEGATE"
    found = {char for char in _SAMPLE if any(_is_in(char, str(kind), value) for kind, value in given)}
    found |= {chr(value) for kind, value in given if str(kind) == "LITERAL"}
    found |= {chr(value[0]) for kind, value in given if str(kind) == "RANGE"}
    return _SAMPLE - found if negated else _both_cases(found)


def _both_cases(chars: set[str]) -> frozenset[str]:
    """A pattern may be told to look at no case."""
    return frozenset(chars | {char.lower() for char in chars} | {char.upper() for char in chars})


def _is_in(char: str, kind: str, value: Any) -> bool:
    if kind == "LITERAL":
        return bool(ord(char) == value)
    if kind == "RANGE":
        return bool(value[0] <= ord(char) <= value[1])
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_").removeprefix("UNI_")
        return _CATEGORIES[name.removeprefix("NOT_")](char) is not name.startswith("NOT_")
    return False
