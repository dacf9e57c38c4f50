"""The machine as SVG: one self-contained file, readable on light and on dark."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap
from xml.sax.saxutils import escape

from graph.rules.draw.layers import Edge, Layout, Point, backward, lay_out
from graph.rules.draw.machine import Arrow, Machine

_MARGIN = 28.0
_TITLE = 58.0  # room for the title and the legend
_LONGEST = 44  # characters of a line; what is longer is cut and whole in its tooltip
_WRAP = 32
_KEY = [
    ("box initial", "begins here"),
    ("box", "active"),
    ("box done", "final: done"),
    ("box cancelled", "final: cancelled"),
]
_STYLE = """
  svg { --ground: #ffffff; --ink: #1f2933; --soft: #5c6b7a; --line: #7b8794; --box: #eef2f7; --edge: #9fb0c3;
        --begin: #d9ecff; --begin-edge: #2f7fd6; --done: #dcf3e3; --done-edge: #2f9e5b;
        --off: #f1f1f3; --off-edge: #8a8f98; }
  @media (prefers-color-scheme: dark) { svg { --ground: #12181f; --ink: #e6edf3; --soft: #9fb0c3; --line: #7d8fa3;
        --box: #1e2833; --edge: #44566a; --begin: #12304f; --begin-edge: #5aa7f5; --done: #123524; --done-edge: #4fc27f;
        --off: #23272d; --off-edge: #7f8792; } }
  text { font-family: "DejaVu Sans", Verdana, system-ui, sans-serif; fill: var(--ink); }
  .ground { fill: var(--ground); } .title { font-size: 17px; font-weight: 600; }
  .state { font-size: 13px; font-weight: 600; text-anchor: middle; } .key { font-size: 11px; fill: var(--soft); }
  .action { font-size: 11px; text-anchor: middle; } .by { font-size: 10px; fill: var(--soft); text-anchor: middle; }
  .if { font-size: 10px; font-style: italic; fill: var(--soft); text-anchor: middle; }
  .box { fill: var(--box); stroke: var(--edge); stroke-width: 1.2; } .label { fill: var(--ground); }
  .initial { fill: var(--begin); stroke: var(--begin-edge); stroke-width: 2; }
  .done { fill: var(--done); stroke: var(--done-edge); stroke-width: 2; }
  .cancelled { fill: var(--off); stroke: var(--off-edge); stroke-width: 2; }
  .inner { fill: none; stroke-width: 1; }
  .any { fill: none; stroke: var(--edge); stroke-width: 1.2; stroke-dasharray: 2 3; }
  .line { fill: none; stroke: var(--line); stroke-width: 1.4; } .automatic { stroke-dasharray: 6 4; }
  .head { fill: var(--line); }
"""


@dataclass(frozen=True, slots=True)
class _Box:
    """Something with a place: a state, the words of an arrow, or where an arrow from anywhere begins."""

    kind: str
    lines: list[tuple[str, str]]
    """Style and text."""
    tooltip: str

    @property
    def size(self) -> Point:
        if self.kind == "label":
            return max(_width(text, 10.5) for _, text in self.lines) + 8, 13.5 * len(self.lines) + 6
        return max(_width(text, 13.5) for _, text in self.lines) + 34, 34.0


def svg(machine: Machine) -> str:
    """The picture as text."""
    boxes, edges, dashed, hanging = _parts(machine)
    first = [place for place, state in enumerate(machine.places) if state.begins]
    layout = lay_out([box.size for box in boxes], list(edges), _upward(machine, edges, first), hanging)
    width, height = max(layout.width, 520.0) + 2 * _MARGIN, layout.height + 2 * _MARGIN + _TITLE
    left = _MARGIN + max(0.0, (520.0 - layout.width) / 2)
    name = _escaped(f"{machine.title}: the states of a {machine.item} and what moves it")
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" '
        f'height="{_n(height)}" role="img" aria-label="{name}">',
        f"<title>{name}</title>",
        f"<style>{_STYLE}</style>",
        '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 1 L10 5 L0 9 z"/></marker>',
        f'<rect class="ground" width="{_n(width)}" height="{_n(height)}" rx="8"/>',
        f'<text class="title" x="{_n(_MARGIN)}" y="34">{_escaped(_cut(machine.title))}</text>',
        *_legend(),
        f'<g transform="translate({_n(left)} {_n(_MARGIN + _TITLE)})">',
        *_lines(layout, edges, dashed),
        *(part for box, middle in zip(boxes, layout.middles, strict=True) for part in _drawn(box, middle)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(out) + "\n"


def _parts(machine: Machine) -> tuple[list[_Box], dict[Edge, bool], set[Edge], set[int]]:
    """Boxes, edges (whether with a head), those that are dashed, and the boxes that keep to what is below them."""
    number = {place.name: at for at, place in enumerate(machine.places)}
    boxes = [
        _Box(
            ("initial" if place.begins else place.outcome or "active"),
            [("state", _cut(place.name))],
            f"{place.name} ({place.kind})",
        )
        for place in machine.places
    ]
    edges: dict[Edge, bool] = {}
    dashed: set[Edge] = set()
    hanging: set[int] = set()
    for arrow in machine.arrows:
        label = len(boxes)
        boxes.append(_label(arrow))
        sources = [number[name] for name in arrow.sources]
        if not sources:
            sources = [len(boxes)]
            boxes.append(_Box("any", [("state", _cut(machine.anywhere(arrow)))], machine.anywhere(arrow)))
            hanging |= {label, len(boxes) - 1}
        new = [(source, label) for source in sources] + [(label, number[arrow.target])]
        edges |= {edge: edge[0] == label for edge in new}
        dashed |= set(new) if arrow.automatic else set()
    return boxes, edges, dashed, hanging


def _label(arrow: Arrow) -> _Box:
    lines: list[tuple[str, str]] = []
    for step in arrow.steps:
        lines += [("action", _cut(step.action)), *(("by", text) for text in wrap(step.by, _WRAP))]
        lines += [("if", _cut(text)) for need in step.needs for text in wrap(need, _WRAP)]
    tooltip = "\n".join(f"{s.action}: {s.by}{''.join(f'; {need}' for need in s.needs)}" for s in arrow.steps)
    return _Box("label", lines, tooltip)


def _upward(machine: Machine, edges: dict[Edge, bool], first: list[int]) -> set[Edge]:
    """The edges that lead up: back to a state from where this one was reached."""
    states = len(machine.places)
    into = {source: target for source, target in edges if source >= states and target < states}
    pairs = {(source, label): (source, into[label]) for source, label in edges if label in into and source < states}
    back = backward(states, pairs.values(), first)
    upward = {edge for edge, (source, target) in pairs.items() if source != target and (source, target) in back}
    for label, target in into.items():
        others = [edge for edge in pairs if edge[1] == label and edge[0] != target]
        if all(edge in upward for edge in others) and any(edge[1] == label for edge in pairs):
            upward.add((label, target))
        elif (target, label) in pairs:
            upward.add((target, label))
    return upward


def _lines(layout: Layout, edges: dict[Edge, bool], dashed: set[Edge]) -> Iterator[str]:
    for edge, headed in edges.items():
        first, *rest = layout.ways[edge]
        way = f"M{_n(first[0])} {_n(first[1])}"
        before = first
        for x, y in rest:
            half = (before[1] + y) / 2
            straight = abs(before[0] - x) < 0.5
            way += f" L{_n(x)} {_n(y)}" if straight else _curve(before, (x, y), half)
            before = (x, y)
        style = "line automatic" if edge in dashed else "line"
        yield f'<path class="{style}" d="{way}"{" marker-end=" + chr(34) + "url(#head)" + chr(34) if headed else ""}/>'


def _curve(before: Point, after: Point, half: float) -> str:
    return f" C{_n(before[0])} {_n(half)} {_n(after[0])} {_n(half)} {_n(after[0])} {_n(after[1])}"


def _drawn(box: _Box, middle: Point) -> Iterator[str]:
    (x, y), (width, height) = middle, box.size
    frame = f'x="{_n(x - width / 2)}" y="{_n(y - height / 2)}" width="{_n(width)}" height="{_n(height)}"'
    yield f"<g><title>{_escaped(box.tooltip)}</title>"
    if box.kind == "label":
        yield f'<rect class="label" {frame}/>'
        for at, (style, text) in enumerate(box.lines):
            line = y - height / 2 + 13.5 * (at + 1)
            yield f'<text class="{style}" x="{_n(x)}" y="{_n(line)}">{_escaped(text)}</text>'
    else:
        style = {"active": "box", "any": "any"}.get(box.kind, f"box {box.kind}")
        yield f'<rect class="{style}" {frame} rx="{"17" if box.kind == "any" else "8"}"/>'
        if box.kind in {"done", "cancelled"}:
            inner = f'x="{_n(x - width / 2 + 4)}" y="{_n(y - height / 2 + 4)}" width="{_n(width - 8)}"'
            yield f'<rect class="{style} inner" {inner} height="{_n(height - 8)}" rx="5"/>'
        [(text_style, text)] = box.lines
        yield f'<text class="{text_style}" x="{_n(x)}" y="{_n(y + 4.5)}">{_escaped(text)}</text>'
    yield "</g>"


def _legend() -> Iterator[str]:
    x, y = _MARGIN, 56.0
    for kind, word in _KEY:
        yield f'<rect class="{kind}" x="{_n(x)}" y="{_n(y - 10)}" width="18" height="12" rx="3"/>'
        yield f'<text class="key" x="{_n(x + 24)}" y="{_n(y)}">{word}</text>'
        x += 40 + _width(word, 11)
    yield f'<path class="line automatic" d="M{_n(x)} {_n(y - 4)} h30"/>'
    yield f'<text class="key" x="{_n(x + 36)}" y="{_n(y)}">by itself</text>'


def _width(text: str, size: float) -> float:
    """About as wide as the text is; without a font nobody knows better."""
    return sum(size * _share(char) for char in text)


def _share(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.1
    return 0.76 if char.isupper() or char in "_mwMW" else 0.62


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _escaped(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _n(value: float) -> str:
    """A number, short and always written the same way."""
    return f"{value:.1f}".removesuffix(".0")
