"""Nothing about a workflow is written in Python: no state, action or role, and no Cypher either."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.statements import ROOT, sources, texts

# Words of the engine that rules use as names too: what a final state means, and the one built-in role (cypher/schema).
ENGINE_WORDS = {"done", "cancelled", "system"}

_CLAUSE = re.compile(
    r"\b(?:(?:OPTIONAL\s+)?MATCH|MERGE|CREATE)\s*\(|\bUNWIND\s+[\w$\[]|\bDETACH\s+DELETE\b|\bRETURN\s+\w+\s*[.,{(]"
    r"|\bCALL\s*[({]|\bCALL\s+\w+\.\w+|-\[\w*:\w+\]->|\bSET\s+\w+\.\w+\s*=|\bEXPLAIN\s|\bCYPHER\s+\d+\s+\w"
)


def names() -> set[str]:
    """Every state, action and role of the shipped rules."""
    found: set[str] = set()
    for file in sorted((ROOT / "seed" / "rules").glob("*.yaml")):
        rules: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
        found |= set(rules["states"]) | {transition["action"] for transition in rules["transitions"]}
        found |= {role if isinstance(role, str) else role["name"] for role in rules["roles"]}
    return found


def said(source: str, words: set[str]) -> set[str]:
    """The names a module says: those in capitals anywhere in a string, the others where they are all of it."""
    loud = re.compile(r"\b(?:" + "|".join(sorted(re.escape(word) for word in words if word.isupper())) + r")\b")
    quiet = {word for word in words if not word.isupper()} - ENGINE_WORDS
    return {text for text in texts(source) if text in quiet} | {
        word for text in texts(source) for word in loud.findall(text)
    }


def cypher(source: str) -> list[str]:
    """The strings of a module that are Cypher."""
    return [text for text in texts(source) if _CLAUSE.search(text)]


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_name_of_a_workflow_in_python(path: Path) -> None:
    assert said(path.read_text("utf-8"), names()) == set()


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_cypher_in_python(path: Path) -> None:
    assert cypher(path.read_text("utf-8")) == []


def test_the_shipped_names_are_known() -> None:
    assert {"todo", "arch_rejected", "COMMIT_CODE", "READY_FOR_EXECUTION", "developer", "scrum_master"} <= names()
    assert len(names()) > 60


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('state = "pending_qa"', {"pending_qa"}),
        ('if action == "COMMIT_CODE": pass', {"COMMIT_CODE"}),
        ('text = f"then {x} does APPROVE_DESIGN at once"', {"APPROVE_DESIGN"}),
        ('def f():\n    return ["architect", "Architect"]', {"architect"}),
        ('def f():\n    """After COMMIT_CODE comes pending_qa."""\n', set()),
        ('text = "the qa people; RECOMMIT_CODES; a todo list"', set()),
        ('outcome = "done"  # COMMIT_CODE', set()),
    ],
)
def test_a_name_is_found(source: str, found: set[str]) -> None:
    assert said(source, names()) == found


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (n) RETURN n",
        "OPTIONAL MATCH (a)-->(b)",
        "MERGE (n:Item {id: 1})",
        "CREATE (n)",
        "UNWIND $rows AS row",
        "RETURN n.name",
        "CALL db.labels()",
        "CALL (c) { RETURN 1 }",
        "(a)-[:IN_STATE]->(b)",
        "SET n.version = 1",
        "EXPLAIN x",
        "DETACH DELETE n",
    ],
)
def test_cypher_is_found(text: str) -> None:
    assert cypher(f"def f():\n    run({text!r})") == [text]
    assert cypher(f"def f():\n    '''{text}'''") == []


@pytest.mark.parametrize("text", ["CREATE a story", "No match (yet)", "return one", "CYPHER 5\n", "a call for help"])
def test_plain_words_are_no_cypher(text: str) -> None:
    assert cypher(f"x = {text!r}") == []
