"""What makes one choice better than another, as costs that only grow while devices are added.

Costs are compared from the first to the last: how far the devices that are to be close are apart; what soft
wishes go unmet, by their weights; what is spoiled of partitions; and of blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cod.allocate.capacity import units
from cod.allocate.pack import Pick
from cod.allocate.preferences import Scoped, Soft
from cod.allocate.problem import State
from cod.allocate.remainder import Remainder
from cod.allocate.requests import Alternative, Wishes
from cod.allocate.stock import Distances, Stock, Values
from cod.cel import EvaluationError, Selector
from cod.resource import parse_quantity

Cost = tuple[int, int, int, int]
ZERO: Cost = (0, 0, 0, 0)


class Aim(Protocol):
    """One thing that is wished."""

    requests: frozenset[int]
    text: str

    def cost(self, picks: Sequence[Pick], device: int) -> int:
        """How much a device adds to what these picks cost, which are of its requests."""

    def are_alike(self, one: int, other: int) -> bool:
        """Whether two devices cost the same beside all others, distances left aside."""


class Closest:
    """The sum of the distances of every two devices."""

    text = "closest together"

    def __init__(self, requests: frozenset[int], distances: Distances) -> None:
        self.requests = requests
        self.distances = distances

    def cost(self, picks: Sequence[Pick], device: int) -> int:
        """The distances of a device to those that are there."""
        return sum(self.distances.between(device, other) for _, other in picks)

    def are_alike(self, one: int, other: int) -> bool:  # noqa: ARG002
        """Always: distances are all that counts."""
        return True


class Switches:
    """The number of switches that the devices are below, less one; what is below none does not count."""

    text = "fewest switches"

    def __init__(self, requests: frozenset[int], stock: Stock) -> None:
        self.requests = requests
        switch = stock.surroundings.switch
        self._switches = [switch((each.key, each.device)) for each in stock.devices]

    def cost(self, picks: Sequence[Pick], device: int) -> int:
        """1 if those that are there are below other switches."""
        mine = self._switches[device]
        others = {self._switches[other] for _, other in picks} - {None}
        return int(mine is not None and bool(others) and mine not in others)

    def are_alike(self, one: int, other: int) -> bool:
        """Whether they are below the same switch."""
        return self._switches[one] == self._switches[other]


class Same:
    """The number of pairs that share no value of an attribute."""

    def __init__(self, requests: frozenset[int], attribute: str, values: dict[int, Values]) -> None:
        self.requests = requests
        self.text = f"same {attribute}"
        self._values = values

    def cost(self, picks: Sequence[Pick], device: int) -> int:
        """How many of those that are there share no value with the device."""
        mine: Values = self._values.get(device, frozenset())
        return sum(mine.isdisjoint(self._values.get(other, ())) for _, other in picks)

    def are_alike(self, one: int, other: int) -> bool:
        """Whether they have the same values."""
        return self._values.get(one) == self._values.get(other)


class Spread:
    """The number of pairs that share a value of an attribute."""

    def __init__(self, requests: frozenset[int], attribute: str, values: dict[int, Values]) -> None:
        self.requests = requests
        self.text = f"spread over {attribute}"
        self._values = values

    def cost(self, picks: Sequence[Pick], device: int) -> int:
        """How many of those that are there share a value with the device."""
        mine: Values = self._values.get(device, frozenset())
        return sum(not mine.isdisjoint(self._values.get(other, ())) for _, other in picks)

    def are_alike(self, one: int, other: int) -> bool:
        """Whether they have the same values."""
        return self._values.get(one) == self._values.get(other)


class Least:
    """How many lesser amounts of a capacity, or of an attribute that is a number, there would have been."""

    def __init__(self, requests: frozenset[int], name: str, stock: Stock) -> None:
        self.requests = requests
        self.text = f"least {name}"
        amounts = {number: _amount(stock, number, name) for number in range(len(stock.devices))}
        if not any(amounts.values()):
            self.text += ", which no device has"
        ranks = {amount: rank for rank, amount in enumerate(sorted(set(amounts.values())))}
        self._ranks = {number: ranks[amount] for number, amount in amounts.items()}

    def cost(self, picks: Sequence[Pick], device: int) -> int:  # noqa: ARG002
        """The rank of the device's amount, 0 for the least on the node."""
        return self._ranks[device]

    def are_alike(self, one: int, other: int) -> bool:
        """Whether they have as much."""
        return self._ranks[one] == self._ranks[other]


class Preferred:
    """The number of devices that a selector is not true of."""

    def __init__(self, requests: frozenset[int], selector: Selector, stock: Stock) -> None:
        self.requests = requests
        self.text = f"preferred where {selector.expression}"
        self._selector = selector
        self._stock = stock

    def cost(self, picks: Sequence[Pick], device: int) -> int:  # noqa: ARG002
        """1 if the selector is not true of the device, or has no value."""
        key, found, _, _ = self._stock.devices[device]
        try:
            return int(not self._selector.matches(key[0], found))
        except EvaluationError:
            return 1

    def are_alike(self, one: int, other: int) -> bool:
        """Whether both are preferred, or neither."""
        return self.cost((), one) == self.cost((), other)


class Aims:
    """All that is wished of the devices of a node, and what they would spoil."""

    def __init__(self, wishes: Wishes, chosen: Sequence[Alternative], stock: Stock) -> None:
        """Take the wishes that are about these alternatives of the requests."""
        self.stock = stock
        self.closest: list[Closest] = []
        self.soft: list[tuple[int, Aim]] = []
        self.remainder = Remainder(stock)
        for claim, scoped in wishes.preferences:
            numbers = frozenset(
                number
                for number, wish in enumerate(wishes.requests)
                if wish.claim == claim
                and (
                    not scoped.requests
                    or wish.name in scoped.requests
                    or chosen[number].name in scoped.requests
                )
            )
            self._add(scoped, numbers)

    @property
    def has_wishes(self) -> bool:
        """Whether more is wished than that little is spoiled."""
        return bool(self.closest or self.soft)

    @property
    def distances(self) -> Distances:
        """How far apart the devices are."""
        return self.stock.distances

    def cost(self, state: State, picks: Sequence[Pick], pick: Pick) -> Cost:
        """What a pick adds to what those before it cost; `state` is the one before it."""
        request, device = pick
        apart = sum(each.cost(_of(each, picks), device) for each in self.closest if request in each.requests)
        unmet = sum(
            weight * each.cost(_of(each, picks), device)
            for weight, each in self.soft
            if request in each.requests
        )
        partitions, blocks = (0, 0)
        if not state.problem.needs[request].admin:
            partitions, blocks = self.remainder.cost(state, request, device)
        return apart, unmet, partitions, blocks

    def are_alike(self, one: int, other: int, devices: Sequence[int]) -> bool:
        """Whether no cost changes where these two of the devices are swapped."""
        bits = 1 << one, 1 << other
        if any(bool(block & bits[0]) != bool(block & bits[1]) for block in self.stock.blocks):
            return False
        if not all(each.are_alike(one, other) for _, each in self.soft):
            return False
        if not self.closest:
            return True
        between = self.distances.between
        return all(between(one, each) == between(other, each) for each in devices if each not in (one, other))

    def _add(self, scoped: Scoped, requests: frozenset[int]) -> None:
        if scoped.preferences.closest:
            self.closest.append(Closest(requests, self.distances))
        for soft, selector in zip(scoped.preferences.prefer, scoped.selectors, strict=True):
            self.soft.append((soft.weight, self._aim(soft, selector, requests)))

    def _aim(self, soft: Soft, selector: Selector | None, requests: frozenset[int]) -> Aim:
        if soft.same:
            return Same(requests, soft.same, self.stock.values(soft.same))
        if soft.spread:
            return Spread(requests, soft.spread, self.stock.values(soft.spread))
        if soft.fewest:
            return Switches(requests, self.stock)
        if selector is not None:
            return Preferred(requests, selector, self.stock)
        return Least(requests, soft.least, self.stock)


def plus(one: Cost, other: Cost) -> Cost:
    """The sum of two costs."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _of(aim: Aim, picks: Sequence[Pick]) -> Sequence[Pick]:
    return [each for each in picks if each[0] in aim.requests]


def _amount(stock: Stock, number: int, name: str) -> int:
    key, device, _, _ = stock.devices[number]
    domain, _, bare = name.rpartition("/")
    names = (name, bare) if domain == key[0] else (name,)
    for each in names:
        if each in device.capacity:
            return units(parse_quantity(device.capacity[each].value))
        attribute = device.attributes.get(each)
        if attribute is not None and attribute.int_ is not None:
            return attribute.int_ * 10**9
    return 0
