"""The GraphQL schema, with its limits."""

from __future__ import annotations

import strawberry
from strawberry.extensions import MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter

from api.errors import ErrorCodes
from api.mutation import Mutation
from api.query import Query
from api.scalars import config
from api.work import Story, Task

_DEPTH = 20
_ALIASES = 100
_TOKENS = 10_000

schema = strawberry.Schema(
    Query,
    Mutation,
    types=[Story, Task],
    config=config(),
    extensions=[
        ErrorCodes,
        lambda: QueryDepthLimiter(max_depth=_DEPTH),
        lambda: MaxAliasesLimiter(max_alias_count=_ALIASES),
        lambda: MaxTokensLimiter(max_token_count=_TOKENS),
    ],
)
