"""How much one operation may ask for; what asks for more is refused, with what would be right."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLList,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    get_named_type,
    is_leaf_type,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.errors import BadInputError

TOKENS = 10_000  # names, numbers, brackets and colons of a document
DEPTH = 20  # fields within each other, those of introspection aside, which GraphQL itself limits
ALIASES = 100
BODY = 8 * 2**20  # bytes of a request, or of a message of a WebSocket; the largest inputs of one action are a fortieth
ROWS = 20_000  # objects in the lists of an answer, or of an event

# Fields of one name are compared each with each, a step of some microseconds; a tenth of a second is enough for that.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 100_000


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


class TooManyRowsError(BadInputError):
    """The lists of an operation have more objects than one answer may have."""

    def __init__(self) -> None:
        super().__init__(
            f"The answer would have more than {ROWS} objects in its lists; ask for fewer with `first`, or in several "
            "requests."
        )


class Budget:
    """How many objects the lists of an operation may still have: fields that lead back to where they came from
    multiply them.
    """

    def __init__(self) -> None:
        self._left = ROWS

    def take(self, some: Sized) -> None:
        """Raises `TooManyRowsError` when that is more than is left."""
        self._left -= len(some)
        if self._left < 0:
            raise TooManyRowsError


class Counting(StrawberryGraphQLCoreExecutionContext):
    """Takes from a budget what is told, which may be the same several times, under aliases."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._budget = Budget()

    def complete_list_value(self, return_type: GraphQLList[Any], *rest: Any) -> Any:
        result = rest[3]
        if isinstance(result, Sized) and not is_leaf_type(get_named_type(return_type)):
            self._budget.take(result)
        return super().complete_list_value(return_type, *rest)
