"""Share devices out to requests whose choices overlap: a largest matching, by augmenting paths.

Source: the Hungarian method of Kuhn 1955, for a graph without weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def match(wishes: Mapping[str, tuple[int, Sequence[T]]]) -> dict[str, list[T]]:
    """Give each request its number of things out of its choices, nothing twice.

    If not all can be met, as many things as possible are given, and no earlier request loses by a later one.
    Among equals the earlier choice is taken. Costs at most slots × all choices.
    """
    slots = [
        (name, choices) for name, (count, choices) in wishes.items() for _ in range(min(count, len(choices)))
    ]
    owner: dict[T, int] = {}
    for slot in range(len(slots)):
        _augment(slots, slot, owner)
    given: dict[str, list[T]] = {name: [] for name in wishes}
    for thing, slot in owner.items():
        given[slots[slot][0]].append(thing)
    return {name: sorted(given[name], key=list(choices).index) for name, (_, choices) in wishes.items()}


def _augment(slots: Sequence[tuple[str, Sequence[T]]], start: int, owner: dict[T, int]) -> None:
    """Give a slot a thing, by moving the owners of others along the shortest path that ends at a free one."""
    came_from: dict[T, int] = {}
    frontier = [start]
    for slot in frontier:
        for thing in slots[slot][1]:
            if thing in came_from:
                continue
            came_from[thing] = slot
            if thing in owner:
                frontier.append(owner[thing])
                continue
            _hand_over(thing, came_from, owner)
            return


def _hand_over(thing: T, came_from: Mapping[T, int], owner: dict[T, int]) -> None:
    had = {slot: each for each, slot in owner.items()}
    while True:
        slot = came_from[thing]
        owner[thing] = slot
        if slot not in had:
            return
        thing = had[slot]
