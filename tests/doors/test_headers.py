"""The headers of messages, which our client reads when somebody looks at them, and writes all at once."""

from __future__ import annotations

import uuid

import pytest
from nats.aio.client import Client
from nats.errors import BadHeaderError

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


async def test_they_are_written_all_at_once(connection: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the library no longer ask our client to, the event path is slower, and nothing else says so."""

    async def slowly(*_: object) -> None:
        raise AssertionError("one after the other")

    monkeypatch.setattr(Client, "_send_publish", slowly)
    heard = await connection.subscribe(subject := f"test.{uuid.uuid4().hex}")
    await connection.publish(subject, b"body", headers=SENT)
    message = await heard.next_msg(timeout=10)
    assert (dict(message.headers or {}), message.data) == (SENT, b"body")
    await heard.unsubscribe()


@pytest.mark.parametrize(
    ("headers", "arrive"),
    [
        ({"one": "a\r\nInjected: b", "two": "c"}, {"one": "a  Injected: b", "two": "c"}),
        ({"one": " spaces\t"}, {"one": "spaces"}),
        ({}, {}),
    ],
)
async def test_unusual_headers_arrive_as_the_library_sends_them(
    connection: Client, headers: dict[str, str], arrive: dict[str, str]
) -> None:
    heard = await connection.subscribe(subject := f"test.{uuid.uuid4().hex}")
    await connection.publish(subject, b"body", headers=headers)
    assert dict((await heard.next_msg(timeout=10)).headers or {}) == arrive
    await heard.unsubscribe()


@pytest.mark.parametrize("name", ["two words", "a:b", "a\r\nb"])
async def test_a_name_that_is_none_is_refused(connection: Client, name: str) -> None:
    with pytest.raises(BadHeaderError):
        await connection.publish("test.names", b"body", headers={name: "value"})
