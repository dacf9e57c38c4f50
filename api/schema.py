"""The GraphQL schema, with its limits."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import strawberry
from graphql import GraphQLError
from strawberry.extensions import AddValidationRules, MaxTokensLimiter
from strawberry.types import ExecutionContext

from api.context import Context, OwnContext
from api.errors import coded
from api.limits import TOKENS, Counting, Extent, TooManyRowsError
from api.mutation import Mutation
from api.query import Query
from api.scalars import config
from api.subscription import Subscription
from api.work import Story, Task
from graph.errors import UnavailableError


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Gives each its code, here because all of them pass, whichever way they are told."""
        context = execution_context.context if execution_context else None
        written: Mapping[str, str] = {}
        if isinstance(context, Context):
            context.unread = any(isinstance(error.original_error, UnavailableError) for error in errors)
            written = context.written
        # Once there are too many, every list that is left is told so.
        too_many = [error for error in errors if isinstance(error.original_error, TooManyRowsError)][:1]
        others = [error for error in errors if not isinstance(error.original_error, TooManyRowsError)]
        errors[:] = [coded(error, written) for error in too_many + others]


schema = _Schema(
    Query,
    Mutation,
    Subscription,
    types=[Story, Task],
    config=config(),
    execution_context_class=Counting,
    extensions=[
        OwnContext,
        lambda: AddValidationRules([Extent]),
        lambda: MaxTokensLimiter(max_token_count=TOKENS),
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
