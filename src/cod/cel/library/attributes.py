"""`x.includes(v)`: for attributes that may be lists, and for those that are none.

Source: Kubernetes 1.36 `dynamic-resource-allocation/cel/compile.go`.
"""

from __future__ import annotations

from typing import Any

from cod.cel.equality import equal
from cod.cel.functions import EvaluationError, Function, Price
from cod.cel.library.declare import Charge, method
from cod.cel.types import BOOL, DYN

LONGEST_ATTRIBUTE = 48  # values that one attribute may have


def includes(value: Any, wanted: Any) -> bool:
    """Whether a value is equal to the wanted one, or has it among its first 48 items; longer lists fail."""
    if not isinstance(value, (list, tuple)):
        return equal(value, wanted)
    if any(equal(item, wanted) for item in value[:LONGEST_ATTRIBUTE]):
        return True
    if len(value) > LONGEST_ATTRIBUTE:
        what = "'includes' function cannot be applied to lists longer than"
        raise EvaluationError(f"{what} {LONGEST_ATTRIBUTE} values")
    return False


_AT_MOST_EACH = Charge(lambda _: Price(0, LONGEST_ATTRIBUTE), lambda *_: 1)

FUNCTIONS: tuple[Function, ...] = (
    Function("includes", (method("dra_includes_dyn_dyn", (DYN, DYN), BOOL, includes, _AT_MOST_EACH),)),
)
