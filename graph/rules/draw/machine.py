"""A workflow as something to draw: states, and arrows with what is done along them. Every picture is made from this."""

from __future__ import annotations

from dataclasses import dataclass

from graph.rules.model import Transition, Workflow

BY_ITSELF = "by itself"


@dataclass(frozen=True, slots=True)
class Place:
    """A state. `begins`: items may start here."""

    name: str
    kind: str
    begins: bool
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """What is done along an arrow, by whom, and under which conditions, in words."""

    action: str
    by: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """Steps from the same states to the same state. `sources` empty: from every state that is not final."""

    sources: tuple[str, ...]
    target: str
    steps: tuple[Step, ...]
    automatic: bool
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    title: str
    item: str
    places: tuple[Place, ...]
    arrows: tuple[Arrow, ...]

    @classmethod
    def of(cls, workflow: Workflow) -> Machine:
        begins = {start.state for start in workflow.initial()}
        places = tuple(
            Place(name, state.kind, name in begins, workflow.outcome(name)) for name, state in workflow.states.items()
        )
        steps: dict[tuple[tuple[str, ...], str, bool, tuple[str, ...]], list[Step]] = {}
        for t in workflow.transitions:
            sources = () if t.from_any else tuple(name for name in workflow.states if name in t.source)
            if t.to in workflow.states and (sources or t.from_any):
                key = (sources, t.to, t.automatic or t.after is not None, tuple(t.excepted))
                steps.setdefault(key, []).append(_step(t))
        arrows = (
            Arrow(sources, target, tuple(done), automatic, excepted)
            for (sources, target, automatic, excepted), done in steps.items()
        )
        return cls(workflow.workflow, workflow.item, places, tuple(arrows))

    def anywhere(self, arrow: Arrow) -> str:
        """Where an arrow without sources comes from, in words."""
        but = f" but {', '.join(arrow.excepted)}" if arrow.excepted else ""
        return f"any unfinished state{but}"


def _step(t: Transition) -> Step:
    by = [BY_ITSELF] if t.automatic else []
    by += [f"after {t.after}"] if t.after else []
    by += ["anyone" if role == "*" else role for role in t.roles]
    by += [" and ".join(t.all_roles)] if t.all_roles else []
    by += t.relations
    whom = ", ".join(dict.fromkeys(by)) + (f" ({' or '.join(t.actor_kinds)} only)" if t.actor_kinds else "")
    needs = [f"if {guard.caption}" for guard in t.guards]
    needs += [f"with {', '.join(given.name for given in t.inputs)}"] if t.inputs else []
    needs += [f"not who did {', '.join(t.not_same_actor_as)}"] if t.not_same_actor_as else []
    return Step(t.action, whom, tuple(needs))
