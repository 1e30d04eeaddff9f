"""Which devices are open to a request, and of every other one the first thing that rules it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from cod.allocate.capacity import share, shortfall, units
from cod.allocate.problem import Amounts, Link, Need, Problem, bits
from cod.allocate.requests import Alternative, Bond, Tie, Wishes
from cod.allocate.stock import Stock, Values, amounts_of
from cod.allocate.taints import barrier
from cod.resource import Quantity, parse_quantity

Rule = Literal["class", "selector", "error", "held", "taint", "capacity", "counter", "attribute"]


class Obstacle(NamedTuple):
    """What keeps a device from a request: the rule, and what it found."""

    rule: Rule
    text: str


class Composer:
    """Puts problems together, of the same wishes on the same node; what they have in common is made once."""

    def __init__(self, wishes: Wishes, stock: Stock) -> None:
        self._wishes = wishes
        self._stock = stock
        self._needs: dict[int, Need] = {}
        self._numbers: dict[int, int] = {}  # of bonds, among those of their kind
        matches: list[tuple[int, ...]] = []
        distincts: list[dict[int, int]] = []
        for number, bond in enumerate(wishes.bonds):
            values = stock.values(bond.attribute)
            self._numbers[number] = len(matches) if bond.is_match else len(distincts)
            if bond.is_match:
                matches.append(tuple(_having(values).values()))
            else:
                distincts.append(_sharing(values))
        resources = stock.resources
        self._frame = Problem(
            needs=(),
            shared=stock.shared,
            opened=stock.opened,
            takes=resources.takes,
            left=resources.left,
            users=resources.users,
            matches=tuple(matches),
            distincts=tuple(distincts),
        )

    def problem(self, chosen: Sequence[Alternative]) -> Problem:
        """The problem of these requests of the wishes, one alternative of each."""
        links = tuple(_link(each, chosen, self._stock) for each in self._wishes.ties)
        return replace(self._frame, needs=tuple(map(self.need, chosen)), links=links)

    def need(self, one: Alternative) -> Need:
        """What an alternative needs."""
        found = self._needs.get(id(one))
        if found is None:
            found = self._needs[id(one)] = self._need(one)
        return found

    def _need(self, one: Alternative) -> Need:
        bonds, stock = self._wishes.bonds, self._stock
        candidates, shares, all_ = _candidates(one, stock)
        binding = [number for number, bond in enumerate(bonds) if bond.binds(one)]
        for number in binding:
            candidates &= sum(1 << device for device in stock.values(bonds[number].attribute))
        return Need(
            claim=one.claim,
            count=one.count or max(all_, 1),
            candidates=candidates,
            admin=one.admin,
            shares=shares,
            matches=tuple(self._numbers[each] for each in binding if bonds[each].is_match),
            distincts=tuple(self._numbers[each] for each in binding if not bonds[each].is_match),
        )


def _link(tie: Tie, chosen: Sequence[Alternative], stock: Stock) -> Link:
    """The devices that are linked as a tie wants them to be."""

    def called(name: str) -> frozenset[int]:
        mine = (number for number, each in enumerate(chosen) if each.claim == tie.claim)
        return frozenset(number for number in mine if name in (chosen[number].request, chosen[number].name))

    numbers = {each.key: number for number, each in enumerate(stock.devices)}
    near: dict[int, int] = {}
    for (one, other), link in stock.surroundings.links.items():
        if one in numbers and other in numbers and tie.kind in ("", link.kind) and link.mb_s >= tie.mb_s:
            near[numbers[one]] = near.get(numbers[one], 0) | 1 << numbers[other]
    return Link(called(tie.one), called(tie.other), near)


def _candidates(one: Alternative, stock: Stock) -> tuple[int, dict[int, Amounts], int]:
    """The devices that an alternative could have, what it takes of shared ones, and how many All are."""
    matching = stock.matching(one.conditions).devices
    candidates = matching if one.admin else matching & ~stock.taken
    shares: dict[int, Amounts] = {}
    all_ = 0
    for number in bits(matching if not one.count else candidates):
        if not has_enough(one, number, stock) or (not one.count and not has_left(one, number, stock)):
            candidates &= ~(1 << number)
            continue
        all_ += 1
        device = stock.devices[number].device
        if device.taints and barrier(device.taints, one.tolerations):
            candidates &= ~(1 << number)
        if device.allow_multiple_allocations and not one.admin:
            amounts = share(device, one.capacity)
            assert not isinstance(amounts, str)  # it has enough
            shares[number] = amounts_of(amounts, stock.resources.capacities[number])
    if not one.count and stock.hidden(one.conditions):
        candidates = 0  # nobody knows which are all
    return candidates, shares, all_


def has_enough(one: Alternative, number: int, stock: Stock) -> bool:
    """Whether a device has the capacities that are asked for at all. One that has not is none of All."""
    device = stock.devices[number].device
    if device.allow_multiple_allocations:
        return not isinstance(share(device, one.capacity), str)
    return not one.capacity or not shortfall(device, one.capacity)


def has_left(one: Alternative, number: int, stock: Stock) -> bool:
    """Whether a shared device has as much left: one that has not is none of All, either."""
    device = stock.devices[number].device
    if not device.allow_multiple_allocations or one.admin:
        return True
    amounts = share(device, one.capacity)
    resources = stock.resources
    return not isinstance(amounts, str) and all(
        resources.left[resource] >= amount
        for resource, amount in amounts_of(amounts, resources.capacities[number])
    )


def obstacle(one: Alternative, number: int, bonds: Sequence[Bond], stock: Stock) -> Obstacle | None:
    """The first thing that keeps a device from a request, whatever the others get."""
    key, device, _, _ = stock.devices[number]
    matching = stock.matching(one.conditions)
    if number in matching.errors:
        condition, error = matching.errors[number]
        return Obstacle("error", f"the selector of {condition.whose} has no value: {error}")
    if not matching.devices >> number & 1:
        for condition in one.conditions:
            if not condition.selector.matches(key[0], device):
                rule: Rule = "class" if condition.whose.startswith("class ") else "selector"
                return Obstacle(rule, condition.selector.why_not(key[0], device).text)
    if stock.taken >> number & 1 and not one.admin:
        holders = dict.fromkeys(use.holder for use in stock.in_use.get(key, ()))
        return Obstacle("held", f"held by {', '.join(holders)}")
    if (taint := barrier(device.taints, one.tolerations)) is not None:
        return Obstacle("taint", f"{taint.key}: {taint.value}" if taint.value else taint.key)
    return _short(one, number, stock) or _unbound(one, number, bonds, stock)


def _short(one: Alternative, number: int, stock: Stock) -> Obstacle | None:
    """What there is too little of: of the device's capacities, or of the counters that it draws upon."""
    device = stock.devices[number].device
    resources = stock.resources
    if not device.allow_multiple_allocations:
        if reason := shortfall(device, one.capacity):
            return Obstacle("capacity", reason)
    else:
        amounts = share(device, one.capacity)
        if isinstance(amounts, str):
            return Obstacle("capacity", amounts)
        if not one.admin:
            for name, amount in amounts.items():
                left = resources.left[resources.capacities[number][name]]
                if left < units(amount):
                    total = device.capacity[name].value
                    text = f"{in_words(left, total)} {name} left, {amount} is wanted"
                    return Obstacle("capacity", text)
    if not one.admin and not stock.opened >> number & 1:
        for resource, wanted in resources.takes.get(number, ()):
            if resources.left[resource] < wanted:
                *_, set_, counter = resources.names[resource]
                return Obstacle("counter", f"too little {counter} left in {set_}")
    return None


def _unbound(one: Alternative, number: int, bonds: Sequence[Bond], stock: Stock) -> Obstacle | None:
    for bond in bonds:
        if bond.binds(one) and number not in stock.values(bond.attribute):
            return Obstacle("attribute", f"it has no {bond.attribute}")
    return None


def in_words(left: int, total: str) -> str:
    """How much is left of the whole, both as the whole is written: `8 of 32`."""
    whole = parse_quantity(total)
    return f"{Quantity(max(left, 0), -9, whole.format).canonical} of {total}"


def _having(values: dict[int, Values]) -> dict[object, int]:
    """The devices that have each value."""
    having: dict[object, int] = {}
    for number, each in values.items():
        for value in each:
            having[value] = having.get(value, 0) | 1 << number
    return having


def _sharing(values: dict[int, Values]) -> dict[int, int]:
    """The devices that share a value with each."""
    having = _having(values)
    sharing = {}
    for number, each in values.items():
        sharing[number] = 0
        for value in each:
            sharing[number] |= having[value]
    return sharing
