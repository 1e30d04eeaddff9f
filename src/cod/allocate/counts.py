"""How many devices of each kind, all kinds in one number, so that two of them are compared in one step.

A kind has 16 bits, of which the uppermost is a guard: it is set before a subtraction, and gone after it where
the kind had too few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

_BITS = 16
_ALL = (1 << _BITS) - 1
_COMPARED = 64  # comparisons that cost as much as one step of a search


def one_of(kind: int) -> int:
    """One device of a kind."""
    return 1 << _BITS * kind


def counts_of(numbers: Sequence[int]) -> int:
    """So many of each kind."""
    return sum(number << _BITS * kind for kind, number in enumerate(numbers))


def count(counts: int, kind: int) -> int:
    """How many there are of a kind."""
    return counts >> _BITS * kind & _ALL


def guards(kinds: int) -> int:
    """The guards of so many kinds."""
    return counts_of([1 << _BITS - 1] * kinds)


def less(counts: int, other: int, guard: int) -> int:
    """What is left of counts without others, and nothing of a kind of which those are more."""
    difference = (counts | guard) - other
    enough = difference & guard
    return difference & (enough - (enough >> _BITS - 1))


def largest(found: Mapping[int, T], guard: int, spend: Callable[[int], None]) -> dict[int, T]:
    """Those that no other one exceeds."""
    kept: list[int] = []
    for counts in sorted(found, key=_total, reverse=True):
        if not any((other - counts) & guard == guard for other in kept):
            kept.append(counts | guard)
    spend(len(found) * len(kept) // _COMPARED)
    return {counts & ~guard: found[counts & ~guard] for counts in kept}


def smallest(found: Mapping[int, T], guard: int, spend: Callable[[int], None]) -> dict[int, T]:
    """Those that exceed no other one."""
    kept: list[int] = []
    for counts in sorted(found, key=_total):
        guarded = counts | guard
        if not any((guarded - other) & guard == guard for other in kept):
            kept.append(counts)
    spend(len(found) * len(kept) // _COMPARED)
    return {counts: found[counts] for counts in kept}


def _total(counts: int) -> int:
    """The number of all devices: a number has the same remainder as its digits together."""
    return counts % _ALL
