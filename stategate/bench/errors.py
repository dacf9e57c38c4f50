"""The error of a measurement that cannot be made."""

from __future__ import annotations

from graph.errors import StategateError


class BenchError(StategateError):
    """What was measured did not do what it is measured for, so its figures would mean nothing."""

    code = "BENCH"
