"""The commands on rules, as a person runs them: show, diff, lint, test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stategate.servers.environment import Addresses
from tests.command import finished

SHIPPED = Path(__file__).parents[1] / "seed" / "rules"
TASK = str(SHIPPED / "task.yaml")

SMALL = """\
workflow: small
roles: [r]
states: {a: {kind: initial}, z: {kind: final}}
transitions:
  - {from: a, action: GO, to: z, roles: [r]}
expectations:
  - {name: whoever has the role goes, given: {state: a, actors: {ana: [r]}},
     when: {actor: ana, action: GO}, then: {applied: z}}
  - {name: nobody else does, given: {state: a, actors: {ana: [r], bob: [r]}}, who: {GO: [ana]}}
"""


@pytest.mark.parametrize(
    ("form", "words"),
    [("terminal", "└──▶ done"), ("table", "APPROVE_STORY"), ("mermaid", "stateDiagram-v2"), ("svg", "<svg ")],
)
async def test_show(form: str, words: str, tmp_path: Path) -> None:
    out = tmp_path / "drawn"
    code, output = await finished("rules", "show", TASK, "--format", form, "--out", str(out), cwd=tmp_path)
    assert (code, output) == (0, "")
    drawn = out.read_text("utf-8")
    assert words.replace("└──▶", "└╌╌▶") in drawn
    code, output = await finished("rules", "show", TASK, "--format", form, cwd=tmp_path)
    assert code == 0
    assert "\x1b" not in output
    if form in {"mermaid", "svg"}:
        assert output == drawn


async def test_show_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("workflow: [\n")
    code, output = await finished("rules", "show", "x.yaml", cwd=tmp_path)
    assert code == 2
    assert "not YAML" in output
    code, output = await finished("rules", "show", TASK, "--out", str(tmp_path / "no" / "x"), cwd=tmp_path)
    assert code == 2
    assert "cannot be written" in output


async def test_diff_of_files(tmp_path: Path) -> None:
    (tmp_path / "same.yaml").write_text(SMALL)
    (tmp_path / "other.yaml").write_text(SMALL.replace("to: z, roles: [r]", 'to: z, roles: ["*"]'))
    assert await finished("rules", "diff", "same.yaml", "same.yaml", cwd=tmp_path) == (0, "Both mean the same.\n")
    code, output = await finished("rules", "diff", "same.yaml", "other.yaml", cwd=tmp_path)
    assert code == 1
    assert '~ transition a -[GO]-> z: roles: ["r"] -> ["*"]' in output
    assert "r loses GO@a" in output
    code, output = await finished("rules", "diff", "same.yaml", "other.yaml", "--json", cwd=tmp_path)
    assert code == 1
    assert json.loads(output)["permissions"] == {
        "*": {"gained": ["GO@a"], "lost": []},
        "r": {"gained": [], "lost": ["GO@a"]},
    }


async def test_on_what_runs(servers: Addresses, tmp_path: Path) -> None:
    there = {"neo4j_uri": servers.neo4j_uri, "neo4j_password": servers.neo4j_password}
    code, output = await finished("rules", "diff", TASK, "task@1", cwd=tmp_path, **there)
    assert (code, output) == (0, "Both mean the same.\n")
    code, output = await finished("rules", "diff", "task", "nothing", cwd=tmp_path, **there)
    assert code == 2
    assert "nothing" in output
    code, output = await finished("rules", "lint", "story", "--json", cwd=tmp_path, **there)
    assert code == 0
    found = json.loads(output)
    assert {"DONE"} in [set(finding["states"]) for finding in found]
    assert all(finding["transitions"] or finding["states"] for finding in found)
    (tmp_path / "small.yaml").write_text(SMALL)
    code, output = await finished("rules", "test", "small.yaml", cwd=tmp_path, **there)
    assert code == 1
    assert output.splitlines()[:3] == [
        "pass  whoever has the role goes",
        "FAIL  nobody else does",
        "      Expected that 'GO' may be done by ana; found ana, bob.",
    ]
    code, output = await finished("rules", "test", "task", "--json", cwd=tmp_path, **there)
    assert code == 0
    assert len(json.loads(output)) >= 12


async def test_expectations_that_cannot_be_tried(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(SMALL.replace("{GO: [ana]}", "{FLY: [ana]}"))
    code, output = await finished("rules", "test", "x.yaml", cwd=tmp_path)
    assert code == 2
    assert "DANGLING_TARGET" in output
    assert "FLY" in output
