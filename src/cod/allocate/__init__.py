"""Claims and slices in, devices out: a pure function that knows no file and no clock."""

from cod.allocate.allocator import Allocator, Options, allocate
from cod.allocate.answer import Aimed, Answer, Given
from cod.allocate.features import ALL_FEATURES
from cod.allocate.in_use import InUse, Use, in_use
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
