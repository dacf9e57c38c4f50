"""What every part of a rules file is made of: names, plain values, and no unknown keys."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

# Control characters, the two line separators of Unicode, halves of surrogate pairs, and code points that are none.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def _check_name(value: str) -> str:
    if not value.strip() or len(value) > 200 or _UNFIT.search(value):
        raise ValueError("a name has 1 to 200 characters and no control characters")
    return value


def as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Some = TypeVar("Some")
MANY = 1_000
"""Entries of a list of names or rules, at the most: lint compares each with each."""
Name = Annotated[str, Field(strict=True), AfterValidator(_check_name)]
Several = Annotated[list[Some], Field(max_length=MANY)]
Names = Annotated[Several[Name], BeforeValidator(as_list)]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""An integer as Neo4j keeps it."""
Scalar = bool | Whole | float | str


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)
