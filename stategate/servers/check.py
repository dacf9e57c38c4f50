"""Servers named by URL: are they there, do they let us in; else an error that names the setting."""

from __future__ import annotations

import asyncio

import neo4j
from nats.errors import AuthorizationError
from nats.errors import Error as NatsError
from nats.js.errors import ServiceUnavailableError
from neo4j.exceptions import AuthError, DriverError, Neo4jError
from redis import asyncio as redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from stategate.errors import SetupError
from stategate.servers.nats import jetstream_answers
from stategate.servers.urls import without_secrets

LIMIT = 20.0


async def check_neo4j(uri: str, user: str, password: str) -> None:
    """SetupError unless this Neo4j lets this user in."""
    try:
        async with asyncio.timeout(LIMIT), neo4j.AsyncGraphDatabase.driver(uri, auth=(user, password)) as driver:
            await driver.verify_connectivity()
    except AuthError:
        raise SetupError(
            f"Neo4j at {without_secrets(uri)} (STATEGATE_NEO4J_URI) does not let {user} in with the password given; "
            "set STATEGATE_NEO4J_USER and STATEGATE_NEO4J_PASSWORD"
        ) from None
    except (DriverError, Neo4jError, OSError, ValueError) as error:
        raise _away("Neo4j", "STATEGATE_NEO4J_URI", uri, error) from None


async def check_nats(url: str) -> None:
    """SetupError unless this NATS lets us in and has JetStream."""
    shown = f"NATS at {without_secrets(url)} (STATEGATE_NATS_URL)"
    try:
        async with asyncio.timeout(LIMIT):
            await jetstream_answers(url)
    except AuthorizationError:
        raise SetupError(f"{shown} does not let us in; put its user:password@ or token@ before the host") from None
    except ServiceUnavailableError:
        raise SetupError(f"{shown} has no JetStream; start it with jetstream enabled (nats-server -js)") from None
    except (NatsError, OSError) as error:
        raise _away("NATS", "STATEGATE_NATS_URL", url, error) from None


async def check_valkey(url: str) -> None:
    """SetupError unless this Valkey (or Redis) lets us in."""
    try:
        async with asyncio.timeout(LIMIT), redis.from_url(url, socket_connect_timeout=5) as client:
            await client.ping()
    except (AuthenticationError, NoPermissionError):
        raise SetupError(
            f"Valkey at {without_secrets(url)} (STATEGATE_VALKEY_URL) does not let us in; "
            "put its user:password@ before the host"
        ) from None
    except (RedisError, OSError, ValueError) as error:
        raise _away("Valkey", "STATEGATE_VALKEY_URL", url, error) from None


def _away(server: str, setting: str, url: str, error: Exception) -> SetupError:
    """The kind of the error, not its text: a driver's text may repeat the URL with its password."""
    return SetupError(
        f"{server} does not answer at {without_secrets(url)} ({type(error).__name__}); start it there, "
        f"correct {setting}, or remove {setting} and one is started for you"
    )
