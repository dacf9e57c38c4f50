"""What GraphQL has no type for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import strawberry
from neo4j.time import DateTime as Neo4jDateTime
from strawberry.schema.config import StrawberryConfig

from graph.errors import BadInputError


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parsed(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadInputError(f"{value!r} is no time such as 2026-11-26T09:00:00Z.") from error


def config() -> StrawberryConfig:
    """Times are UTC in RFC 3339, with a Z."""
    return StrawberryConfig(
        scalar_map={
            datetime: strawberry.scalar(
                name="DateTime",
                description="UTC, RFC 3339 with Z.",
                serialize=_rfc3339,
                parse_value=_parsed,
            )
        }
    )


def moment(value: Neo4jDateTime | None) -> Any:
    """A time of the graph as Python's own."""
    return None if value is None else value.to_native()
