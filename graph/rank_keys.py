"""Keys of an order that is kept by hand: a new one fits between any two, and no other has to change.

A key is a text of digits and letters, compared as texts are: `0` to `9`, then `A` to `Z`, then `a` to `z`. None ends
with `0`, so that there is room between any two. The first 16 are counted up and down at the ends of the order, so that
keys stay short however often something is put there. That of what is new begins with its time
(cypher/fragments/rank_key.cypher).
"""

from __future__ import annotations

import random
import re
import time

from graph.errors import ConflictError

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(DIGITS)
_WHOLE = 16
_KEY = re.compile(r"[0-9A-Za-z]*[1-9A-Za-z]")
_AHEAD = 3_600  # seconds that the clocks of two machines may differ, and more
_LONGEST = 4_000  # characters of a key; its index holds twice as many bytes


def is_key(text: str) -> bool:
    return len(text) <= _LONGEST and _KEY.fullmatch(text) is not None


def is_ahead(text: str) -> bool:
    """Whether a key is behind those of what is new, which would all come before it."""
    return text > f"{int((time.time() + _AHEAD) * 1_000_000):0{_WHOLE}}"


def salt() -> str:
    """Digits at random that end a key, so that two who put something to one place at once do not make the same."""
    return "".join(random.choices(DIGITS, k=2)) + random.choice(DIGITS[1:])


def between(low: str | None, high: str | None, end: str) -> str:
    """A key after `low` and before `high`, None being an end of the order; `end` (see `salt`) makes it its own.

    Raises:
        ConflictError: there is none, because the keys were made by hand, or too much was put to one place.
    """
    if any(key is not None and not is_key(key) for key in (low, high)):
        raise ConflictError("A rank was set by hand to what is none; put that story elsewhere first.")
    if low is not None and high is not None and low >= high:
        raise ConflictError("The ranks beside this place are in no order; ask again.")
    made = (_beside(low, high) or _middle(low or "", high)) + end
    if len(made) > _LONGEST:
        raise ConflictError("Too much was put to this very place; put the story to another place first.")
    return made


def _beside(low: str | None, high: str | None) -> str | None:
    """The next whole number beyond an end of the order; None between two keys, and where counting ends."""
    if (low is None) == (high is None):
        return None
    number = 0
    for digit in (low or high or "")[:_WHOLE].ljust(_WHOLE, DIGITS[0]):
        number = number * _BASE + DIGITS.index(digit)
    number += 1 if high is None else -1
    if not 0 <= number < _BASE**_WHOLE:
        return None
    text = ""
    for _ in range(_WHOLE):
        number, digit_value = divmod(number, _BASE)
        text = DIGITS[digit_value] + text
    return text


def _middle(low: str, high: str | None) -> str:
    """The shortest between two; it is no beginning of `high`, so that whatever follows it is before `high` too."""
    made = ""
    while True:
        place = len(made)
        least = DIGITS.index(low[place]) if place < len(low) else 0
        most = _BASE if high is None else DIGITS.index(high[place])
        if most - least > 1:
            return made + DIGITS[(least + most) // 2]
        if most > least:
            high = None  # what begins like this is before it already
        made += DIGITS[least]
