"""The machine as lines for a terminal: the states from top to bottom, each with the arrows that leave it."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from graph.rules.draw.machine import Arrow, Machine, Place

_NARROW = 26  # columns that conditions need beside an arrow; with fewer they stand below it
_STYLES = {"begins": "bold blue", "done": "bold green", "cancelled": "dim", "active": "bold"}
_PLAIN = str.maketrans("╭╮╰╯│─├└╌▶▲┬●◉○…", "++++|-|`.>^+*@o.")


def terminal(machine: Machine, width: int, encoding: str = "utf-8") -> list[Text]:
    """The lines, none wider than `width` as far as names allow it, in signs that the encoding has."""
    rows = {place.name: at for at, place in enumerate(machine.places)}
    leaving = {
        place.name: [arrow for arrow in machine.arrows if place.name in arrow.sources] for place in machine.places
    }
    lines = [Text(f"{machine.title} ({machine.item})", style="bold"), Text()]
    for place in machine.places:
        lines += _box(place.name, _mark(place), _style(place), open_=bool(leaving[place.name]))
        for at, arrow in enumerate(leaving[place.name]):
            back = rows[arrow.target] <= rows[place.name]
            lines += _exits(arrow, back=back, last=at == len(leaving[place.name]) - 1, width=width)
        lines.append(Text())
    for arrow in machine.arrows:
        if not arrow.sources:
            lines += _box(machine.anywhere(arrow), "○", "dim", open_=True)
            lines += [*_exits(arrow, back=False, last=True, width=width), Text()]
    lines.append(Text("● begins here   ◉ final   ─▶ on   ─▲ back   ╌▶ by itself", style="dim"))
    return [_encoded(line, encoding) for line in lines]


def _mark(place: Place) -> str:
    return "●" if place.begins else "◉" if place.kind == "final" else ""


def _style(place: Place) -> str:
    return _STYLES["begins" if place.begins else place.outcome or "active"]


def _box(name: str, mark: str, style: str, *, open_: bool) -> list[Text]:
    inside = f" {mark} {name} " if mark else f" {name} "
    rule = "─" * cell_len(inside)
    foot = "┬" + rule[1:] if open_ else rule
    return [
        Text(f"╭{rule}╮"),
        Text.assemble("│", (inside, style), "│"),
        Text(f"╰{foot}╯"),
    ]


def _exits(arrow: Arrow, *, back: bool, last: bool, width: int) -> list[Text]:
    """A line for each thing that is done along an arrow; the first one names where it leads."""
    lines: list[Text] = []
    branch, beside = (" └", "  ") if last else (" ├", " │")
    dash, head = "╌" if arrow.automatic else "─", "▲" if back else "▶"
    lead = Text.assemble(branch, f"{dash}{dash}{head} ", (arrow.target, "bold"))
    for at, step in enumerate(arrow.steps):
        begin = lead if at == 0 else Text(beside.ljust(cell_len(lead.plain)))
        line = Text.assemble(begin, "  ", (step.action, "cyan"), "  ", (step.by, "default"))
        if at == 0 and line.cell_len > width:
            lines.append(lead)
            line = Text.assemble(f"{beside}     ", (step.action, "cyan"), "  ", (step.by, "default"))
        needs = "; ".join(step.needs)
        if not needs:
            lines.append(line)
        elif line.cell_len + 2 + cell_len(needs) <= width:
            lines.append(Text.assemble(line, "  ", (needs, "dim")))
        else:
            indent = f"{beside}     "
            room = max(width - len(indent), _NARROW)
            lines.append(line)
            lines += [Text.assemble(indent, (part, "dim")) for part in _wrapped(needs, room)]
    return lines


def _wrapped(text: str, room: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if cell_len(longer) > room and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _encoded(line: Text, encoding: str) -> Text:
    """The line in signs of the encoding; each becomes one sign, so the styles keep their places."""
    try:
        line.plain.encode(encoding)
    except UnicodeEncodeError:
        line.plain = line.plain.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    return line
