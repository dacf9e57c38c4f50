"""Draws docs/<workflow>.svg for each shipped workflow, from its file alone."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from graph.rules.draw.machine import Machine
from graph.rules.draw.svg import svg
from graph.rules.file import parse

HERE = Path(__file__).parent


def pictures() -> dict[Path, str]:
    """What each picture should be."""
    found = {}
    for file in resources.files("seed").joinpath("rules").iterdir():
        workflow = parse(file.read_bytes()).workflow
        if workflow is None:
            raise SystemExit(f"{file.name} is no rules file.")
        found[HERE / f"{workflow.workflow}.svg"] = svg(Machine.of(workflow))
    return found


if __name__ == "__main__":
    for path, text in pictures().items():
        path.write_text(text, "utf-8")
        print(f"{path} is drawn.")
