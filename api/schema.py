"""The GraphQL schema, with its limits."""

from __future__ import annotations

import sys
from pathlib import Path

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.types import ExecutionContext

from api.context import OwnContext
from api.errors import ErrorCodes
from api.mutation import Mutation
from api.query import Query
from api.scalars import config
from api.subscription import Subscription
from api.work import Story, Task

_DEPTH = 20
_ALIASES = 100
_TOKENS = 10_000


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: `ErrorCodes` logs what nobody foresaw; what a caller did wrong is an answer, not news."""


schema = _Schema(
    Query,
    Mutation,
    Subscription,
    types=[Story, Task],
    config=config(),
    extensions=[
        OwnContext,
        ErrorCodes,
        lambda: QueryDepthLimiter(max_depth=_DEPTH),
        lambda: MaxAliasesLimiter(max_alias_count=_ALIASES),
        lambda: MaxTokensLimiter(max_token_count=_TOKENS),
    ],
)


def main() -> int:
    """Writes `api/schema.graphql`; with `--check` says whether it is what the code makes."""
    path = Path(__file__).with_name("schema.graphql")
    text = schema.as_str() + "\n"
    if "--check" not in sys.argv:
        path.write_text(text)
    elif path.read_text() != text:
        sys.stderr.write("api/schema.graphql is not what the code makes; run `make schema`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
