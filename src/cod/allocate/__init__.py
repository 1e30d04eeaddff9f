"""Claims and slices in, devices out: a pure function that knows no file and no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cod.allocate.in_use import InUse, Use, in_use  # at once: the function has the name of its module
from cod.lazy import lazy

if TYPE_CHECKING:
    from cod.allocate.allocator import Allocator, Options, allocate
    from cod.allocate.near import Surroundings, Surveyed
    from cod.allocate.nodes import Node
    from cod.allocate.refusal import (
        AllocationFailed,
        ConstraintReport,
        Fall,
        NoFit,
        Refusal,
        RequestReport,
        Undecided,
    )

_HOMES = {
    "allocator": "Allocator Options allocate",
    "near": "Surroundings Surveyed",
    "nodes": "Node",
    "refusal": "AllocationFailed ConstraintReport Fall NoFit Refusal RequestReport Undecided",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AllocationFailed",
    "Allocator",
    "ConstraintReport",
    "Fall",
    "InUse",
    "NoFit",
    "Node",
    "Options",
    "Refusal",
    "RequestReport",
    "Surroundings",
    "Surveyed",
    "Undecided",
    "Use",
    "allocate",
    "in_use",
]


__getattr__ = lazy(__name__, _HOME_OF)
