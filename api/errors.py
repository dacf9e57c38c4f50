"""What goes wrong, as GraphQL errors: a code of the contract for each, and nothing internal."""

from __future__ import annotations

import structlog
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from graph.errors import BadInputError, StategateError

_OF_THE_REQUEST = (GraphQLError, MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)

log = structlog.get_logger(__name__)


def coded(error: GraphQLError) -> GraphQLError:
    """The same with `extensions.code`; one that nobody foresaw is logged and told as INTERNAL."""
    if "code" in (error.extensions or {}):
        return error
    cause = error.original_error
    if isinstance(cause, StategateError):
        code, message = cause.code, str(cause)
    elif cause is None or isinstance(cause, _OF_THE_REQUEST):
        code, message = BadInputError.code, error.message
    else:
        log.error("graphql", path=error.path, exc_info=cause)
        code, message = StategateError.code, "Something went wrong inside; the log of the service says what."
    extensions = {**(error.extensions or {}), "code": code}
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)
