"""What goes wrong, as GraphQL errors: a code of the contract for each, and nothing internal."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from graphql import ExecutionResult as GraphQLExecutionResult
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import ExecutionResult

from graph.errors import BadInputError, StategateError

log = structlog.get_logger(__name__)


class ErrorCodes(SchemaExtension):
    """Gives every error `extensions.code`; an error nobody foresaw is logged and told as INTERNAL."""

    def on_operation(self) -> Iterator[None]:
        yield
        result = self.execution_context.result
        if isinstance(result, GraphQLExecutionResult | ExecutionResult) and result.errors:
            result.errors = [coded(error) for error in result.errors]


def coded(error: GraphQLError) -> GraphQLError:
    cause = error.original_error
    if isinstance(cause, StategateError):
        code, message = cause.code, str(cause)
    elif cause is None or isinstance(cause, GraphQLError):
        code, message = BadInputError.code, error.message
    else:
        log.error("graphql", path=error.path, exc_info=cause)
        code, message = StategateError.code, "Something went wrong inside; the log of the service says what."
    extensions = {**(error.extensions or {}), "code": code}
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)
