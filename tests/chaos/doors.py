"""The two doors as clients use them who do not give up: each command is sent until it is accepted."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from tests.chaos.ledger import Answer, Asked, Ledger

_PAUSE = 0.3  # seconds before what was not accepted is sent again
_ANSWER = 8.0  # seconds to wait for an answer

ACT = """
mutation($item: ID!, $action: String!, $actor: ID!, $command: ID!, $expected: Int, $inputs: JSON) {
  act(itemId: $item, action: $action, actorId: $actor, commandId: $command, expectedVersion: $expected,
      inputs: $inputs) {
    __typename
    ... on Applied { ...applied }
    ... on Refused { ...refused }
    ... on Duplicate { first { __typename ... on Applied { ...applied } ... on Refused { ...refused } } }
  }
}
fragment applied on Applied { hops { action from to } }
fragment refused on Refused { reasons { code } }
"""


class Doors:
    """The bus straight to its server, and GraphQL of all replicas in turn."""

    def __init__(self, connection: Client, http: httpx2.AsyncClient, urls: Sequence[str], ledger: Ledger) -> None:
        self._js = connection.jetstream()
        self._http = http
        self._urls = itertools.cycle(urls)
        self._ledger = ledger

    async def send(self, asked: Asked, *, bus: bool) -> None:
        """Returns when it is accepted."""
        asked.sent += 1
        asked.crossed = asked.crossed or bus != asked.bus
        if bus:
            await self._by_bus(asked)
        else:
            asked.answers.append(await self._by_graphql(asked))
        asked.accepted = True

    async def _by_bus(self, asked: Asked) -> None:
        body: dict[str, Any] = {
            "task_id": asked.item,
            "action": asked.action,
            "actor_id": asked.actor,
            "inputs": asked.inputs,
        }
        if asked.expected is not None:
            body["expected_version"] = asked.expected
        headers = {"Nats-Msg-Id": asked.id} if asked.only_header else None
        if not asked.only_header:
            body["command_id"] = asked.id
        await self.publish("agent.work.completed", body, headers)

    async def publish(self, subject: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        """Returns when the bus has confirmed it."""
        data = json.dumps(body).encode()
        while True:
            try:
                await self._js.publish(subject, data, headers=headers, timeout=_ANSWER)
            except (NatsError, APIError, OSError, TimeoutError) as error:
                self._ledger.failed(type(error).__name__)
                await asyncio.sleep(_PAUSE)
            else:
                return

    async def _by_graphql(self, asked: Asked) -> Answer:
        data = await self.ask(
            ACT,
            item=asked.item,
            action=asked.action,
            actor=asked.actor,
            command=asked.id,
            expected=asked.expected,
            inputs=asked.inputs,
        )
        return _answer(data["act"])

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The `data` of the answer; asked again until there is one, so it must be harmless to ask twice.

        What an earlier try has created, as its answer came too late, has no other answer.
        """
        for tries in itertools.count():
            try:
                response = await self._http.post(
                    f"{next(self._urls)}/graphql", json={"query": document, "variables": variables}
                )
                answer = response.json()
            except (httpx2.HTTPError, ValueError, AttributeError) as error:
                # The last is what the client says of a connection that was cut at the moment it was made.
                if isinstance(error, AttributeError) and error.name != "getpeername":
                    raise
                self._ledger.failed(type(error).__name__)
            else:
                if not answer.get("errors"):
                    data: dict[str, Any] = answer["data"]
                    return data
                code = str(answer["errors"][0].get("extensions", {}).get("code"))
                if tries and code == "CONFLICT":
                    break
                assert code in {"UNAVAILABLE", "INTERNAL"}, answer["errors"]
                self._ledger.failed(code)
            await asyncio.sleep(_PAUSE)
        return {}


def _answer(told: dict[str, Any]) -> Answer:
    if told["__typename"] == "Duplicate":
        told = told["first"]
    if told["__typename"] == "Applied":
        return "APPLIED", tuple((hop["action"], hop["from"], hop["to"]) for hop in told["hops"])
    return "REFUSED", tuple(sorted({reason["code"] for reason in told["reasons"]}))


@asynccontextmanager
async def open_doors(nats_url: str, urls: Sequence[str], ledger: Ledger) -> AsyncIterator[Doors]:
    """Connections that come back by themselves."""

    async def report(error: Exception) -> None:
        ledger.failed(type(error).__name__)

    connection = await nats.connect(
        nats_url, name="chaos", max_reconnect_attempts=-1, reconnect_time_wait=0.2, error_cb=report
    )
    try:
        async with httpx2.AsyncClient(timeout=_ANSWER) as http:
            yield Doors(connection, http, urls, ledger)
    finally:
        await connection.close()
