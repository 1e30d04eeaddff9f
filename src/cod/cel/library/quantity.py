"""Quantities such as `80Gi`, in Kubernetes' arithmetic.

Source: Kubernetes `apiserver/pkg/cel/library/quantity.go`, where `sign(q)` is no method, and `cost.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cod.cel.functions import EvaluationError, Function, Overload
from cod.cel.library.declare import PASSING, function, method
from cod.cel.types import BOOL, DOUBLE, INT, QUANTITY, STRING, Type
from cod.resource.quantity import InvalidQuantity, Quantity, is_quantity, parse_quantity


def quantity_of(text: str) -> Quantity:
    """The quantity that a text is."""
    try:
        return parse_quantity(text)
    except InvalidQuantity as invalid:
        raise EvaluationError(invalid.causes[0]) from None


def integer_of(quantity: Quantity) -> int:
    """The number, where Kubernetes holds it as an int64."""
    number = quantity.as_int64
    if number is None:
        raise EvaluationError("cannot convert value to integer")
    return number


def _sum(one: Quantity, other: Quantity | int) -> Quantity:
    try:
        return one + (other if isinstance(other, Quantity) else Quantity(other, format="DecimalExponent"))
    except InvalidQuantity as invalid:
        raise EvaluationError(invalid.what) from None


def _difference(one: Quantity, other: Quantity | int) -> Quantity:
    return _sum(one, -other)


def _method(id_: str, other: tuple[Type, ...], result: Type, call: Callable[..., Any]) -> Overload:
    return method(id_, (QUANTITY, *other), result, call)


_TWO = (QUANTITY,)

FUNCTIONS: tuple[Function, ...] = (
    Function("quantity", (function("string_to_quantity", (STRING,), QUANTITY, quantity_of, PASSING),)),
    Function("isQuantity", (function("is_quantity_string", (STRING,), BOOL, is_quantity, PASSING),)),
    Function("sign", (function("quantity_sign", (QUANTITY,), INT, lambda one: one.sign),)),
    Function(
        "isGreaterThan",
        (_method("quantity_is_greater_than", _TWO, BOOL, lambda one, other: one.compare(other) > 0),),
    ),
    Function(
        "isLessThan",
        (_method("quantity_is_less_than", _TWO, BOOL, lambda one, other: one.compare(other) < 0),),
    ),
    Function("compareTo", (_method("quantity_compare_to", _TWO, INT, Quantity.compare),)),
    Function("asApproximateFloat", (_method("quantity_get_float", (), DOUBLE, lambda one: one.approximate),)),
    Function("asInteger", (_method("quantity_get_int", (), INT, integer_of),)),
    Function("isInteger", (_method("quantity_is_integer", (), BOOL, lambda one: one.as_int64 is not None),)),
    Function(
        "add",
        (_method("quantity_add", _TWO, QUANTITY, _sum), _method("quantity_add_int", (INT,), QUANTITY, _sum)),
    ),
    Function(
        "sub",
        (
            _method("quantity_sub", _TWO, QUANTITY, _difference),
            _method("quantity_sub_int", (INT,), QUANTITY, _difference),
        ),
    ),
)
