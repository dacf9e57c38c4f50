"""The figures that Prometheus reads."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from urllib.parse import urlsplit

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from consumers.dead import DeadLetters, bury
from consumers.streams import Streams
from graph.decision import Command
from graph.engine import Engine
from stategate.servers.environment import Addresses
from stategate.service import Served, serving
from stategate.settings import Settings
from tests.doors.bus import PATIENCE
from tests.doors.conftest import Team
from tests.proxy import proxied

_CONSUMERS = ("workflow-work-completed", "planning-state-changed")
Figures = dict[tuple[str, tuple[str, ...]], float]


async def figures(served: Served) -> Figures:
    """Every sample, by its name and the values of its labels."""
    async with httpx2.AsyncClient(timeout=60) as http:
        answer = await http.get((served.graphql or "").replace("/graphql", "/metrics"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_commands_are_counted_by_outcome_with_size_and_time(
    served: Served, engine: Engine, story: str, team: Team
) -> None:
    before = await figures(served)
    command = Command(story, "SUBMIT", team.po, command_id=uuid.uuid4().hex)
    await engine.gate.decide([command, Command(story, "SUBMIT", team.developer), command])
    after = await figures(served)

    def more(name: str, *labels: str) -> float:
        return after[name, labels] - before.get((name, labels), 0.0)

    for outcome in ("APPLIED", "REFUSED", "DUPLICATE"):
        assert more("stategate_commands_total", outcome) >= 1
    assert more("stategate_decision_commands_sum") >= 3
    assert more("stategate_decision_seconds_count") >= 1
    assert more("stategate_decision_seconds_bucket", "+Inf") >= 1


def _leads(found: Figures) -> bool:
    """Whether the services have taken their leases and made their consumers, which they do after they were started."""
    held = [found.get(("stategate_lease_held", (lease,))) for lease in ("workflow-work-completed", "outbox")]
    there = [("stategate_consumer_pending", (consumer,)) in found for consumer in _CONSUMERS]
    return held == [1, 1] and all(there)


async def test_every_figure_that_an_operator_is_told_of_is_there(
    served: Served, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine a server that is there may take longer than one that is away is waited for.
    monkeypatch.setattr("api.metrics._PATIENCE", 60.0)
    subject = f"metrics.{uuid.uuid4().hex}"
    await bury(streams, subject, b"", {}, "odd", uuid.uuid4().hex)
    [letter] = [one for one in await DeadLetters(streams).list() if one.subject == subject]
    async with asyncio.timeout(PATIENCE):
        while not _leads(found := await figures(served)):
            await asyncio.sleep(0.1)
    assert found["stategate_dead_letters", (subject,)] == 1
    for consumer in _CONSUMERS:
        assert found["stategate_consumer_pending", (consumer,)] >= 0
        assert found["stategate_consumer_in_hand", (consumer,)] >= 0
    for name in (
        "stategate_outbox_events",
        "stategate_effects_kept",
        "stategate_effects_given_up_total",
        "stategate_transaction_retries_total",
    ):
        assert found[name, ()] >= 0
    assert {found["stategate_server_tells", (server,)] for server in ("neo4j", "nats")} == {1}
    await DeadLetters(streams).drop(letter.number)
    assert ("stategate_dead_letters", (subject,)) not in await figures(served)


async def test_a_server_that_is_away_costs_its_own_figures_only(settings: Settings, servers: Addresses) -> None:
    address = urlsplit(servers.neo4j_uri)
    async with proxied(address.hostname or "", address.port or 0) as proxy:
        far = replace(servers, neo4j_uri=f"bolt://127.0.0.1:{proxy.port}")
        async with serving(settings, far) as running:
            await proxy.cut()
            async with asyncio.timeout(PATIENCE):
                # On a busy machine one that is there may once take longer than is waited for it.
                while not (found := await figures(running))["stategate_server_tells", ("nats",)]:
                    await asyncio.sleep(0.1)
            assert found["stategate_server_tells", ("neo4j",)] == 0
            assert ("stategate_outbox_events", ()) not in found
            assert ("stategate_decision_seconds_count", ()) in found
            proxy.mend()
            async with asyncio.timeout(PATIENCE):
                while ("stategate_outbox_events", ()) not in await figures(running):
                    await asyncio.sleep(0.1)
