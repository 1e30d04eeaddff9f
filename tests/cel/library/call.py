"""Calls of the functions of a library by their names, as an expression would make them."""

from __future__ import annotations

from typing import Any

from cod.cel.functions import EvaluationError, Function, Overload, Price, Size


def overload(functions: tuple[Function, ...], id_: str) -> Overload:
    """The overload of an id."""
    return next(one for function in functions for one in function.overloads if one.id == id_)


def call(functions: tuple[Function, ...], id_: str, *values: Any) -> Any:
    """What a call gives; an error as `error: …`."""
    try:
        return overload(functions, id_).call(*values)
    except EvaluationError as error:
        return f"error: {error.text}"


def cost(functions: tuple[Function, ...], id_: str, *values: Any) -> int:
    """What a call cost."""
    one = overload(functions, id_)
    return 1 if one.cost is None else one.cost(values, one.call(*values))


def estimate(functions: tuple[Function, ...], id_: str, *sizes: Size | None) -> Price:
    """What a call may cost."""
    one = overload(functions, id_)
    return Price(1, 1) if one.estimate is None else one.estimate(sizes)
