"""The headers of messages, which our client reads when somebody looks at them."""

from __future__ import annotations

import uuid

import pytest
from nats.aio.client import Client

from consumers.headers import Headers

SENT = {"Nats-Msg-Id": "one", "ce-subject": "Größe: 5", "Empty": ""}


@pytest.mark.parametrize("headers", [SENT, None])
async def test_headers_are_those_that_were_sent(connection: Client, headers: dict[str, str] | None) -> None:
    subject = f"test.{uuid.uuid4().hex}"
    heard = await connection.subscribe(subject)
    await connection.publish(subject, b"body", headers=headers)
    message = await heard.next_msg(timeout=10)
    assert dict(message.headers or {}) == (headers or {})
    await heard.unsubscribe()


async def test_nobody_reads_them_before_somebody_looks(connection: Client) -> None:
    """Should the library read them elsewhere, the event path is slower, and nothing else says so."""
    subject = f"test.{uuid.uuid4().hex}"
    heard = await connection.subscribe(subject)
    await connection.publish(subject, b"body", headers=SENT)
    headers = (await heard.next_msg(timeout=10)).headers
    assert isinstance(headers, Headers)
    assert headers
    assert "_read" not in vars(headers)
    assert headers["ce-subject"] == SENT["ce-subject"]
    assert "_read" in vars(headers)
    await heard.unsubscribe()
