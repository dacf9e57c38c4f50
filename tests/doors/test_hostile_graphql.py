"""Every argument of GraphQL that takes a string is given what it should not get; the answer is always an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from graphql import GraphQLField, get_named_type, is_leaf_type, is_list_type, is_non_null_type

from api.schema import schema
from graph.engine import Engine
from stategate.service import Served
from tests.doors.conftest import Team
from tests.doors.hostile import INJECTIONS, ODD, leaks, unhurt

CODES = {"BAD_INPUT", "NOT_FOUND", "CONFLICT"}
ROOTS = {"query": schema._schema.query_type, "mutation": schema._schema.mutation_type}
TEXTS = {"ID", "String", "JSON"}


def fields() -> Iterator[tuple[str, str]]:
    for kind, root in ROOTS.items():
        assert root is not None
        for name, field in root.fields.items():
            if any(get_named_type(given.type).name in TEXTS for given in field.args.values()):
                yield kind, name


def document(kind: str, name: str, field: GraphQLField, arg: str, given: set[str], count: int) -> str:
    """The field `count` times, each with another value `$v<number>` of one argument."""
    declared = ", ".join(
        [
            *(f"${other}: {field.args[other].type}" for other in given),
            *(f"$v{n}: {field.args[arg].type}" for n in range(count)),
        ]
    )
    body = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    others = "".join(f", {other}: ${other}" for other in given)
    rows = " ".join(f"f{n}: {name}({arg}: $v{n}{others}) {body}" for n in range(count))
    return f"{kind}({declared}) {{ {rows} }}"


def sound(arg: str, kind: Any, story: str, actor: str) -> Any:
    """A value with which an argument that must be given does no harm."""
    known = {"id": story, "itemId": story, "storyId": story, "actorId": actor, "definition": "workflow: x"}
    if arg in known:
        return known[arg]
    return {"Int": 1, "Boolean": False, "JSON": {}, "ActorKind": "HUMAN"}.get(get_named_type(kind).name, "x")


def shaped(kind: Any, value: str) -> list[Any]:
    """A text as an argument of this type takes it."""
    while is_non_null_type(kind):
        kind = kind.of_type
    if is_list_type(kind):
        return [[value]]
    if get_named_type(kind).name == "JSON":
        return [value, {value: value}, {"feedback": value}, {"x": {value: [value]}}, [value]]
    return [value]


async def ask(http: httpx2.AsyncClient, served: Served, text: str, variables: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps({"query": text, "variables": variables})  # escapes what is not ASCII, lone surrogates too
    response = await http.post(served.graphql or "", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200, (text, response.text[:300])
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize(("kind", "name"), list(fields()))
async def test_hostile_texts(
    served: Served, engine: Engine, story: str, team: Team, kind: str, name: str
) -> None:  # fmt: skip
    root = ROOTS[kind]
    assert root is not None
    field = root.fields[name]
    needed = {arg for arg, given in field.args.items() if is_non_null_type(given.type)}
    async with httpx2.AsyncClient(timeout=60) as http:
        for arg, given in field.args.items():
            if get_named_type(given.type).name not in TEXTS:
                continue
            others = {other: sound(other, field.args[other].type, story, team.po) for other in needed - {arg}}
            values = [value for text in (*INJECTIONS, *ODD) for value in shaped(given.type, text)]
            # Where one error ends the whole query, each value has a query of its own.
            size = 1 if kind == "query" and is_non_null_type(field.type) else 30
            for start in range(0, len(values), size):
                some = values[start : start + size]
                text = document(kind, name, field, arg, set(others), len(some))
                variables = others | {f"v{n}": value for n, value in enumerate(some)}
                for error in (await ask(http, served, text, variables)).get("errors", []):
                    told = (arg, error["message"][:300])
                    assert error["extensions"]["code"] in CODES, told
                    assert leaks(error["message"]) == [], told
                    assert len(error["message"]) < 3000, told
    await unhurt(engine.db)


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"42",
    b'"x"',
    b"\xff\xfe",
    b"\x00",
    b'{"query": 7}',
    b'{"query": null}',
    b'{"query": ""}',
    b'{"query": "{ epics { totalCount } }", "variables": []}',
    b'{"query": "{ epics { totalCount } }", "variables": "x"}',
    b'{"query": "{ epics { totalCount } }", "operationName": 7}',
    b'{"query": "\\ud800"}',
    b'{"query": "{ epic(id: \\"\\\\ud800\\") { id } }"}',
    b'{"query": "{ epic(id: \\"\\\\u0000\\") { id } }"}',
    b'{"query": "' + b"{a" * 3000 + b'"}',
    b'{"query": "{ epic(id: ' + b"[" * 4000 + b'"}',
    b'{"query": "{ epic(id: ' + b"[" * 4000 + b"]" * 4000 + b') { id } }"}',
    b'{"query": "query($x: JSON) { x(y: $x) }", "variables": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    b'{"query": "fragment f on Query { ...f } { ...f }"}',
    b'{"query": "' + b"#" * 3_000_000 + b'"}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:40].decode("ascii", "replace"))
async def test_a_request_that_is_none(served: Served, body: bytes) -> None:
    async with httpx2.AsyncClient(timeout=60) as http:
        response = await http.post(served.graphql or "", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {200, 400, 413}, response.text[:500]
    assert leaks(response.text) == []
    if response.status_code == 200:
        assert all(error["extensions"]["code"] in CODES for error in response.json().get("errors", []))


ACT = """mutation($item: ID!, $actor: ID!, $inputs: JSON) {
  act(itemId: $item, action: "SUBMIT", actorId: $actor, inputs: $inputs) { __typename } }"""


@pytest.mark.parametrize(
    "inputs",
    [
        '{"x": NaN}', '{"x": 1e999}', '{"x": -Infinity}', '{"x": 1' + "0" * 5000 + "}",
        '{"x": 9223372036854775808}', "7", "[]", "true",
        '{"x": ' + "[" * 400 + "]" * 400 + "}", '{"x":' * 400 + "1" + "}" * 400,
        '{"x": "' + "y" * 300_000 + '"}', '"text"',
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
async def test_inputs_that_cannot_be(served: Served, story: str, team: Team, inputs: str) -> None:
    given = json.dumps({"query": ACT, "variables": {"item": story, "actor": team.po, "inputs": "HERE"}})
    async with httpx2.AsyncClient(timeout=60) as http:
        response = await http.post(
            served.graphql or "",
            content=given.replace('"HERE"', inputs),
            headers={"content-type": "application/json"},
        )
    assert response.status_code in {200, 400}, response.text[:500]
    assert leaks(response.text) == []
    if response.status_code == 200:
        assert all(error["extensions"]["code"] == "BAD_INPUT" for error in response.json().get("errors", []))
