"""Every label, relationship and property a statement names is a word of docs/graph.md, wherever it stands."""

from __future__ import annotations

import pytest

from graph.queries import query
from tests.house.statements import on_disk
from tests.house.vocabulary import documented, looked_at, used, written


def foreign(text: str) -> set[str]:
    """The words of a statement that docs/graph.md does not have."""
    words, (labels, types) = documented(), used(text)
    return (labels - words.labels) | (types - words.types) | ((written(text) | looked_at(text)) - words.properties)


@pytest.mark.parametrize("name", on_disk())
def test_a_statement_says_only_words_of_the_graph(name: str) -> None:
    assert foreign(query(name)) == set()


def test_the_words_are_there() -> None:
    words = documented()
    assert words.labels >= {"Workflow", "State", "Transition", "Item", "Change", "System"}
    assert words.types >= {"IN_STATE", "MAY_FIRE", "LATEST", "NOT_SAME_ACTOR_AS"}
    assert words.properties >= {"version", "min_length", "outbox_id"}
    assert not words.properties & (words.labels | words.types)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("item.updated_at = now", "item.updatd_at = now"),
        ("item_id: item.id, seq: seq", "item_id: item.id, sqe: seq"),
        ("item.version = version", "item.vresion = version"),
        ("HAS_FIRED {action:", "HAS_FIRED {acton:"),
        ("outbox_at: told_at", "outbox_ta: told_at"),
        ("t.order", "t.ordre"),
        ("r.name IN [a IN", "r.nmae IN [a IN"),
        ("f.last_at > x.done_at", "f.lsat_at > x.done_at"),
        ("k.done_min IS NULL", "k.doen_min IS NULL"),
        ("{.version, .unadopted}", "{.version, .unadpoted}"),
        ("{id: c.item_id}", "{di: c.item_id}"),
        ("[:NEEDS_ROLE]", "[:NEDES_ROLE]"),
        ("[fired:HAS_FIRED]", "[fired:HAS_FRIED]"),
        ("(item)-[:IN_STATE]->(s:State)", "(item)-[:IN_STATE]->(s:Sate)"),
        ("[:REQUIRES|GUARDED_BY]", "[:REQUIRES|GARDED_BY]"),
        ("SET actor:System", "SET actor:Sytsem"),
    ],
)
def test_a_slip_is_found(right: str, wrong: str) -> None:
    texts = [query(name) for name in ("gate/decide", "rules/clear_workflow", "schema/0002_system")]
    [text, *_] = [text for text in texts if right in text]
    assert len(foreign(text.replace(right, wrong)) - foreign(text)) == 1
