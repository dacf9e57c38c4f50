"""The words of the graph: what docs/graph.md lists, and what a statement writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.house.statements import without_comments

GRAPH = Path(__file__).parents[2] / "docs" / "graph.md"

_COMMENT = re.compile(r"//[^\n]*\$[^\n]*(?:\n//[^\n]*)*")
_LABELS = re.compile(r"\(\s*\w*((?:\s*:\s*\w+)+)")
_TYPES = re.compile(r"\[\s*\w*\s*:\s*(\w+(?:\s*\|\s*\w+)*)")
_SET_LABEL = re.compile(r"\bSET\s+\w+((?::\w+)+)")
_SET = re.compile(r"(?:\bSET|,)\s+\w+\.(\w+)\s*=(?!=|~)")
_MAP = re.compile(r"[(\[]\s*\w*\s*:\s*([\w:|]+)[^(){}\[\]]*?\{")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    labels: frozenset[str]
    types: frozenset[str]
    properties: frozenset[str]


def documented() -> Vocabulary:
    """Every word in backticks: `Label`, `RELATION`, `property`."""
    words = {
        word for span in re.findall(r"`([^`]+)`", GRAPH.read_text("utf-8")) for word in re.findall(r"[A-Za-z]\w*", span)
    }
    types = frozenset(word for word in words if word.isupper())
    labels = frozenset(word for word in words if word[0].isupper()) - types
    return Vocabulary(labels, types, frozenset(words) - types - labels)


def used(text: str) -> tuple[set[str], set[str]]:
    """The labels and the relationship types of a statement."""
    quiet = without_comments(text)
    groups = [*_LABELS.findall(quiet), *_SET_LABEL.findall(quiet)]
    labels = {label for group in groups for label in re.findall(r"\w+", group)}
    return labels, {kind for group in _TYPES.findall(quiet) for kind in re.findall(r"\w+", group)}


def written(text: str) -> set[str]:
    """The properties a statement sets or matches by name; what an event carries is not the graph's to name."""
    quiet = without_comments(text)
    found = set(_SET.findall(quiet))
    for start in _MAP.finditer(quiet):
        keys = _keys(quiet, start.end())
        found |= {key for key in keys if key.startswith("outbox_")} if "OutboxEvent" in start[1] else keys
    return found


def looked_at(text: str) -> set[str]:
    """The properties a statement reads from what it has matched; EXPLAIN does not look into every subquery."""
    quiet = without_comments(text)
    bound = set(re.findall(r"[(\[]\s*([a-z]\w*)\s*(?=[:)\]{])", quiet))
    dotted = {name for owner, name in re.findall(r"\b([a-z]\w*)\.(\w+)", quiet) if owner in bound}
    projected = set(re.findall(r"[{,]\s*\.(\w+)", quiet))
    # A variable may be a row made in the statement or handed in, whose keys stand in its text.
    made = set(re.findall(r"(?:[{,]|, )\s*(\w+)\s*:(?!:)", quiet)) | set(
        re.findall(r"\w+", " ".join(_COMMENT.findall(text)))
    )
    return (dotted | projected) - made


def _keys(text: str, start: int) -> set[str]:
    """The keys of the map literal whose inside begins at `start`."""
    depth, own = 1, []
    for char in text[start:]:
        depth += (char in "{[(") - (char in "}])")
        if depth == 0:
            break
        own.append(char if depth == 1 else " ")
    return set(re.findall(r"(?:^|,)\s*(\w+)\s*:", "".join(own)))
