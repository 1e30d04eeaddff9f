"""What a function of CEL is: overloads, each with its types, what it does and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from cod.cel.types import Type


class EvaluationError(Exception):
    """An expression has no value for this input. The text is cel-go's (`no such key: x`); `at` is where.

    Functions raise it without `at`, which the call that failed puts in. `hint` finds out what may have been
    meant; it is asked only when the error is shown, for most errors never are.
    """

    def __init__(self, text: str, at: int | None = None, hint: Callable[[], str] | None = None) -> None:
        super().__init__(text)
        self.at = at
        self._hint = hint

    @property
    def text(self) -> str:
        """What is wrong, and what may have been meant."""
        hint = self._hint() if self._hint else ""
        return f"{self.args[0]}; {hint}" if hint else str(self.args[0])

    def __str__(self) -> str:
        return self.text


class Size(Struct, frozen=True):
    """The least and the most that the size of a value (characters, items) can be.

    `items` is the size of each item of a list, where its type says what they are: (0, 2^64 - 1) for strings
    and bytes of any length, (0, 0) for all else. `value` is the number of an int that is written out.
    """

    least: int
    most: int
    items: Size | None = None
    value: int | None = None


class Price(Struct, frozen=True):
    """What an expression costs at least and at most; `size` is that of its value, where it is known."""

    least: int
    most: int
    size: Size | None = None


class Overload(Struct, frozen=True):
    """One way to call a function.

    `id` is cel-go's (`string_split_string`). `parameters` begin with the receiver where `is_member`. `call`
    takes the values in that order and returns a value, or raises EvaluationError. A call costs 1 unless
    there are `estimate`, before, from the sizes of the arguments (the receiver first; None where unknown),
    and `cost`, afterwards, from the arguments and the result; both without the cost of the arguments.
    """

    id: str
    parameters: tuple[Type, ...]
    result: Type
    call: Callable[..., Any]
    is_member: bool = False
    estimate: Callable[[Sequence[Size | None]], Price] | None = None
    cost: Callable[[Sequence[Any], Any], int] | None = None


class Function(Struct, frozen=True):
    """A name with its overloads."""

    name: str
    overloads: tuple[Overload, ...]


def of(id_: str, result: Type, *parameters: Type, call: Callable[..., Any]) -> Overload:
    """An overload without a receiver, at the price of 1."""
    return Overload(id_, parameters, result, call)


def member(id_: str, result: Type, *parameters: Type, call: Callable[..., Any]) -> Overload:
    """An overload whose first parameter is the receiver, at the price of 1."""
    return Overload(id_, parameters, result, call, is_member=True)
