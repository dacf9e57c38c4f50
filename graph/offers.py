"""What may be done, asked without doing it: the actions of an item, who may do one, and the work list of an actor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from neo4j.exceptions import ClientError, CypherSyntaxError

from graph import encoding
from graph.database import Database, Row, Transaction
from graph.deciding import decide
from graph.decision import ActionView, Awaits, Command
from graph.errors import StategateError
from graph.judges import Judges, Unjudged, unjudged
from graph.plugins import Plugins
from graph.reasons import explain, input_schema

Pair = tuple[str, str | None]
"""An item, and the actor for whom something is asked; None asks nothing about permission."""
Judged = dict[tuple[str, str | None, str], dict[str, dict[str, Any]]]
"""What plug-ins said of an action of an item by an actor: `{plug-in: {version, holds}}`."""
Spoilt = set[tuple[str, str]]
"""Items and actions whose rules cannot be run."""

MANY = 100  # how many actors, or items, a question about all of them names at the most


class UnjudgedOfferError(Exception):
    """Actions that may be offered, whose rules ask plug-ins; `rows` are as a command's."""

    def __init__(self, rows: list[Row], asked: Unjudged) -> None:
        super().__init__()
        self.rows = rows
        self.asked = asked


class Offers:
    """Questions about what the gate would allow."""

    def __init__(self, db: Database, plugins: Plugins | None = None) -> None:
        self._db = db
        self._judges = Judges(db, plugins or Plugins())

    async def actions(self, pairs: Sequence[Pair]) -> dict[Pair, list[ActionView]]:
        """For each (item, actor): every action of the item's state, whether it is allowed, and what it takes.

        Without an actor nothing is asked about permission.
        """
        spoilt: Spoilt = set()
        judged: Judged = {}

        async def work(tx: Transaction) -> dict[Pair, list[ActionView]]:
            return await self.among(tx, pairs, spoilt, judged)

        while True:
            try:
                return await self._db.in_transaction(work)
            except UnjudgedOfferError as error:
                judged.update(await self.judge(error))
            except CypherSyntaxError:
                raise
            except ClientError:
                if spoilt:
                    raise
                spoilt.update(await self.find_spoilt(pairs))

    async def who_may(self, item_id: str, action: str, limit: int = MANY) -> list[str]:
        """The actors who may do an action on an item now, given right inputs: sorted, at most `limit` of them."""
        try:
            rows = await self._db.read(
                "gate/who_may", item_id=item_id, action=action, first=None, hopeful=False, verdicts={}, limit=limit
            )
        except CypherSyntaxError:
            raise
        except ClientError:
            return []  # a rule that cannot be run lets nobody through
        return sorted(row["actor_id"] for row in rows)

    async def work_list(
        self, actor_id: str, limit: int = MANY, *, awaited: bool = False, only: Sequence[str] | None = None
    ) -> list[tuple[str, list[str]]]:
        """What an actor may do now, given right inputs: items, the most urgent first, with their actions.

        `awaited` leaves out items that wait for somebody else, which the actor could discard, say;
        `only` looks at these items alone.
        """
        try:
            rows = await self._db.read("gate/work_list", actor_id=actor_id, awaited=awaited, limit=limit, only=only)
        except CypherSyntaxError:
            raise
        except ClientError:
            return await self._work_list_beside_spoilt(actor_id, limit, awaited=awaited, only=only)
        return [(row["item_id"], row["actions"]) for row in rows]

    async def awaits(self, item_ids: Sequence[str]) -> dict[str, list[Awaits]]:
        """Whom each item waits for; items that wait for nobody, and unknown ones, have an empty list."""
        rows = await self._db.read("gate/awaits", ids=list(item_ids))
        return {item: [] for item in item_ids} | {row["id"]: encoding.awaits(row["awaited"]) for row in rows}

    async def among(
        self,
        tx: Transaction,
        pairs: Sequence[Pair],
        spoilt: Spoilt,
        judged: Judged | None,
    ) -> dict[Pair, list[ActionView]]:
        """As `actions`; raises `UnjudgedOfferError` for what plug-ins have not judged yet, unless `judged` is None."""
        views: dict[Pair, list[ActionView]] = {pair: [] for pair in pairs}
        if not pairs:
            return views
        offered: dict[str, list[Row]] = {}
        for row in await tx.run("gate/offered", ids=sorted({item for item, _ in pairs})):
            offered.setdefault(row["id"], []).append(row)
        asked = [(pair, offer) for pair in views for offer in offered.get(pair[0], [])]
        rows = [
            encoding.row(Command(pair[0], offer["action"], pair[1], dry=True), seq, anyone=pair[1] is None)
            # With inputs assumed, one outcome that lacks an input does not hide that another lacks more.
            | {"assume_inputs": True, "verdicts": (judged or {}).get((*pair, offer["action"]), {})}
            for seq, (pair, offer) in enumerate(asked)
        ]
        sound = [row for row in rows if (row["item_id"], row["action"]) not in spoilt]
        answers = {answer["seq"]: answer for answer in await decide(tx, sound)}
        if judged is not None:
            fresh = {row["seq"]: row for row in sound if _offer(row) not in judged}
            names = unjudged([answer for seq, answer in answers.items() if seq in fresh], fresh)
            if names:
                raise UnjudgedOfferError([fresh[seq] for seq in names], names)
        for row in rows:
            pair, offer = asked[row["seq"]]
            answer = answers.get(row["seq"]) or encoding.nothing(row, "rule")
            found = encoding.reasons(row, answer)
            told = [explain(reason, **encoding.context(row, answer), rule=reason.get("rule")) for reason in found]
            views[pair].append(ActionView(offer["action"], not found, told, input_schema(offer["inputs"])))
        return views

    async def find_spoilt(self, pairs: Sequence[Pair]) -> Spoilt:
        """The actions of these items whose rules cannot be run; raises when none is the cause."""
        found: Spoilt = set()
        cause: ClientError | None = None
        offers = await self._db.read("gate/offered", ids=sorted({item for item, _ in pairs}))
        for item, actor in pairs:
            for action in {offer["action"] for offer in offers if offer["id"] == item}:
                rows = [encoding.row(Command(item, action, actor, dry=True), 0, anyone=actor is None)]
                try:
                    await self._db.in_transaction(partial(decide, rows=rows))
                except ClientError as error:
                    found.add((item, action))
                    cause = error
        if cause is None:
            raise StategateError("A rule could not be run, and then it could; ask again.")
        return found

    async def judge(self, found: UnjudgedOfferError) -> Judged:
        """Asks the plug-ins."""
        await self._judges.ask(found.rows, found.asked)
        return {_offer(row): row["verdicts"] for row in found.rows}

    async def _work_list_beside_spoilt(
        self, actor_id: str, limit: int, *, awaited: bool, only: Sequence[str] | None
    ) -> list[tuple[str, list[str]]]:
        """The same, item by item: a rule that cannot be run takes nothing off the list but what needs it."""
        found: list[tuple[str, list[str]]] = []
        skip = 0
        while len(found) < limit:
            rows = await self._db.read(
                "gate/work_items", actor_id=actor_id, awaited=awaited, skip=skip, limit=MANY, only=only
            )
            views = await self.actions([(row["item_id"], actor_id) for row in rows])
            for row in rows:
                names = [view.name for view in views[row["item_id"], actor_id] if view.allowed]
                if names and (row["waits"] or not awaited):
                    found.append((row["item_id"], names))
            skip += MANY
            if len(rows) < MANY:
                break
        return found[:limit]


def _offer(row: Row) -> tuple[str, str | None, str]:
    return row["item_id"], row["actor_id"], row["action"]
