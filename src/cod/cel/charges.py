"""What the operators and functions of the language itself cost; those of the libraries say it themselves.

Source: cel-go `checker/cost.go`, `interpreter/runtimecost.go`; Kubernetes
`apiserver/pkg/cel/library/cost.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cod.cel.closures import takes
from cod.cel.functions import Overload, Price, Size
from cod.cel.library.declare import Charge
from cod.cel.library.price import MOST_COST, add, known, passing, product_of, scale, size_of, traversal
from cod.cel.library.text import type_name
from cod.cel.types import CIDR, FORMAT, IP, QUANTITY, SEMVER, URL, Type
from cod.cel.values import Optional

Sizes = Sequence[Size | None]

NEW_LIST, NEW_MAP = 10, 30
_ORDERS = ("less", "less_equals", "greater", "greater_equals")
_LONGEST_FORMAT = 64
_UNIT = Price(1, 1)
_ALL_ONE = tuple(type_.name for type_ in (QUANTITY, SEMVER, IP, CIDR, FORMAT, URL))


def size_of_value(value: Any) -> int:
    """The size of a value as costs see it: that of what an optional value holds; 1 for what has none."""
    while isinstance(value, Optional) and value.is_there:
        value = value.value
    return size_of(value)


def _shorter(one: Size, other: Size) -> Price:
    """The price of comparing two values as far as the shorter one goes."""
    most = min(one.most, other.most)
    return Price(scale(1 if most else 0, 0.1), scale(most, 0.1))


def _joined(sizes: Sizes) -> Size:
    one, other = map(known, sizes[:2])
    return Size(add(one.least, other.least), add(one.most, other.most))


def _compared(args: Sequence[Any], _: Any) -> int:
    shorter = min(map(size_of_value, args))
    return scale(shorter, 0.1)


def _to_bytes(sizes: Sizes) -> Price:
    text = known(sizes[0])
    return traversal(text, gives=Size(text.least, text.most * 4 % (MOST_COST + 1)))


def _to_string(sizes: Sizes) -> Price:
    data = known(sizes[0])
    return traversal(data, gives=Size(data.least // 4, data.most))


def _concatenation(sizes: Sizes) -> Price:
    size = _joined(sizes)
    return traversal(size, gives=size)


def _among(sizes: Sizes) -> Price:
    items = known(sizes[1])
    return Price(scale(items.least, 1), scale(items.most, 1))


_COMPARING = Charge(lambda sizes: _shorter(known(sizes[0]), known(sizes[1])), _compared)
_AFFIX = Charge(lambda sizes: traversal(sizes[1]), lambda args, _: passing(args[1]))
_CONCATENATING = Charge(_concatenation, lambda args, _: scale(size_of(args[0]) + size_of(args[1]), 0.1))

_CHARGES: dict[str, Charge] = {
    "equals": _COMPARING,
    "not_equals": _COMPARING,
    **{f"{order}_{kind}": _COMPARING for order in _ORDERS for kind in ("string", "bytes")},
    "string_to_bytes": Charge(_to_bytes, lambda args, _: passing(args[0])),
    "bytes_to_string": Charge(_to_string, lambda args, _: passing(args[0])),
    "starts_with_string": _AFFIX,
    "ends_with_string": _AFFIX,
    "contains_string": Charge(
        lambda sizes: product_of(traversal(sizes[0]), traversal(sizes[1])),
        lambda args, _: passing(args[0]) * passing(args[1]),
    ),
    "in_list": Charge(_among, lambda args, _: size_of_value(args[1])),
    "add_string": _CONCATENATING,
    "add_bytes": _CONCATENATING,
    "add_list": Charge(lambda sizes: Price(1, 1, _joined(sizes)), lambda *_: 1),
}


def estimated(overload: Overload, sizes: Sizes, types: Sequence[Type]) -> Price:
    """What a call costs at least and at most, without its arguments, by their sizes and types."""
    if overload.id == "equals" and types[0] == types[1]:
        price = _estimated_equality(types[0], sizes)
        if price is not None:
            return price
    estimate = overload.estimate
    if estimate is None:
        charge = _CHARGES.get(overload.id)
        return _UNIT if charge is None else charge.estimate(sizes)
    return estimate(sizes)


def _estimated_equality(type_: Type, sizes: Sizes) -> Price | None:
    if type_ in (QUANTITY, SEMVER, IP, CIDR):
        return _UNIT
    if type_ == FORMAT:
        return Price(1, scale(_LONGEST_FORMAT, 0.1))
    if type_ == URL:
        size = sizes[1] or Size(1, 1)
        return Price(1, scale(size.most, 0.1))
    return None


def _needs_values(overload: Overload) -> bool:
    """Whether what a call costs cannot be said of errors, and of values that the function does not take."""
    return overload.id in ("format-validate", "list_flatten_int", "list_distinct") or _sorts(overload)


def _sorts(overload: Overload) -> bool:
    return overload.id.endswith(("_sort", "_sortByAssociatedKeys"))


def charged(overloads: Sequence[Overload]) -> Callable[[Sequence[Any], Any], int] | None:
    """What tells from arguments, of which some may be errors, and result what a call did cost; None for 1.

    Where several overloads might have been meant, only Kubernetes' libraries still tell their price.
    """
    overload = overloads[-1]
    if overload.id == "equals":
        return _equality
    cost = overload.cost
    if cost is None:
        charge = _CHARGES.get(overload.id) if len(overloads) == 1 else None
        return None if charge is None else charge.cost
    if len(overloads) > 1 and _sorts(overload):
        return None
    return _of_values(overload, cost) if _needs_values(overload) else cost


def _equality(args: Sequence[Any], result: Any) -> int:
    return 1 if type_name(args[0]) in _ALL_ONE else _compared(args, result)


def _of_values(
    overload: Overload, cost: Callable[[Sequence[Any], Any], int]
) -> Callable[[Sequence[Any], Any], int]:
    def of_values(args: Sequence[Any], result: Any) -> int:
        return cost(args, result) if all(map(takes, overload.parameters, args)) else 1

    return of_values
