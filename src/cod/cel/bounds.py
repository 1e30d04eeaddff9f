"""How large what an expression reads of a device can be, which Kubernetes takes for granted in its estimates.

Source: Kubernetes `dynamic-resource-allocation/cel/compile.go`, sizeEstimator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from cod.cel.functions import Size

KEYS, VALUES, ITEMS, INDICES = "@keys", "@values", "@items", "@indices"


class Bound(Struct, frozen=True):
    """The most characters, items or entries of a value, and the bounds of what is in it.

    `any_field` are the values of a map that are bounded also where they stand after a dot.
    """

    most: int = 0
    keys: Bound | None = None
    values: Bound | None = None
    any_field: Bound | None = None
    fields: Mapping[str, Bound] = {}

    def at(self, step: str) -> Bound | None:
        """The bound of what is one step further on a path."""
        if step in (VALUES, ITEMS):
            return self.values
        if step == KEYS:
            return self.keys
        return self.fields.get(step, self.any_field)


_DOMAIN, _NAME, _DRIVER, _BOOL = Bound(63), Bound(32), Bound(63), Bound(1)
_ATTRIBUTE = Bound(64)  # characters, or items where it is a list
_ATTRIBUTES = Bound(32, _NAME, _ATTRIBUTE, _ATTRIBUTE)
_CAPACITY = Bound(32, _NAME, Bound())
DEVICE_BOUND = Bound(
    fields={
        "driver": _DRIVER,
        "allowMultipleAllocations": _BOOL,
        "attributes": Bound(32, _DOMAIN, _ATTRIBUTES),
        "capacity": Bound(32, _DOMAIN, _CAPACITY),
    }
)


def size_at(path: Sequence[str]) -> Size | None:
    """The size of what stands at the end of a path, such as device, attributes, @values, name."""
    if not path or path[0] != "device":
        return None
    bound: Bound | None = DEVICE_BOUND
    for step in path[1:]:
        bound = bound.at(step) if bound is not None else None
    return None if bound is None else Size(0, bound.most)
