"""The machine as a Mermaid state diagram, for READMEs and wikis."""

from __future__ import annotations

import re

from graph.rules.draw.machine import Arrow, Machine, Step

# Whatever Mermaid may take for a sign of its own is written as its number.
_SIGNS = re.compile(r"[^\w \-.,()/+'\u0080-\U0010ffff]")


def mermaid(machine: Machine) -> str:
    """The picture as text. States have ids of their own and their names as labels, so any name will do."""
    ids = {place.name: f"s{at}" for at, place in enumerate(machine.places)}
    out = ["stateDiagram-v2"]
    out += [f'    state "{_plain(place.name)}" as {ids[place.name]}' for place in machine.places]
    out += [f"    [*] --> {ids[place.name]}" for place in machine.places if place.begins]
    notes: dict[str, list[str]] = {}
    for arrow in machine.arrows:
        for source in arrow.sources:
            out.append(f"    {ids[source]} --> {ids[arrow.target]} : {_words(arrow)}")
        if not arrow.sources:
            words = f"from {_plain(machine.anywhere(arrow))} by {_words(arrow)}"
            notes.setdefault(arrow.target, []).append(words)
    out += [f"    {ids[place.name]} --> [*]" for place in machine.places if place.kind == "final"]
    out += [f"    note right of {ids[target]} : {', or '.join(words)}" for target, words in notes.items()]
    return "\n".join(out) + "\n"


def _words(arrow: Arrow) -> str:
    return ", ".join(_step(step) for step in arrow.steps)


def _step(step: Step) -> str:
    return f"{_plain(step.action)} ({_plain(step.by)})"


def _plain(text: str) -> str:
    return _SIGNS.sub(lambda found: f"#{ord(found.group())};", text)
