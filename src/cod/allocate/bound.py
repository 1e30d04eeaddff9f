"""How far apart devices are at least, whatever is chosen for the rest of the requests.

A device that is still to be chosen adds its distances to those that are, and half of the distances to the
rest, of which the nearest that could be had at the start are the least. So every device has a value, and as
many as are wanted of the least values are the bound. Requests that are open to the same devices count
together, except where they may share one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from cod.allocate.aims import Closest
from cod.allocate.problem import State, bits


class Bound:
    """The least that the rest adds to the distances of one aim; made when nothing is chosen yet."""

    def __init__(self, aim: Closest, state: State) -> None:
        self._between = aim.distances.between
        self._shared = state.problem.shared
        kinds: dict[object, list[int]] = {}
        for number in sorted(aim.requests):
            if state.wanted[number]:
                open_ = state.open[number]
                kinds.setdefault((open_, number if open_ & self._shared else -1), []).append(number)
        self._kinds = list(kinds.values())
        self._open = [state.open[numbers[0]] for numbers in self._kinds]
        self._known: dict[tuple[int, int, tuple[int, ...]], int] = {}
        self._sums: dict[tuple[int, int, bool], list[int]] = {}

    def least(self, state: State, chosen: Sequence[int]) -> int:
        """The bound, for the devices chosen for the requests of the aim."""
        wanted = tuple(sum(state.wanted[number] for number in numbers) for numbers in self._kinds)
        between, doubled = self._between, 0
        for kind, count in enumerate(wanted):
            if count:
                open_ = 0
                for number in self._kinds[kind]:
                    open_ |= state.open[number]
                values = sorted(
                    2 * sum([between(device, other) for other in chosen]) + self._rest(kind, device, wanted)
                    for device in bits(open_)
                )
                doubled += sum(values[:count])
        return -(-doubled // 2)

    def _rest(self, kind: int, device: int, wanted: tuple[int, ...]) -> int:
        """The distances from a device to the nearest of as many others as are wanted beside it."""
        key = kind, device, wanted
        found = self._known.get(key)
        if found is None:
            found = 0
            for other, count in enumerate(wanted):
                sums = self._nearest(device, other, itself=other != kind and bool(self._shared >> device & 1))
                found += sums[min(count - (other == kind), len(sums) - 1)]
            self._known[key] = found
        return found

    def _nearest(self, device: int, kind: int, *, itself: bool) -> list[int]:
        """For each number how far as many of a kind are at least, together."""
        key = device, kind, itself
        found = self._sums.get(key)
        if found is None:
            others = (other for other in bits(self._open[kind]) if other != device or itself)
            distances = sorted(self._between(device, other) for other in others)
            found = self._sums[key] = [*accumulate(distances, initial=0)]
        return found
