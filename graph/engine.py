"""The engine, opened once and handed to the doors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from graph.backlog import Backlog
from graph.cache import Cache
from graph.collector import Collector
from graph.database import Database
from graph.deciding import warm
from graph.dependencies import Dependencies
from graph.derivation import Derivation
from graph.derivation_requests import DerivationRequests
from graph.derivers import Derivers
from graph.details import Details
from graph.effects import Effects
from graph.follow import Follow
from graph.gate import Gate
from graph.history import History
from graph.intents import Intents
from graph.items import Items
from graph.lease import Lease
from graph.measured import MeasuredGate
from graph.news import News
from graph.offers import Offers
from graph.outbox import Outbox
from graph.people import People
from graph.places import Places
from graph.plugins import LIMIT, Plugins
from graph.rules.adoption import Adoption
from graph.rules.service import Rules
from graph.sprints import Sprints
from graph.timers import Timers
from graph.trees import Trees
from graph.work import Work


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything a door may ask of the graph."""

    db: Database
    gate: Gate
    offers: Offers
    work: Work
    items: Items
    dependencies: Dependencies
    places: Places
    backlog: Backlog
    derivation: Derivation
    derivation_requests: DerivationRequests
    derivers: Derivers
    sprints: Sprints
    people: People
    intents: Intents
    trees: Trees
    history: History
    details: Details
    rules: Rules
    outbox: Outbox
    timers: Timers
    effects: Effects
    adoption: Adoption
    plugins: Plugins
    news: News
    follow: Follow
    together: Collector
    """The gate, for callers with one command each."""

    @classmethod
    def over(cls, db: Database, plugins: Plugins, news: News | None = None, cache: Cache | None = None) -> Engine:
        gate, history, news = MeasuredGate(db, plugins), History(db), news or News()
        derivation = Derivation(db, gate)
        backlog = Backlog(db)
        return cls(
            db=db,
            gate=gate,
            offers=Offers(db, plugins),
            work=Work(db, gate),
            items=Items(db, gate),
            dependencies=Dependencies(db, gate),
            places=Places(db, gate, backlog),
            backlog=backlog,
            derivation=derivation,
            derivation_requests=DerivationRequests(db, derivation),
            derivers=Derivers(db, plugins),
            sprints=Sprints(db, gate),
            people=People(db),
            intents=Intents(db),
            trees=Trees(db),
            history=history,
            details=Details(db, cache),
            rules=Rules(db),
            outbox=Outbox(db),
            timers=Timers(db, gate),
            effects=Effects(db, plugins),
            adoption=Adoption(db),
            plugins=plugins,
            news=news,
            follow=Follow(db, history, news),
            together=Collector(gate),
        )

    def under(self, lease: Lease) -> Engine:
        """The same engine, writing only while a lease is held: each of its transactions begins with a look at it."""
        return Engine.over(self.db.under(lease), self.plugins, self.news)

    @classmethod
    async def open(cls, db: Database, plugin_seconds: float = LIMIT, cache: Cache | None = None) -> Engine:
        """Migrates the schema, loads the shipped rules where they are missing, gives stories a place in the backlog,
        and has the gate's plan made.

        `plugin_seconds` is the time a plug-in of another package has; `cache` keeps details.
        """
        await db.migrate()
        engine = cls.over(db, Plugins.installed(plugin_seconds), cache=cache)
        await engine.rules.load_shipped()
        await engine.backlog.number()
        await warm(db)
        db.plans.make = partial(warm, Database(db.driver))
        return engine
