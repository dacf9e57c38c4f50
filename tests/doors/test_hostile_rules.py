"""Rules whose every name is hostile: refused as a file, or imported, published, walked and exported as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graph.engine import Engine
from graph.rules.file import parse
from stategate.demo.client import GraphQLClient
from stategate.servers.environment import Addresses
from stategate.service import Served
from tests.command import finished
from tests.doors.hostile import INJECTIONS, ODD, leaks, unhurt
from tests.doors.raw import post
from tests.graph.world import World, unique

NAMES = [text for text in (*INJECTIONS, *ODD) if "\ud800" not in text]


def _rules(workflow: str, text: str) -> str:
    """A file in which every name is this text; JSON strings are YAML strings."""
    name = json.dumps(text)
    return f"""
workflow: {json.dumps(workflow)}
roles: [{{name: {name}, inherits: []}}]
states:
  {name}: {{kind: initial, awaits: [{name}]}}
  end: {{kind: final}}
transitions:
  - {{from: {name}, action: {name}, to: end, roles: [{name}], not_same_actor_as: [{name}], effects: [{name}],
     inputs: [{{name: {name}, enum: [{name}, a]}}, {{name: n, min_length: 0, max_length: 5}}],
     guards: [{{kind: field, name: {json.dumps("inputs." + text)}, op: exists, value: true}},
              {{kind: history, action: {name}, times_max: 1}}, {{kind: count, of: {name}, op: "<", value: 9}}]}}
"""


@pytest.mark.parametrize("text", NAMES, ids=lambda text: ascii(text)[:30])
async def test_rules_of_hostile_names(served: Served, engine: Engine, graphql: GraphQLClient, text: str) -> None:
    name = unique("w") + text[:40]
    imported = (
        await post(
            served,
            "mutation($d: String!) { importRules(definition: $d) {"
            " workflow confirm findings { severity code message } } }",
            d=_rules(name, text),
        )
    )["data"]["importRules"]
    for finding in imported["findings"]:
        assert leaks(finding["message"]) == []
        assert len(finding["message"]) < 3000
    if imported["confirm"] is None:
        assert {finding["code"] for finding in imported["findings"] if finding["severity"] == "error"} == {
            "INVALID_FILE"
        }
        return
    assert imported["workflow"] == name
    await graphql(
        "mutation($w: String!, $c: String!) { publishRules(workflow: $w, confirm: $c) { version } }",
        w=name,
        c=imported["confirm"],
    )
    exported = await engine.rules.export(name)
    again = parse(exported).workflow
    assert again is not None
    assert list(again.states) == [text, "end"]
    assert again == await engine.rules.read(name)
    world = World(engine.db, engine.gate, engine.rules)
    item, actor = await world.task(name), await world.actor(text)
    answer = await graphql(
        """mutation($i: ID!, $a: String!, $b: ID!, $n: JSON) { act(itemId: $i, action: $a, actorId: $b, inputs: $n) {
          ... on Applied { hops { action from to } } ... on Refused { reasons { code message } } } }""",
        i=item, a=text, b=actor, n={text: text, "n": "x"},
    )  # fmt: skip
    if "reasons" in answer["act"]:
        # A text that is long, or looks like white space only, is no right value of an input.
        assert {reason["code"] for reason in answer["act"]["reasons"]} <= {
            "INPUT_INVALID",
            "INPUT_MISSING",
            "GUARD_FAILED",
        }
    else:
        assert answer["act"]["hops"] == [{"action": text, "from": text, "to": "end"}]
    await unhurt(engine.db)


_GO = b"workflow: x\nstates: {a: {kind: initial}}\ntransitions: [{from: a, action: b, to: a, roles: [r], "
FILES = {
    "ten-megabytes": b"workflow: x\n# " + b"y" * 10_000_000,
    "long-line": b"workflow: " + b"y" * 900_000,
    "not-utf-8": "workflow: ü".encode("latin-1"),
    "utf-16": "workflow: x".encode("utf-16"),
    "bomb": b"a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\nworkflow: x\n",
    "tower": b"workflow: " + b"[" * 100_000,
    "tower-of-maps": b"".join(b" " * n + b"a:\n" for n in range(900)),
    "many-keys": b"workflow: x\n" + b"".join(b"k%d: 1\n" % n for n in range(50_000)),
    "many-states": b"workflow: x\nstates:\n" + b"".join(b"  s%d: {kind: nope}\n" % n for n in range(5_000)),
    "nul": b"workflow: \x00",
    "tag": b"workflow: !!python/object/apply:os.system [id]\n",
    "timestamp": b"workflow: 2026-99-99\n",
    "huge-number": _GO + b"guards: [{kind: count, of: b, op: '<', value: 1" + b"0" * 6000 + b"}]}]\n",
    "sexagesimal": b"workflow: x\nstates: {a: }\ntransitions: [{from: 1:1" + b":1" * 20_000 + b", action: b}]\n",
    "not-a-number": _GO + b"inputs: [{name: n, type: number, minimum: .nan, maximum: .inf}]}]\n",
    "too-large": _GO + b"inputs: [{name: n, type: integer, minimum: 99999999999999999999}]}]\n",
    "circle": b"workflow: x\nroles: [{name: a, inherits: [b]}, {name: b, inherits: [a]}]\n"
    b"states: {s: {kind: initial}}\n",
    "half-a-character": b'workflow: "\\ud800"\nstates: {s: }\n',
    "merge-key": b"workflow: x\n<<: {states: {}}\n",
    "pattern": _GO + b"inputs: [{name: n, pattern: '(a+)+$'}]}]\n",
}


@pytest.mark.parametrize("name", list(FILES))
async def test_files_that_cannot_be_rules(served: Served, engine: Engine, name: str) -> None:
    """Whatever is in it, the findings say so, soon and in few words."""
    result = await engine.rules.import_draft(FILES[name])
    assert result.confirm is None
    assert result.findings
    for finding in result.findings:
        assert finding.severity == "warning" or finding.code in {"INVALID_FILE", "GUARD_INVALID"}
        assert leaks(finding.message) == []
        assert len(finding.message) < 3000
    assert len(result.findings) <= 200


async def test_files_at_the_command_line(tmp_path: Path) -> None:
    for name in ("ten-megabytes", "not-utf-8", "tower", "bomb", "half-a-character", "huge-number"):
        file = tmp_path / name
        file.write_bytes(FILES[name])
        code, said = await finished("rules", "lint", str(file), cwd=tmp_path)
        assert (code, "INVALID_FILE" in said or "GUARD_INVALID" in said) == (1, True), (name, said[:500])
        assert leaks(said.replace(str(tmp_path), "")) == []


@pytest.mark.parametrize("word", ["[/nope]", "[bold]x", b"\xff\xfe", "a\nb", "😀", "-", "x" * 5_000])
async def test_words_at_the_command_line(tmp_path: Path, word: str | bytes) -> None:
    code, said = await finished("rules", "show", word, cwd=tmp_path, data_dir=str(tmp_path))
    assert code in {1, 2}
    assert leaks(said) == []


@pytest.mark.parametrize("given", ["x=NaN", "x=" + "[" * 100_000, "x=1" + "0" * 5000, "novalue", "[/x]=1", b"x=\xff"])
async def test_inputs_at_the_command_line(servers: Addresses, tmp_path: Path, given: str | bytes) -> None:
    at = {"neo4j_uri": servers.neo4j_uri, "neo4j_user": servers.neo4j_user, "neo4j_password": servers.neo4j_password}
    at |= {"nats_url": servers.nats_url, "valkey_url": servers.valkey_url}
    code, said = await finished("act", "[/T]", "[/GO]", "--actor", "[/me]", "--input", given, cwd=tmp_path, **at)
    assert code in {1, 2}
    assert leaks(said) == []
