"""What must agree: settings and their documentation, the schema file and the schema."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

from jsonschema import Draft7Validator
from pydantic import BaseModel

from api.schema import schema
from consumers import asyncapi
from graph.rules.expectation import Expectation, Fired, Given, Other, Someone, Then, When
from graph.rules.model import Children, Coupling, Guard, Input, Role, Start, State, Transition, Workflow
from graph.transfer.rows import KINDS, Stay
from stategate.settings import PREFIX, Settings
from tests.house.statements import sources

ROOT = Path(__file__).parents[2]


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    told = set(re.findall(rf"`({PREFIX}[A-Z0-9_]+)`", (ROOT / "README.md").read_text()))
    assert told == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_every_figure_is_in_the_documents_and_no_other() -> None:
    told = set(re.findall(r"`(stategate_[a-z_]+)`", (ROOT / "docs" / "operations.md").read_text()))
    code = "".join(path.read_text() for path in sources())
    made = set()
    for kind, name in re.findall(r"\b(Counter|Gauge|Histogram|GaugeMetricFamily)\(\s*\"(stategate_[a-z_]+)\"", code):
        made.add(f"{name}_total" if kind == "Counter" else name)
    assert told == made


def test_the_schema_file_is_what_the_code_makes() -> None:
    assert (ROOT / "api" / "schema.graphql").read_text() == schema.as_str() + "\n"


def test_the_document_of_the_bus_is_what_the_code_makes() -> None:
    assert json.loads((ROOT / "docs" / "asyncapi.json").read_text()) == asyncapi.document()


def test_the_document_of_the_bus_is_asyncapi() -> None:
    official = json.loads((ROOT / "tests" / "vendor" / "asyncapi" / "3.0.0-without-$id.json").read_text())
    found = [
        f"{list(error.path)}: {error.message[:200]}"
        for error in Draft7Validator(official).iter_errors(asyncapi.document())
    ]
    assert found == []


def test_every_subject_a_statement_writes_is_in_the_document_of_the_bus() -> None:
    written = set()
    for path in (ROOT / "cypher").rglob("*.cypher"):
        written |= set(re.findall(r"'((?:planning|workflow)(?:\.[a-z_]+)+)'", path.read_text()))
    told = {channel["address"] for channel in asyncapi.document()["channels"].values() if "told" in channel["messages"]}
    assert written <= told
    assert len(written) > 5


def test_the_pictures_are_those_of_the_shipped_rules() -> None:
    pictures = runpy.run_path(str(ROOT / "docs" / "pictures.py"))["pictures"]()
    assert len(pictures) == 2
    for path, text in pictures.items():
        assert path.read_text("utf-8") == text, f"{path.name}: draw it anew with `make pictures`"


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_field_of_a_backlog_file_is_in_the_documents_and_no_other() -> None:
    text = (ROOT / "docs" / "backlog-file.md").read_text("utf-8")
    for kind, row in KINDS.items():
        [told] = re.findall(rf"^\| `{kind}` \| (.*) \|$", text, re.MULTILINE)
        fields = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", told))
        assert fields == [info.alias or name for name, info in row.model_fields.items() if name != "kind"]


NOT_IN_THE_FILE = {
    "name": "the caption, which is the id",
    "due_at": "follows from the state and when it was entered",
    "look_at": "follows from what was kept back, and is at most a minute ahead",
    "armed": "says for which timers that was worked out",
    "imported_from": "says which file brought it",
}


def test_a_backlog_file_carries_what_the_graph_knows_of_work() -> None:
    text = (ROOT / "docs" / "graph.md").read_text("utf-8")

    def properties(label: str) -> set[str]:
        [told] = re.findall(rf"^\| `{label}` \| (?:also )?(`.*) \|$", text, re.MULTILINE)
        return set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", re.sub(r"\]\([^)]*\)", "]", told))))

    item = properties("Item")
    known = {
        "epic": properties("Epic"),
        "sprint": properties("Sprint") - {"name"},
        "story": item | properties("Story"),
        "task": item | properties("Task"),
    }
    left_out = set()
    for kind, names in known.items():
        assert names >= {"id", "created_at"}
        left_out |= names - KINDS[kind].model_fields.keys()
    assert left_out == NOT_IN_THE_FILE.keys()
    [stay] = re.findall(r"WAS_IN_SPRINT \{([^}]*)\}", text)
    assert set(re.findall(r"\w+", stay)) == Stay.model_fields.keys() - {"sprint_id"}


def test_every_key_of_a_rules_file_is_in_the_documents() -> None:
    text = (ROOT / "docs" / "rules.md").read_text("utf-8")
    told = {word for span in re.findall(r"`([^`\n]+)`", text.replace("```", "")) for word in re.findall(r"\w+", span)}
    told |= set(re.findall(r"\w+(?=:)", text))
    parts: list[type[BaseModel]] = [Workflow, Role, Start, State, Transition, Input, Guard, Coupling, Children]
    parts += [Expectation, Given, Someone, Fired, Other, When, Then]
    keys = {info.alias or name for part in parts for name, info in part.model_fields.items()}
    assert keys - told == set()
