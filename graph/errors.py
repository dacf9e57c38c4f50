"""The one tree of errors: each has a stable code, and doors translate the code, never the text."""

from __future__ import annotations

_LONGEST = 2000  # characters of a message


class StategateError(Exception):
    """An error that is an answer: `code` for programs, `str(error)` for people; nothing internal in either."""

    code = "INTERNAL"

    def __init__(self, message: str) -> None:
        """A message quotes what was sent, which may be of any length."""
        super().__init__(message if len(message) <= _LONGEST else f"{message[:_LONGEST]} …")


class BadInputError(StategateError):
    """What was sent cannot be right, whatever the state of the graph."""

    code = "BAD_INPUT"


class NotFoundError(StategateError):
    """What was named does not exist."""

    code = "NOT_FOUND"


class ConflictError(StategateError):
    """What was asked contradicts what is there."""

    code = "CONFLICT"


class BrokenRuleError(StategateError):
    """A rule in the graph, edited by hand, cannot be run; nothing was done."""

    code = "CONFLICT"


class UnavailableError(StategateError):
    """A server is away; the same request may succeed later."""

    code = "UNAVAILABLE"


class UnknownOutcomeError(UnavailableError):
    """The connection was lost while committing: it may have been done, or not."""


class UnreadError(UnknownOutcomeError):
    """It was done; only what came of it could not be read, as a server is away."""

    def __init__(self, id: str) -> None:
        super().__init__(
            f"It was done, under the id '{id}'; only the answer could not be read. Ask for it later, and send this "
            "again with that id or not at all."
        )
