"""The arithmetic of costs: nothing exceeds 2^64 - 1, and every fraction is rounded up.

Source: cel-go `checker/cost.go`, `common/cost.go`, and `ext` for calls that make lists.
"""

from __future__ import annotations

import math
from typing import Any

from cod.cel.effort import enter
from cod.cel.functions import Price, Size

MOST_COST = 2**64 - 1
CHARACTER = 0.1  # to pass over a character
EXPRESSION = 0.25  # a character of a regular expression
NEW_LIST = 10
ANY_SIZE = Size(0, MOST_COST)
ONE = Price(1, 1)


def known(size: Size | None) -> Size:
    """The size, or that it may be anything."""
    return ANY_SIZE if size is None else size


def add(one: int, other: int) -> int:
    """The sum, at most MOST_COST."""
    return min(one + other, MOST_COST)


def multiply(one: int, other: int) -> int:
    """The product, at most MOST_COST."""
    return min(one * other, MOST_COST)


def scale(number: int, factor: float) -> int:
    """The product with a factor, rounded up, at most MOST_COST."""
    return min(math.ceil(float(number) * factor), MOST_COST)


def traversal(size: Size | None, factor: float = CHARACTER, *, gives: Size | None = None) -> Price:
    """The price of passing over a value; `gives` is the size of the result."""
    size = known(size)
    return Price(scale(size.least, factor), scale(size.most, factor), gives)


def sum_of(*prices: Price) -> Price:
    """The prices together, without a size."""
    least, most = 0, 0
    for price in prices:
        least, most = add(least, price.least), add(most, price.most)
    return Price(least, most)


def product_of(one: Price | Size, other: Price | Size) -> Price:
    """The least of both multiplied, and the most of both."""
    return Price(multiply(one.least, other.least), multiply(one.most, other.most))


def search(size: Size | None) -> Price:
    """The price of comparing each item of a list; of passing over the value where it may be no list."""
    size = known(size)
    if size.items is None:
        return traversal(size)
    return product_of(size, sum_of(ONE, traversal(size.items)))


def pattern(text: Size | None, expression: Size | None, *, gives: Size | None = None) -> Price:
    """The price of matching a text with a regular expression."""
    text = known(text)
    longer = Size(add(text.least, 1), add(text.most, 1))
    price = product_of(traversal(longer), traversal(expression, EXPRESSION))
    return Price(price.least, price.most, gives)


def size_of(value: Any) -> int:
    """The number of characters, bytes, items or entries; 1 for what has no size."""
    own = getattr(type(value), "__len__", None)
    return 1 if own is None else own(value)


def passing(value: Any, factor: float = CHARACTER) -> int:
    """What it cost to pass over a value."""
    return math.ceil(size_of(value) * factor)


def passing_twice(value: Any) -> int:
    """What it cost to pass over a value and to build as much."""
    return math.ceil(size_of(value) * 2 * CHARACTER)


def matching(text: Any, expression: Any) -> int:
    """What it cost to match a text with a regular expression."""
    return math.ceil((1.0 + size_of(text)) * CHARACTER) * math.ceil(size_of(expression) * EXPRESSION)


def walking(value: Any) -> int:
    """What it cost to pass over a value and all that is in it; here upstream drops fractions."""
    if isinstance(value, str):
        return int(len(value.encode()) * CHARACTER)
    if isinstance(value, bytes):
        return int(len(value) * CHARACTER)
    if isinstance(value, (list, tuple)):
        enter(len(value))
        return sum(map(walking, value))
    if isinstance(value, dict):
        enter(len(value))
        return sum(walking(key) + walking(item) for key, item in value.items())
    return 1
