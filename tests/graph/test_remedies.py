"""A remedy makes the action legal, no proper part of it does, and there is none smaller; held against brute force."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest

from graph.decision import Command, Decision, Outcome, Remedy
from graph.remedies import happens_by_itself, moves_to
from tests.graph.world import World, unique

WORDS = {"why": "because it is so", "where": "over there"}


def _rules(rng: random.Random, name: str, roles: list[str]) -> str:
    """A small random workflow whose actions need roles, inputs and other people."""
    states = ["s0", "s1", "s2", "s3"]
    lines = [f"workflow: {name}", f"roles: [{', '.join(roles)}]", "states:", "  s0: {kind: initial}"]
    lines += [f"  {state}: {{kind: {'final' if state == 's3' else 'active'}}}" for state in states[1:]]
    lines.append("transitions:")
    edges = [("s0", "s1"), ("s1", "s2"), ("s2", "s3"), *(tuple(rng.sample(states[:3], 2)) for _ in range(2))]
    for number, (source, target) in enumerate(edges):
        who = rng.sample(roles, rng.choice([1, 1, 2]))
        key = rng.choice(["roles", "roles", "all_roles"])
        parts = [f"from: {source}", f"action: A{number}", f"to: {target}", f"{key}: [{', '.join(who)}]"]
        if rng.random() < 0.4:
            parts.append(f"inputs: [{', '.join(rng.sample(sorted(WORDS), rng.choice([1, 2])))}]")
        if number and rng.random() < 0.4:
            parts.append(f"not_same_actor_as: [A{rng.randrange(number)}]")
        lines.append("  - {" + ", ".join(parts) + "}")
    return "\n".join(lines) + "\n"


async def _after(world: World, asked: Command, parts: list[Remedy]) -> Decision:
    """The answer to a command with these parts applied, on a copy of the item that is thrown away."""
    command = asked

    class UndoError(Exception):
        pass

    answer: list[Decision] = []

    async def work(tx: object) -> None:
        nonlocal command
        for part in parts:
            if part.kind == "STEP_FIRST":
                step = Command(asked.item_id, part.action, part.actor_id, inputs=dict(WORDS))
                [made] = await world.gate.decide_in(tx, [step])  # type: ignore[arg-type]
                if made.outcome is not Outcome.APPLIED:
                    answer.append(made)
                    raise UndoError
        actor = next((part.actor_id for part in parts if part.kind == "OTHER_ACTOR"), asked.actor_id)
        inputs = asked.inputs | {
            part.input: WORDS[part.input] for part in parts if part.kind == "ADD_INPUT" and part.input
        }
        command = Command(asked.item_id, asked.action, actor, inputs=inputs)
        answer.extend(await world.gate.decide_in(tx, [command]))  # type: ignore[arg-type]
        raise UndoError

    with pytest.raises(UndoError):
        await world.db.in_transaction(work)
    return answer[-1]


def _all_parts(actors: list[str], actions: list[str]) -> list[Remedy]:
    return [
        *(Remedy("ADD_INPUT", "", input=name) for name in WORDS),
        *(Remedy("OTHER_ACTOR", "", actor_id=actor) for actor in actors),
        *(Remedy("STEP_FIRST", "", action=action, actor_id=actor) for action in actions for actor in actors),
    ]


def _changes(parts: list[Remedy], size: int) -> Iterator[list[Remedy]]:
    for chosen in itertools.permutations(parts, size):
        others = [part for part in chosen if part.kind == "OTHER_ACTOR"]
        steps = [part for part in chosen if part.kind == "STEP_FIRST"]
        rest = [part for part in chosen if part.kind == "ADD_INPUT"]
        # Only steps have an order among themselves.
        if len(others) <= 1 and list(chosen) == [*steps, *others, *sorted(rest, key=lambda part: part.input or "")]:
            yield list(chosen)


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 6, 7])
async def test_the_smallest_change(world: World, seed: int) -> None:
    rng = random.Random(seed)
    roles = [unique("r").replace("-", "") for _ in range(3)]
    name = unique("small")
    await world.publish(_rules(rng, name, roles))
    actors = [await world.actor(*rng.sample(roles, rng.choice([1, 2, 3]))) for _ in range(3)]
    actions = [f"A{number}" for number in range(5)]
    offered = 0
    for _ in range(40):
        if offered == 3:
            break
        item = await world.task(name)
        for _ in range(rng.randrange(3)):
            await world.act(item, rng.choice(actions), rng.choice(actors), **WORDS)
        asked = Command(item, rng.choice(actions), rng.choice(actors), inputs={})
        [refused] = await world.gate.decide([asked])
        if refused.outcome is not Outcome.REFUSED:
            continue
        ways = refused.remedies
        if ways:
            offered += 1
            assert (await _after(world, asked, ways)).outcome is Outcome.APPLIED, (ways, refused.reasons)
            for size in range(len(ways)):
                for fewer in itertools.combinations(ways, size):
                    assert (await _after(world, asked, list(fewer))).outcome is Outcome.REFUSED, (fewer, ways)
        smallest = len(ways) or 3
        for size in range(1, smallest):
            for change in _changes(_all_parts(actors, actions), size):
                legal = (await _after(world, asked, change)).outcome is Outcome.APPLIED
                assert not legal, (change, ways, refused.reasons)
    assert offered, "no remedy was offered; the seed shows nothing"


async def test_a_role_to_grant_is_told_to_administrators_alone(world: World) -> None:
    role, name = unique("r").replace("-", ""), unique("granted")
    await world.publish(
        f"workflow: {name}\nroles: [{role}]\nstates:\n  a: {{kind: initial}}\n  b: {{kind: final}}\n"
        f"transitions:\n  - {{from: a, action: GO, to: b, roles: [{role}]}}\n"
    )
    item = await world.task(name)
    plain, admin = await world.actor(), await world.actor("admin")
    assert (await world.act(item, "GO", plain)).remedies == []
    [grant] = (await world.act(item, "GO", admin)).remedies
    assert (grant.kind, grant.role, grant.actor_id) == ("GRANT_ROLE", role, admin)


async def test_what_only_the_work_itself_can_change_is_waited_for(world: World) -> None:
    name = unique("waiting")
    await world.publish(
        f"workflow: {name}\nstates: {{a: {{kind: initial}}, b: {{kind: final}}}}\ntransitions:\n"
        '  - {from: a, action: GO, to: b, roles: ["*"],\n'
        '     guards: [{kind: field, name: released, op: "=", value: true}]}\n'
    )
    decision = await world.act(await world.task(name), "GO", await world.actor())
    assert [(part.kind, part.text) for part in decision.remedies] == [("WAIT", "Until 'released = true' holds.")]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            'roles: ["*"], guards: [{kind: field, name: released, op: "=", value: true}]',
            "Until 'released = true' holds.",
        ),
        ("automatic: true, after: 2h", "Until 'BEGIN' happens by itself."),
    ],
)
async def test_a_step_nobody_can_take_yet_is_waited_for(world: World, how: str, said: str) -> None:
    name = unique("held")
    await world.publish(
        f"workflow: {name}\nstates: {{a: {{kind: initial}}, b: {{kind: active}}, c: {{kind: final}}}}\ntransitions:\n"
        f"  - {{from: a, action: BEGIN, to: b, {how}}}\n"
        '  - {from: b, action: END, to: c, roles: ["*"]}\n'
    )
    decision = await world.act(await world.task(name), "END", await world.actor())
    assert [(part.kind, part.action, part.text) for part in decision.remedies] == [("WAIT", "BEGIN", said)]


async def test_what_a_story_lacks_to_be_ready_is_named(world: World) -> None:
    name = unique("unready")
    await world.publish(
        f"workflow: {name}\nitem: story\nstates: {{a: {{kind: initial}}, b: {{kind: final}}}}\ntransitions:\n"
        '  - {from: a, action: GO, to: b, roles: ["*"],\n'
        '     guards: [{kind: field, name: dor_score, op: ">=", value: 80}]}\n'
    )
    decision = await world.act(await world.story_item(workflow=name, title="A title"), "GO", await world.actor())
    lacks = "description, acceptance_criteria, story_points, tasks"
    assert [part.text for part in decision.remedies] == [f"Until 'dor_score >= 80' holds; it needs {lacks}."]
    assert decision.reasons[0].message.endswith(f"but it is 20; missing: {lacks}.")


class _Read(list[dict[str, Any]]):
    """Moves that count how often somebody goes through all of them."""

    times = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self.times += 1
        return super().__iter__()


def _move(start: str, action: str, end: str, *, automatic: bool = False) -> dict[str, Any]:
    return {"here": "s0", "from": start, "action": action, "to": end, "automatic": automatic}


def _any_to_any(states: int) -> list[dict[str, Any]]:
    names = [f"s{number}" for number in range(states)]
    return [_move(start, f"TO_{end}", end) for start in names for end in names if start != end]


def test_a_state_that_nothing_leads_to_is_not_looked_for_on_every_way() -> None:
    moves = _Read([*_any_to_any(15), _move("todo", "BEGIN", "s0")])
    assert moves_to(moves, "BEGIN") == []
    assert moves.times < 10


def test_ways_through_states_that_all_lead_to_each_other() -> None:
    moves = _Read([*_any_to_any(15), _move("s7", "CLOSE", "closed")])
    ways = moves_to(moves, "CLOSE")
    assert ways[:2] == [["TO_s7"], ["TO_s1", "TO_s7"]]
    assert len(ways) == 8
    assert moves.times < 10


def test_automatic_ways_that_part_and_meet_are_gone_once() -> None:
    """Twice as many ways with each of them."""
    moves = _Read(
        _move(f"s{number}", f"{side}{number}", f"{side}{number}", automatic=True)
        if begins
        else _move(f"{side}{number}", f"{side}{number}'", f"s{number + 1}", automatic=True)
        for number in range(10)
        for side in ("left", "right")
        for begins in (True, False)
    )
    assert happens_by_itself(moves, "NEVER") is None
    assert moves_to(moves, "NEVER") == []
    assert moves.times < 10
    moves.append(_move("s10", "CLOSE", "closed"))
    waited = happens_by_itself(moves, "CLOSE")
    assert waited is not None
    assert waited.action == "left0"
    moves.append(_move("closed", "REOPEN", "s0"))
    assert moves_to(moves, "REOPEN") == [["CLOSE"]]
    assert moves.times < 20
