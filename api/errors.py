"""What goes wrong, as GraphQL errors: a code of the contract for each, and nothing internal."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from graphql import GraphQLError
from graphql.validation.validate import ValidationAbortedError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from graph.errors import BadInputError, StategateError, UnavailableError, UnreadError

_OF_THE_REQUEST = (GraphQLError, MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
_ABORTED = "Validation aborted."
_REPEATED = (
    "The document repeats fields or fragments too often, or nests them too deep, to be checked; name each field once, "
    "or ask in several requests."
)

log = structlog.get_logger(__name__)


def coded(error: GraphQLError, written: Mapping[str, str]) -> GraphQLError:
    """The same with `extensions.code`; one that nobody foresaw is logged and told as INTERNAL.

    `written` says which fields of the operation have written something, and under which id: where one of them cannot
    be read, nobody must think that nothing was done.
    """
    if "code" in (error.extensions or {}):
        return error
    cause = error.original_error
    if isinstance(cause, UnavailableError) and (id := written.get(str(error.path[0])) if error.path else None):
        cause = UnreadError(id)
    if isinstance(cause, StategateError):
        code, message = cause.code, str(cause)
    elif isinstance(error, ValidationAbortedError) and error.message == _ABORTED:
        code, message = BadInputError.code, _REPEATED
    elif cause is None or isinstance(cause, _OF_THE_REQUEST):
        code, message = BadInputError.code, error.message
    else:
        log.error("graphql", path=error.path, exc_info=cause)
        code, message = StategateError.code, "Something went wrong inside; the log of the service says what."
    extensions = {**(error.extensions or {}), "code": code}
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)
