"""Rules as pictures: everything is on them, odd names break none, and boxes do not lie on one another."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from graph.rules.draw.layers import backward, lay_out
from graph.rules.draw.machine import Machine
from graph.rules.draw.mermaid import mermaid
from graph.rules.draw.svg import svg
from graph.rules.draw.terminal import terminal
from graph.rules.file import parse

SHIPPED = Path(__file__).parents[2] / "seed" / "rules"

ODD = """\
workflow: 'odd <name> & "more"'
states:
  'a "q"': {kind: initial}
  'end note; style:x#1': {}
  '😀 <b>%%': {}
  state: {kind: final}
  '-->': {kind: final}
transitions:
  - {from: 'a "q"', action: 'go: {now} [*]', to: 'end note; style:x#1', roles: ['r;#']}
  - {from: 'a "q"', action: loop, to: 'a "q"', roles: ['r;#']}
  - {from: 'end note; style:x#1', action: '<script>alert(1)</script>', to: '😀 <b>%%', automatic: true}
  - {from: ['😀 <b>%%', 'a "q"'], action: x, to: 'a "q"', after: 24h}
  - {from: '😀 <b>%%', action: x, to: state, roles: ["*"], actor_kinds: [human]}
  - {from: "*", except: ['a "q"'], action: '[bold]stop', to: '-->', roles: ["*"]}
"""

SMALL = """\
workflow: w
states: {a: {kind: initial}, b: {}}
transitions:
  - {from: a, action: A, to: b, automatic: true}
  - {from: b, action: B, to: a, roles: [r]}
"""


def machine(text: str | bytes) -> Machine:
    parsed = parse(text)
    assert parsed.workflow is not None, parsed.findings
    return Machine.of(parsed.workflow)


TEXTS = [(SHIPPED / f"{name}.yaml").read_text("utf-8") for name in ("task", "story")] + [ODD]


@pytest.mark.parametrize("text", TEXTS, ids=["task", "story", "odd"])
def test_everything_is_on_the_svg(text: str) -> None:
    drawn = machine(text)
    said = " ".join(ElementTree.fromstring(svg(drawn)).itertext())  # noqa: S314
    for place in drawn.places:
        assert place.name in said
    for arrow in drawn.arrows:
        for step in arrow.steps:
            assert step.action in said
            assert step.by in said
    for word in ("begins here", "active", "final: done", "by itself"):
        assert word in said


def test_the_svg_is_self_contained_and_says_what_it_does_not_run() -> None:
    text = svg(machine(ODD))
    assert "<script" not in text
    assert not re.search(r"(href|src|@import|url\((?!#head))", text)
    assert "prefers-color-scheme: dark" in text


def test_automatic_lines_are_dashed_and_the_rest_are_not() -> None:
    text = svg(machine(SMALL))
    lines = re.findall(r'<path class="(line[^"]*)" d="[^"]*"[^>]*/>', text)
    assert sorted(lines) == [
        "line",
        "line",
        "line automatic",
        "line automatic",
        "line automatic",
    ]  # one is the legend's


def test_mermaid_has_ids_of_its_own_and_no_sign_that_means_something() -> None:
    lines = mermaid(machine(ODD)).splitlines()
    assert lines[0] == "stateDiagram-v2"
    shapes = [
        r'state "[^"\\<>{}\[\]%]*" as s\d+',
        r"\[\*\] --> s\d+",
        r"s\d+ --> \[\*\]",
        r"s\d+ --> s\d+ : [^:\"<>{}\[\]%]*",
        r"note right of s\d+ : [^:\"<>{}\[\]%]*",
    ]
    for line in lines[1:]:
        assert any(re.fullmatch(shape, line.strip()) for shape in shapes), line
        # The only semicolons and hashes are those of numbered signs.
        assert not set(re.sub(r"#\d+;", "", line)) & {"#", ";"}
    assert sum("note right" in line for line in lines) == 1


@pytest.mark.parametrize("width", [30, 60, 100, 200])
@pytest.mark.parametrize("text", TEXTS, ids=["task", "story", "odd"])
def test_the_terminal_drawing_fits_and_is_whole(text: str, width: int) -> None:
    drawn = machine(text)
    lines = terminal(drawn, width)
    said = "\n".join(line.plain for line in lines)
    assert all(place.name in said for place in drawn.places)
    assert all(step.action in said for arrow in drawn.arrows for step in arrow.steps)
    if width >= 60:
        assert max(line.cell_len for line in lines) <= width
    for line in terminal(drawn, width, "ascii"):
        assert line.plain.isascii()


def test_boxes_of_a_layer_keep_apart_and_lines_lead_down() -> None:
    edges = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (0, 4), (4, 0)]
    up = backward(5, edges, [0])
    assert up == {(4, 0)}
    sizes = [(80.0, 30.0)] * 5
    layout = lay_out(sizes, edges, up, set())
    for one, (x, y) in enumerate(layout.middles):
        for other in range(one):
            assert abs(layout.middles[other][0] - x) >= 80 or abs(layout.middles[other][1] - y) >= 30
    for edge, way in layout.ways.items():
        falls = [b[1] - a[1] for a, b in pairwise(way)]
        assert all(fall >= 0 for fall in falls) if edge not in up else all(fall <= 0 for fall in falls)
