"""The error of a setting or a machine that is not as it must be; it answers a person, before anything runs."""

from __future__ import annotations

from graph.errors import StategateError


class SetupError(StategateError):
    """What is wrong, which STATEGATE_ setting it concerns, what to do. The command line prints it, exits 2."""

    code = "SETUP"
