"""What must agree: settings and their documentation, the schema file and the schema."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from api.schema import schema
from stategate.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    told = set(re.findall(rf"`({PREFIX}[A-Z0-9_]+)`", (ROOT / "README.md").read_text()))
    assert told == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_the_schema_file_is_what_the_code_makes() -> None:
    assert (ROOT / "api" / "schema.graphql").read_text() == schema.as_str() + "\n"


def test_the_pictures_are_those_of_the_shipped_rules() -> None:
    pictures = runpy.run_path(str(ROOT / "docs" / "pictures.py"))["pictures"]()
    assert len(pictures) == 2
    for path, text in pictures.items():
        assert path.read_text("utf-8") == text, f"{path.name}: draw it anew with `make pictures`"


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
