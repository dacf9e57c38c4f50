"""How long and how large what people and programs write may be: the same by hand, by event and by file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

ID = 200  # characters of the id of something new
NAMED = 375  # characters of an id, or of another name, that is looked for: 1,500 bytes at the most
TITLE = 1_000  # characters
TEXT = 100_000  # characters of a description, or of one criterion
CRITERIA = 200  # of one story
LABEL = 100  # characters of a label, or of a type
LABELS = 50  # of one item
LARGEST = 2**31 - 1
"""Of a number that people set: the largest Int of GraphQL."""
FIRST = 1
"""The priority before which there is none."""


def is_id(text: str) -> bool:
    """Whether something new may have this id: it can be stored, shown, and told from others by looking at it."""
    return bool(text) and text == text.strip() and len(text) <= ID and text.isprintable()


def _new_id(text: str) -> str:
    if not is_id(text):
        raise ValueError(f"must be 1 to {ID} printable characters without spaces around them")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has characters that cannot be shown")
    return text


def no_repeats(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Id = Annotated[str, Field(min_length=1, max_length=NAMED)]
"""Of something that may be there."""
NewId = Annotated[str, Field(min_length=1, max_length=ID), AfterValidator(_new_id)]
Title = Annotated[str, StringConstraints(max_length=TITLE), AfterValidator(_not_blank)]
Text = Annotated[str, StringConstraints(max_length=TEXT)]
Criteria = Annotated[list[Annotated[Text, AfterValidator(_not_blank)]], Field(max_length=CRITERIA)]
Type = Annotated[str, StringConstraints(max_length=LABEL), AfterValidator(_not_blank)]
Labels = Annotated[
    list[Annotated[Type, AfterValidator(_printable)]], Field(max_length=LABELS), AfterValidator(no_repeats)
]
Points = Annotated[int, Field(ge=0, le=LARGEST)]
Priority = Annotated[int, Field(ge=FIRST, le=LARGEST)]
Estimate = Annotated[int | float, Field(ge=0, le=LARGEST)]
