"""The world of the properties is that of the graph's tests."""

from tests.graph.conftest import world

__all__ = ["world"]
