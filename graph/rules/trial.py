"""The expectations of a workflow, put to the real gate in three directions, on a stage that is taken down again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from neo4j.exceptions import ClientError

from graph.database import Access, Database, Row, Transaction
from graph.decision import ActionView, Command, Decision, Outcome
from graph.errors import StategateError
from graph.gate import Gate
from graph.offers import Offers
from graph.plugins import Asked, Plugins
from graph.rules.expectation import Expectation, Other
from graph.rules.lint import BUILTIN_ROLES
from graph.rules.model import Workflow
from graph.rules.store import write

Result = TypeVar("Result")
Allowed = dict[str, set[str]]
"""Actions by actor."""

_ALL = 1_000_000  # a list that is cut off would look like a disagreement
_BATCH = 10  # commands of one statement; it is planned once for up to ten, and again for more
_FEW = 5  # problems that are told of one expectation
_INPUT_CODES = {"INPUT_MISSING", "INPUT_INVALID"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one expectation came out: every way in which it did not hold, as sentences."""

    name: str
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.problems


async def try_out(db: Database, workflow: Workflow) -> list[Verdict]:
    """The verdicts on all expectations, in the order of the file. Nothing stays in the graph, whatever happens."""
    return [Verdict(e.name, await _Trial(db, workflow, e).problems()) for e in workflow.expectations]


class _TakenDownError(Exception):
    """Carries a result out of a transaction that is to leave no trace."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


class _Trial:
    """One expectation. Names of its own keep it apart from the rules, people and work there are."""

    def __init__(self, db: Database, workflow: Workflow, expectation: Expectation) -> None:
        self._db = db
        self._mark = f"trial-{uuid.uuid4().hex}/"
        self._rules = _renamed(workflow, self._mark)
        self._expected = expectation
        self._item = f"{self._mark}item"

    async def problems(self) -> list[str]:
        expected = self._expected
        try:
            found = await self.staged(self._ask)
            decided = await self._decide() if expected.when else None
        except ClientError as error:
            return [f"A rule cannot be run: {error.message}"]
        except StategateError as error:
            return [str(error)]
        problems = [*_compare(expected, found), *_disagreements(found, self._aside())]
        if decided is not None:
            problems += [*self._compare_then(decided), *self._against_lists(decided, found)]
        return [problem.replace(self._mark, "") for problem in problems[:_FEW]]

    async def staged(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """What `work` returns in a transaction where the rules, the actors and the item are there; then undoes it."""

        async def on_stage(tx: Transaction) -> None:
            await write(tx, self._rules)
            await self._stage(tx)
            raise _TakenDownError(await work(tx))

        try:
            await self._db.in_transaction(on_stage)
        except _TakenDownError as down:
            return down.result  # type: ignore[no-any-return]
        raise AssertionError("a stage was not taken down")

    async def _stage(self, tx: Transaction) -> None:
        given = self._expected.given
        related = {"assignee": given.assignee, "author": given.author, "owner": given.owner}
        actors = [
            {
                "id": self._mark + name,
                "kind": someone.kind,
                "roles": [_role(role, self._mark) for role in someone.roles],
                "relations": [relation for relation, who in related.items() if who == name],
            }
            for name, someone in given.actors.items()
        ]
        history = [
            {"actor_id": fired.actor and self._mark + fired.actor, "action": fired.action, "times": fired.times}
            for fired in given.history
        ]
        stage = {
            "workflow": self._rules.workflow,
            "item_id": self._item,
            "is_story": self._rules.item == "story",
            "state": given.state,
            "properties": {"title": self._expected.name, **given.item},
            "actors": actors,
            "history": history,
            "others": [*self._others(given.children, depended=False), *self._others(given.depends_on, depended=True)],
            "sprint": {"open": "active", "ended": "closed", None: None}[given.sprint],
        }
        # One map, whatever is in it: lists of other sizes would each have Neo4j plan the statement anew.
        await tx.run("expectation/stage", stage=stage)

    def _others(self, others: Iterable[Other], *, depended: bool) -> list[Row]:
        return [
            {
                "id": (id := f"{self._mark}{'on' if depended else 'child'}-{place}"),
                "state": other.state,
                "kind": other.kind,
                "outcome": other.outcome if other.kind == "final" else None,
                "started": other.kind == "active" or (other.kind == "final" and other.outcome == "done"),
                "done": other.kind == "final" and other.outcome == "done",
                "properties": {"priority": other.priority} if other.priority is not None else {},
                "depended": depended,
                "fired": [{"id": f"{id}-{n}", "action": action} for n, action in enumerate(other.fired)],
            }
            for place, other in enumerate(others)
        ]

    async def _ask(self, tx: Transaction) -> _Found:
        """What may be done, in every direction but the one that moves the item."""
        gate = Gate(_Open(tx), Plugins(), explores=False)
        offers = Offers(_Open(tx))
        names = list(self._expected.given.actors)
        ids = {self._mark + name: name for name in names}
        views: dict[tuple[str, str | None], list[ActionView]] = {}
        for id in ids:
            views |= await offers.actions([(self._item, id)])
        offered = [view.name for view in next(iter(views.values()), [])]
        asked = list(dict.fromkeys([*offered, *self._expected.who]))
        legal = {name: {v.name for v in views[self._item, id] if v.allowed} for id, name in ids.items()}
        listed = {
            name: set(dict(await offers.work_list(id, _ALL, only=[self._item])).get(self._item, []))
            for id, name in ids.items()
        }
        may: Allowed = {name: set() for name in names}
        for action in asked:
            for id in await offers.who_may(self._item, action, _ALL):
                if id in ids:
                    may[ids[id]].add(action)
        pairs = [(id, action) for id in ids for action in asked]
        answers: dict[tuple[str, str], Decision] = {}
        for some in (pairs[at : at + _BATCH] for at in range(0, len(pairs), _BATCH)):
            dry = await gate.decide_in(tx, [Command(self._item, action, id, dry=True) for id, action in some])
            answers |= {(ids[id], action): answer for (id, action), answer in zip(some, dry, strict=True)}
        return _Found(asked, legal, listed, may, answers)

    async def _decide(self) -> Decision:
        when = self._expected.when
        assert when is not None  # noqa: S101
        given = self._expected.given.plugins
        plugins = Plugins({name: partial(_answer, holds) for name, holds in given.items()})
        gate = Gate(_Staged(self), plugins, explores=False)
        actor = self._mark + when.actor if when.actor else None
        [decision] = await gate.decide([Command(self._item, when.action, actor, inputs=when.inputs)])
        return decision

    def _compare_then(self, decided: Decision) -> list[str]:
        then, state = self._expected.then, self._expected.given.state
        assert then is not None  # noqa: S101
        codes = sorted({reason.code for reason in decided.reasons})
        if decided.outcome is Outcome.REFUSED:
            expected = f"applied: {then.applied}" if then.refused is None else f"refused: {_list(then.refused)}"
            told = " ".join(dict.fromkeys(reason.message for reason in decided.reasons))
            wrong = then.refused is None or set(then.refused) != set(codes)
            return [f"Expected {expected}; found refused: {_list(codes)}. {told}"] if wrong else []
        rest = decided.hops[-1].to_state if decided.hops else state
        if then.applied == rest:
            return []
        way = " → ".join([state, *(hop.to_state for hop in decided.hops)])
        expected = f"refused: {_list(then.refused)}" if then.refused else f"applied: {then.applied}"
        return [f"Expected {expected}; found applied: {way}."]

    def _against_lists(self, decided: Decision, found: _Found) -> list[str]:
        """Whether the answer with the inputs that were given agrees with what the actor was told may be done."""
        when = self._expected.when
        if when is None or when.actor not in found.legal or when.action is None or when.action in self._aside():
            return []
        return _contradiction(when.actor, when.action, decided, when.action in found.legal[when.actor])

    def _aside(self) -> set[str]:
        """Actions whose rules here look at inputs or ask plug-ins, which lists of what may be done do not know."""
        return {
            t.action
            for t in self._rules.leaving(self._expected.given.state)
            for guard in t.guards
            if guard.kind == "plugin" or (guard.name or "").startswith("inputs.")
        }


@dataclass(frozen=True, slots=True)
class _Found:
    """The answers: actions of the state, what each may do by `actions`, by the work list and by `who_may`, dry runs."""

    asked: list[str]
    legal: Allowed
    listed: Allowed
    may: Allowed
    dry: dict[tuple[str, str], Decision]


def _compare(expected: Expectation, found: _Found) -> list[str]:
    problems = []
    for actor, actions in expected.may.items():
        if set(actions) != found.legal[actor]:
            problems.append(f"Expected that '{actor}' may {_list(actions)}; found {_list(found.legal[actor])}.")
    for action, actors in expected.who.items():
        able = [actor for actor in found.may if action in found.may[actor]]
        if set(actors) != set(able):
            problems.append(f"Expected that '{action}' may be done by {_list(actors)}; found {_list(able)}.")
    return problems


def _disagreements(found: _Found, aside: set[str]) -> list[str]:
    problems = []
    for actor, legal in found.legal.items():
        if found.listed[actor] != legal:
            problems.append(f"The work list of '{actor}' says {_list(found.listed[actor])}, not {_list(legal)}.")
        if found.may[actor] != legal:
            problems.append(f"Asked who may do what, '{actor}' may {_list(found.may[actor])}, not {_list(legal)}.")
        for action in found.asked:
            if action not in aside:
                problems += _contradiction(actor, action, found.dry[actor, action], action in legal)
    return problems


def _contradiction(actor: str, action: str, answer: Decision, legal: bool) -> list[str]:
    """Given right inputs an action that is legal is applied, so inputs are all that may stand against it."""
    codes = {reason.code for reason in answer.reasons}
    possible = answer.outcome is Outcome.APPLIED or codes <= _INPUT_CODES
    # Several rules of one action tell their reasons together; one of them may lack inputs only.
    if (legal and not possible and not codes & _INPUT_CODES) or (not legal and possible):
        told = _list(sorted(codes)) if codes else "applied"
        return [f"Asked for '{action}' by '{actor}' the answer is {told}, but told what may be done it is not so."]
    return []


class _Inside(Database):
    """A database whose every statement runs inside a transaction of the trial."""

    async def _read(self, name: str, parameters: dict[str, Any], access: Access) -> list[Row]:
        return await self._read_in_transaction(name, parameters, access)


class _Open(_Inside):
    """The database as one open transaction sees it."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.wrote = asyncio.Event()

    async def _execute(self, work: Callable[[Transaction], Awaitable[Result]], access: Access) -> Result:
        return await work(self._tx)


class _Staged(_Inside):
    """A database whose every transaction begins with the stage set up, and is undone."""

    def __init__(self, trial: _Trial) -> None:
        self._trial = trial
        self.wrote = asyncio.Event()

    async def _execute(self, work: Callable[[Transaction], Awaitable[Result]], access: Access) -> Result:
        return await self._trial.staged(work)


def _answer(holds: bool, _: Asked) -> bool:
    return holds


def _renamed(workflow: Workflow, mark: str) -> Workflow:
    """The same rules as a workflow that is nobody's, with roles that nobody else has."""

    def names(roles: list[str]) -> list[str]:
        return [_role(role, mark) for role in roles]

    return workflow.model_copy(
        update={
            "workflow": f"{mark}rules",
            "expectations": [],
            "roles": [
                role.model_copy(update={"name": _role(role.name, mark), "inherits": names(role.inherits)})
                for role in workflow.roles
            ],
            "starts": [s.model_copy(update={"roles": s.roles and names(s.roles)}) for s in workflow.starts],
            "states": {
                name: state.model_copy(update={"awaits": None if state.awaits is None else names(state.awaits)})
                for name, state in workflow.states.items()
            },
            "transitions": [
                t.model_copy(update={"roles": names(t.roles), "all_roles": names(t.all_roles)})
                for t in workflow.transitions
            ],
        }
    )


def _role(name: str, mark: str) -> str:
    return name if name in BUILTIN_ROLES else mark + name


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
