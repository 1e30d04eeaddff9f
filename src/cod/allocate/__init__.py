"""Claims and slices in, devices out: a pure function that knows no file and no clock.

    requests, preferences   what claims ask for
    pools, stock            what a node is offered, and what is left of it
    candidates, problem     which devices are open to which request, as numbers
    search, pack, patterns  whether there is a solution, and one: exact
    alternatives, best      which of all solutions
    result, answer          the allocation, and why it is so
    explain, refusal        why there is none

Each name is imported on first use: who only looks does not allocate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cod.allocate.in_use import InUse, Use, in_use  # at once: the function has the name of its module
from cod.lazy import lazy

if TYPE_CHECKING:
    from cod.allocate.allocator import Allocator, Options, allocate
    from cod.allocate.answer import Aimed, Answer, Given
    from cod.allocate.features import ALL_FEATURES
    from cod.allocate.near import Stated, Surroundings, Surveyed
    from cod.allocate.nodes import Node
    from cod.allocate.refusal import (
        AllocationFailed,
        Change,
        ConstraintReport,
        Fall,
        NoFit,
        Refusal,
        RequestReport,
        Undecided,
    )

_HOMES = {
    "allocator": "Allocator Options allocate",
    "answer": "Aimed Answer Given",
    "features": "ALL_FEATURES",
    "near": "Stated Surroundings Surveyed",
    "nodes": "Node",
    "refusal": "AllocationFailed Change ConstraintReport Fall NoFit Refusal RequestReport Undecided",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "ALL_FEATURES",
    "Aimed",
    "AllocationFailed",
    "Allocator",
    "Answer",
    "Change",
    "ConstraintReport",
    "Fall",
    "Given",
    "InUse",
    "NoFit",
    "Node",
    "Options",
    "Refusal",
    "RequestReport",
    "Stated",
    "Surroundings",
    "Surveyed",
    "Undecided",
    "Use",
    "allocate",
    "in_use",
]


__getattr__ = lazy(__name__, _HOME_OF)
