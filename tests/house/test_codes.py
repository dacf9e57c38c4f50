"""Every code a program may meet: given by the product, told in the docs, and asserted by a test; no other is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from graph.queries import query
from graph.rules.file import parse
from graph.rules.lint import lint
from graph.rules.model import Guard
from tests.house.statements import CYPHER, ROOT, sources, texts
from tests.house.vocabulary import documented

DOCS = ROOT / "docs"
STAFF = {"developer": 1}
_CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+|[A-Z]{4,}")

CONTRACT = """
  UNKNOWN_ITEM UNKNOWN_ACTOR UNKNOWN_ACTION NOT_FROM_THIS_STATE FINAL_STATE ROLE_NOT_ALLOWED RELATION_NOT_MET
  SAME_ACTOR COMMAND_ID_REUSED INPUT_MISSING INPUT_INVALID GUARD_FAILED LIMIT_REACHED STALE_VERSION RULE_BROKEN
  INDETERMINATE""".split()  # noqa: SIM905


def said(*files: str) -> set[str]:
    """The strings of modules that look like a code."""
    return {
        text for file in files for text in texts((ROOT / file).read_text("utf-8")) if _CODE.fullmatch(text)
    }  # fmt: skip


def refusals() -> set[str]:
    """The codes that the statement or the gate can give."""
    written = "\n".join(path.read_text("utf-8") for path in CYPHER.rglob("*.cypher"))
    by_statement = set(re.findall(r"code: '([A-Z_]+)'", written))
    by_statement |= {
        code for case in re.findall(r"code: CASE\b(.*?)\bEND,", written, re.DOTALL) for code in _CODE.findall(case)
    }
    by_gate = {code for path in sources() for code in re.findall(r'"code": "([A-Z_]+)"', path.read_text("utf-8"))}
    ended = {"FINAL_STATE", "NOT_FROM_THIS_STATE"} if "FINAL_STATE" in said("graph/encoding.py") else set()
    return (by_statement | by_gate | ended) - {"WHEN", "THEN", "ELSE", "CASE", "NULL"}


def findings() -> set[str]:
    return said("graph/rules/lint.py", "graph/rules/file.py")


def remedies() -> set[str]:
    """The kinds of remedy, wherever one is made."""
    made = (re.findall(r'Remedy\(\s*"([A-Z_]+)"', path.read_text("utf-8")) for path in sources())
    return {kind for kinds in made for kind in kinds}


def guards() -> set[str]:
    return set(get_args(Guard.model_fields["kind"].annotation))


def section(document: str, title: str) -> str:
    """What stands below a heading, up to the next one that is not below it."""
    text = (DOCS / document).read_text("utf-8")
    level = next(line for line in text.splitlines() if re.fullmatch(rf"#+ {title}", line)).count("#")
    return re.split(rf"^#{{1,{level}}} ", text.split(f"{'#' * level} {title}\n", 1)[1], flags=re.MULTILINE)[0]


def headings(document: str, level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} ([A-Z_]+)$", (DOCS / document).read_text("utf-8"), re.MULTILINE)


def rows(text: str) -> list[str]:
    """What the first column of a table names."""
    return re.findall(r"`([^`]+)`", "\n".join(re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)))


def asserted() -> str:
    """The tests that say what is right; this one, and the oracle, which has all codes anyhow, are left out."""
    folders = [ROOT / "tests" / folder for folder in ("graph", "doors")]
    return "\n".join(file.read_text("utf-8") for folder in folders for file in sorted(folder.rglob("test_*.py")))


def test_refusals_are_those_of_the_contract_and_told() -> None:
    assert refusals() == set(CONTRACT)
    assert headings("refusals.md", 3) == CONTRACT
    for code in CONTRACT:
        assert re.findall(r"^- (\w[^:]*):", section("refusals.md", code), re.MULTILINE) == ["Means", "Comes when", "Do"]


def test_every_refusal_has_its_sentence() -> None:
    assert said("graph/reasons.py") >= set(CONTRACT)


def test_lint_codes_are_told() -> None:
    assert sorted(headings("lint.md", 2)) == sorted(findings())


@pytest.mark.parametrize("code", headings("lint.md", 2))
def test_the_example_of_a_finding_has_it_and_no_other(code: str) -> None:
    told = section("lint.md", code)
    [example] = re.findall(r"```yaml\n(.*?)```", told, re.DOTALL)
    parsed = parse(example)
    found = parsed.findings if parsed.workflow is None else lint(parsed.workflow, STAFF)
    assert {(finding.code, finding.severity.capitalize()) for finding in found} == {(code, told.split(".")[0].strip())}


def test_kinds_of_guard_are_told() -> None:
    assert rows(section("rules.md", "Guards").split("###")[0]) == list(get_args(Guard.model_fields["kind"].annotation))


def test_fields_of_guards_are_told() -> None:
    known = set(re.findall(r"g\.field = '(\w+)'", (CYPHER / "fragments" / "guard_reasons.cypher").read_text("utf-8")))
    assert set(rows(section("rules.md", "Fields a field guard knows"))) == known | {"inputs.<name>"}


def test_remedies_are_told() -> None:
    assert sorted(rows(section("refusals.md", "Remedies"))) == sorted(remedies())


def test_the_documents_name_no_code_that_does_not_exist() -> None:
    known = refusals() | findings() | remedies() | {"BAD_INPUT", "NOT_FOUND", "CONFLICT", "UNAVAILABLE"}
    # Words of the graph, and the action by which changed rules move an item, look like codes and are none.
    known |= documented().types | set(re.findall(r"'([A-Z_]+)'", query("rules/move_items")))
    for file in ("refusals.md", "lint.md", "rules.md"):
        text = re.sub(r"```.*?```|STATEGATE_\w+", "", (DOCS / file).read_text("utf-8"), flags=re.DOTALL)
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text)) | set(
            re.findall(r"^#+ ([A-Z_]{4,})$", text, re.MULTILINE)
        )
        assert named - known == set(), file


@pytest.mark.parametrize("code", sorted(refusals() | findings() | remedies()))
def test_a_test_asserts_it(code: str) -> None:
    assert f'"{code}"' in asserted()


@pytest.mark.parametrize("kind", sorted(guards()))
def test_a_test_has_the_kind_of_guard(kind: str) -> None:
    assert f"kind: {kind}" in asserted()


def test_a_code_that_is_forgotten_is_found(tmp_path: Path) -> None:
    assert _CODE.fullmatch("SOMETHING_NEW")
    assert not _CODE.fullmatch("error")
    assert refusals() >= {"LIMIT_REACHED", "INPUT_MISSING", "RULE_BROKEN", "COMMAND_ID_REUSED"}
