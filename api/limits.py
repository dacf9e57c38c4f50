"""How much a document may ask for; what asks for more is refused before anything is done, with what would be right."""

from __future__ import annotations

from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

TOKENS = 10_000  # names, numbers, brackets and colons of a document
DEPTH = 20  # fields within each other, those of introspection aside, which GraphQL itself limits
ALIASES = 100


class Extent(ValidationRule):
    """Measures each fragment once, however often it is spread: else a short document takes hours."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._of_fragments: dict[str, tuple[int, int]] = {}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        depth, aliases = self._extent(node.selection_set)
        if depth > DEPTH:
            self._refuse(node, f"Fields nest more than {DEPTH} deep; ask for what is below in a request of its own.")
        if aliases > ALIASES:
            self._refuse(node, f"There are more than {ALIASES} aliases; spread them over several requests.")

    def _extent(self, selected: SelectionSetNode) -> tuple[int, int]:
        """How deep the fields nest, and how many have an alias."""
        depth = aliases = 0
        one: Any
        for one in selected.selections:
            if isinstance(one, FragmentSpreadNode):
                below, within = self._of_fragment(one.name.value)
            else:
                inner: SelectionSetNode | None = one.selection_set
                below, within = self._extent(inner) if inner else (0, 0)
                if isinstance(one, FieldNode):
                    below = 0 if not inner or one.name.value.startswith("__") else below + 1
                    within += one.alias is not None
            depth, aliases = max(depth, below), aliases + within
        return depth, aliases

    def _of_fragment(self, name: str) -> tuple[int, int]:
        if name not in self._of_fragments:
            # One that is unknown, or spreads itself, is refused by others.
            self._of_fragments[name] = (0, 0)
            if found := self.context.get_fragment(name):
                self._of_fragments[name] = self._extent(found.selection_set)
        return self._of_fragments[name]

    def _refuse(self, node: OperationDefinitionNode, why: str) -> None:
        self.report_error(GraphQLError(why, node))
