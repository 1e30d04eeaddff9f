"""What a part of a problem can serve: devices that share resources, seen for themselves.

A *pattern* says how many devices of the part go to each kind of request, and which. Only the largest patterns
count, since whatever serves more serves less, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from cod.allocate.counts import count, guards, largest, one_of
from cod.allocate.problem import Amounts, bits

Picks = tuple[tuple[int, int], ...]  # kinds and devices
Patterns = dict[int, Picks]  # by how many of each kind they are


class Kind(Struct, frozen=True):
    """So many requests that the same devices are open to, on the same terms: `wanted` devices in all.

    A shared device goes to each of them at most once. Where any is open, they want equally many: then devices
    can be dealt out to them in turn, whichever these are.
    """

    wanted: int
    open: int
    requests: int
    claim: int  # -1 where it does not matter
    admin: bool = False
    shares: dict[int, Amounts] = {}
    distincts: tuple[int, ...] = ()


class Part(Struct, frozen=True):
    """Devices that are bound together; `left` is what they have of their resources, by number."""

    devices: tuple[int, ...]
    shared: int
    opened: int
    takes: dict[int, Amounts]
    left: dict[int, int]
    distincts: tuple[dict[int, int], ...]

    def key(self, kinds: Sequence[Kind]) -> tuple[object, ...]:
        """The same for parts that differ only in what their devices and resources are called."""
        place = {device: number for number, device in enumerate(self.devices)}
        named: dict[int, int] = {}

        def local(amounts: Amounts) -> tuple[tuple[int, int], ...]:
            return tuple((named.setdefault(resource, len(named)), amount) for resource, amount in amounts)

        devices = tuple(
            (
                self.shared >> device & 1,
                self.opened >> device & 1,
                tuple(kind.open >> device & 1 for kind in kinds),
                local(self.takes.get(device, ())),
                tuple(local(kind.shares.get(device, ())) for kind in kinds),
                tuple(
                    tuple(place[other] for other in bits(each.get(device, 0)) if other in place)
                    for each in self.distincts
                ),
            )
            for device in self.devices
        )
        return devices, tuple(self.left.get(resource, 0) for resource in named)


class _At(Struct, frozen=True):
    """Where the enumeration stands: what is left, what is closed, and who has the device at hand."""

    left: tuple[int, ...]
    closed: tuple[int, ...]
    opened: bool
    having: tuple[int, ...]


def patterns(part: Part, kinds: Sequence[Kind], spend: Callable[[int], None]) -> Patterns:
    """The largest patterns of a part. `spend` is told of each step, and may raise."""
    return _Enumeration(part, kinds, spend).run()


class _Enumeration:
    """Goes through all pairs of a device and a kind, and takes or leaves each. Like states meet again."""

    def __init__(self, part: Part, kinds: Sequence[Kind], spend: Callable[[int], None]) -> None:
        self.part = part
        self.kinds = kinds
        self.spend = spend
        self.slots = [
            (device, number)
            for device in part.devices
            for number, kind in enumerate(kinds)
            if kind.open >> device & 1
            for _ in range(min(kind.requests, kind.wanted) if part.shared >> device & 1 else 1)
        ]
        self.resources = {resource: number for number, resource in enumerate(part.left)}
        self.guard = guards(len(kinds))

    def run(self) -> Patterns:
        """From the last slot to the first, over the states that the first reaches."""
        start = _At(tuple(self.part.left.values()), (0,) * len(self.part.distincts), False, ())
        layers: list[dict[_At, tuple[_At, _At | None]]] = []
        reached: dict[_At, None] = {start: None}
        for number in range(len(self.slots)):
            layer = {at: self._next(number, at) for at in reached}
            self.spend(len(layer))
            layers.append(layer)
            reached = {at: None for nexts in layer.values() for at in nexts if at is not None}
        values: dict[_At, Patterns] = {at: {0: ()} for at in reached}
        for number in range(len(self.slots) - 1, -1, -1):
            values = {at: self._best(number, nexts, values) for at, nexts in layers[number].items()}
        return values[start]

    def _best(self, number: int, nexts: tuple[_At, _At | None], values: dict[_At, Patterns]) -> Patterns:
        left, taken = nexts
        if taken is None:
            return values[left]
        device, kind = self.slots[number]
        most = self.kinds[kind].wanted
        found = dict(values[left])
        for counts, picks in values[taken].items():
            if count(counts, kind) < most:
                found.setdefault(counts + one_of(kind), ((kind, device), *picks))
        self.spend(1)
        return largest(found, self.guard, self.spend) if len(found) > 1 else found

    def _next(self, number: int, at: _At) -> tuple[_At, _At | None]:
        """The states after leaving and after taking a slot."""
        device, number_of_kind = self.slots[number]
        kind = self.kinds[number_of_kind]
        ends = number + 1 == len(self.slots) or self.slots[number + 1][0] != device
        taken = self._take(device, number_of_kind, kind, at)
        if ends:
            at = _At(at.left, at.closed, False, ())
            taken = taken and _At(taken.left, taken.closed, False, ())
        return at, taken

    def _take(self, device: int, number: int, kind: Kind, at: _At) -> _At | None:
        bit = 1 << device
        if any(at.closed[each] & bit for each in kind.distincts):
            return None
        exclusive = not self.part.shared & bit
        for other in at.having:
            having = self.kinds[other]
            if kind.claim == having.claim if kind.admin or having.admin else exclusive:
                return None
        left = at.left
        if not kind.admin:
            amounts = kind.shares.get(device, ())
            if not (at.opened or self.part.opened & bit):
                amounts += self.part.takes.get(device, ())
            drawn = self._drawn(left, amounts)
            if drawn is None:
                return None
            left = drawn
        closed = tuple(
            mask | self.part.distincts[each].get(device, 0) if each in kind.distincts else mask
            for each, mask in enumerate(at.closed)
        )
        return _At(left, closed, at.opened or not kind.admin, (*at.having, number))

    def _drawn(self, left: tuple[int, ...], amounts: Amounts) -> tuple[int, ...] | None:
        if not amounts:
            return left
        after = list(left)
        for resource, amount in amounts:
            place = self.resources.get(resource)
            if place is not None:
                after[place] -= amount
                if after[place] < 0:
                    return None
        return tuple(after)
