"""The document of the bus: served, and checked against what is said."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from jsonschema import ValidationError as SchemaError
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from consumers.asyncapi import document
from stategate.service import Served
from tests.doors.asyncapi import check

_SAID: dict[str, Any] = {"story_id": "s", "all_tasks_status": "done", "done": 2, "cancelled": 0}
_HEADERS = {
    "Nats-Msg-Id": "1",
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-type": "workflow.story.tasks_completed",
    "ce-source": "stategate",
    "ce-time": "2026-01-01T00:00:00.000000Z",
    "ce-subject": "s",
    "content-type": "application/json",
    "traceparent": f"00-{'0' * 31}1-{'0' * 15}1-01",
}


def said(body: dict[str, Any], headers: dict[str, str] = _HEADERS) -> Msg:
    return Msg(Client(), "workflow.story.tasks_completed", "", json.dumps(body).encode(), headers)


async def test_a_running_service_has_it(served: Served) -> None:
    async with httpx2.AsyncClient(timeout=30) as http:
        found = await http.get(f"{served.health}/asyncapi.json")
    assert found.json() == document()


def test_what_is_said_as_it_says_passes() -> None:
    check(said(_SAID))


@pytest.mark.parametrize("body", [_SAID | {"done": "2"}, {"story_id": "s"}, _SAID | {"all_tasks_status": None}])
def test_what_is_said_otherwise_is_found(body: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        check(said(body))


def test_what_is_said_beyond_it_is_found() -> None:
    with pytest.raises(ValidationError):
        check(said(_SAID | {"more": 1}))


def test_a_header_that_lacks_is_found() -> None:
    with pytest.raises(SchemaError):
        check(said(_SAID, {name: value for name, value in _HEADERS.items() if name != "ce-time"}))
