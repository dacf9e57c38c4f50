"""Random rules, people and commands from several clients at once: the gate answers as the oracle does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Iterator
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from graph.database import Database
from graph.decision import Command, Decision, Outcome
from graph.gate import Gate
from graph.rules.service import Rules
from stategate.servers.environment import Addresses
from tests.graph.world import World, unique
from tests.property.oracle import Answer, Item, Oracle
from tests.property.worlds import ACTIONS, KINDS, fields, inputs, rules, text

pytestmark = pytest.mark.long

CLIENTS, BATCH = 3, 160
COMMANDS = 20_000
EVERYBODY = 100_000

Result = TypeVar("Result")


async def _people(world: World, oracle: Oracle, rng: random.Random, roles: list[str]) -> list[str]:
    found = []
    for _ in range(5):
        kind, held = rng.choice(KINDS), rng.sample(roles, rng.randrange(4))
        actor = await world.actor(*held, kind=kind)
        oracle.people[actor] = (kind, set(held))
        found.append(actor)
    return found


async def _items(world: World, oracle: Oracle, rng: random.Random, people: list[str], name: str) -> list[str]:
    found = []
    for _ in range(12):
        given, author, assignee = fields(rng), rng.choice(people), rng.choice([None, *people])
        item = await world.task(name, **given)
        await world.cypher(
            "MATCH (i:Item {id: $item}) MATCH (a:Actor {id: $author}) CREATE (i)-[:AUTHORED_BY]->(a) "
            "WITH i MATCH (b:Actor {id: $assignee}) CREATE (i)-[:ASSIGNED_TO]->(b)",
            item=item, author=author, assignee=assignee,
        )  # fmt: skip
        oracle.items[item] = Item("s0", given, author, assignee)
        found.append(item)
    return found


def _command(rng: random.Random, oracle: Oracle, items: list[str], people: list[str], known: list[Command]) -> Command:
    if known and rng.random() < 0.08:
        again = rng.choice(known)
        if rng.random() < 0.5:
            return again
        return Command(again.item_id, rng.choice(ACTIONS), again.actor_id, again.command_id, inputs=again.inputs)
    item = rng.choice(items) if rng.random() < 0.98 else "nowhere-" + str(rng.random())
    actor = rng.choice(people) if rng.random() < 0.98 else "nobody"
    action = rng.choice(ACTIONS) if rng.random() < 0.98 else "FLY"
    there = oracle.items.get(item)
    expected = there.version + rng.choice([0, 0, 1]) if there and rng.random() < 0.1 else None
    return Command(item, action, actor, unique("c"), expected, inputs=inputs(rng))


def _ask(oracle: Oracle, command: Command) -> Answer:
    answer = oracle.decide(
        command.item_id,
        command.action or "",
        command.actor_id or "",
        command.command_id or "",
        command.expected_version,
        dict(command.inputs),
    )
    if answer.outcome == "APPLIED":
        oracle.rest(oracle.items[command.item_id])
    return answer


def _compare(found: Decision, wanted: Answer, shown: Any) -> None:
    assert found.outcome.value == wanted.outcome, shown
    if found.outcome is Outcome.APPLIED:
        assert [(hop.action, hop.from_state, hop.to_state, hop.automatic) for hop in found.hops] == wanted.hops, shown
        assert found.version == wanted.version, shown
    elif found.outcome is Outcome.REFUSED:
        codes = {reason.code for reason in found.reasons}
        if len(wanted.codes) == 1:
            assert codes == wanted.codes[0], shown
        else:
            assert codes, shown
            assert codes <= set().union(*wanted.codes), shown


class Machine(RuleBasedStateMachine):
    """One workflow under way: clients send commands, and the rules change in between."""

    runner: ClassVar[asyncio.Runner]
    world: ClassVar[World]
    decided: ClassVar[int] = 0
    _name: str | None = None

    def run(self, work: Awaitable[Result]) -> Result:
        async def awaited() -> Result:
            return await work

        return self.runner.run(awaited())

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        rng = random.Random(seed)
        self._name, self._roles = unique("random"), [unique("r").replace("-", "") for _ in range(4)]
        self._oracle = Oracle(rules(rng, self._name, self._roles))
        self.run(self.world.publish(text(self._oracle.rules)))
        self._people = self.run(_people(self.world, self._oracle, rng, self._roles))
        self._items = self.run(_items(self.world, self._oracle, rng, self._people, self._name))
        # Each client has items of its own, so that the order of its commands is the order in which they are decided.
        self._groups = [self._items[client::CLIENTS] for client in range(CLIENTS)]
        self._known = [list[Command]() for _ in range(CLIENTS)]

    @rule(seed=st.integers(0, 2**32))
    def commands(self, seed: int) -> None:
        rng, wishes = random.Random(seed), []
        for client, known in enumerate(self._known):
            batch = [_command(rng, self._oracle, self._groups[client], self._people, known) for _ in range(BATCH)]
            self._known[client] = (known + batch)[-200:]
            wishes.append(batch)

        async def decide() -> list[list[Decision]]:
            return list(await asyncio.gather(*(self.world.gate.decide(batch) for batch in wishes)))

        for batch, found in zip(wishes, self.run(decide()), strict=True):
            for command, decision in zip(batch, found, strict=True):
                wanted = _ask(self._oracle, command)
                _compare(decision, wanted, (command, decision, wanted, text(self._oracle.rules)))
        type(self).decided += CLIENTS * BATCH

    @rule(seed=st.integers(0, 2**32))
    def publish(self, seed: int) -> None:
        assert self._name
        self._oracle.rules = rules(random.Random(seed), self._name, self._roles)
        self.run(self.world.publish(text(self._oracle.rules)))

    @rule(seed=st.integers(0, 2**32))
    def edit_by_hand(self, seed: int) -> None:
        rng = random.Random(seed)
        changed = rng.choice([each for each in self._oracle.rules["transitions"] if not each.get("automatic")])
        place, role = self._oracle.rules["transitions"].index(changed), rng.choice(self._roles)
        if role in changed.get("roles", []) and len(changed["roles"]) > 1:
            changed["roles"].remove(role)
            edit = "MATCH (:Role {name: $role})-[m:MAY_FIRE]->(t:Transition {workflow: $name, order: $place}) DELETE m"
        else:
            changed["roles"] = sorted({*changed.get("roles", []), role})
            edit = (
                "MATCH (r:Role {name: $role}) MATCH (t:Transition {workflow: $name, order: $place}) "
                "MERGE (r)-[:MAY_FIRE]->(t)"
            )
        self.run(self.world.cypher(edit, role=role, name=self._name, place=place))

    def teardown(self) -> None:
        """May this one do it, what may this one do, who may do it: one truth, asked from three sides."""
        if self._name is not None:
            self.run(self._three_ways())
            # Tests that come after this one would wait until so many events are published.
            self.run(
                self.world.cypher(
                    "MATCH (e:OutboxEvent) WHERE e.item_id IN $items OR e.item_id STARTS WITH 'nowhere-' DELETE e",
                    items=self._items,
                )
            )

    async def _three_ways(self) -> None:
        offers, oracle = self.world.offers, self._oracle
        lists = {actor: dict(await offers.work_list(actor, EVERYBODY, only=self._items)) for actor in self._people}
        for item in self._items[:3]:
            views = await offers.actions([(item, actor) for actor in self._people])
            for actor in self._people:
                legal, shown = oracle.legal(item, actor), (item, actor, text(oracle.rules))
                assert {view.name for view in views[item, actor] if view.allowed} == legal, shown
                assert set(lists[actor].get(item, [])) == legal, shown
            for action in ACTIONS:
                may = set(await offers.who_may(item, action, EVERYBODY)) & set(self._people)
                assert may == {actor for actor in self._people if action in oracle.legal(item, actor)}


@pytest.fixture
def machine(servers: Addresses, world: World) -> Iterator[type[Machine]]:
    """The machine over the real servers, in an event loop of its own; the world is there so that the shape is."""
    with asyncio.Runner() as runner:

        async def connect() -> Database:
            return Database.connect(servers.neo4j_uri, servers.neo4j_user, servers.neo4j_password)

        db = runner.run(connect())
        gate = Gate(db, explores=False)
        Machine.runner, Machine.world, Machine.decided = runner, World(db, gate, Rules(db)), 0
        yield Machine
        runner.run(db.close())


def test_the_gate_and_the_oracle_agree(machine: type[Machine]) -> None:
    thorough = settings(
        max_examples=12,
        stateful_step_count=12,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    while machine.decided < COMMANDS:
        run_state_machine_as_test(machine, settings=thorough)
