"""What a node is offered and how much of it is left, in the numbers that a problem is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property

from msgspec import Struct

from cod.allocate.blocks import blocks
from cod.allocate.capacity import units
from cod.allocate.in_use import InUse, Use
from cod.allocate.near import Stated, Surroundings
from cod.allocate.pools import Offer, Offered, Pool, PoolKey, Pools, counters_taken
from cod.allocate.problem import Amounts
from cod.allocate.requests import Condition
from cod.cel import EvaluationError
from cod.resource import Attribute, Device, Quantity, parse_quantity

Values = frozenset[tuple[str, object]]


class Matching(Struct, frozen=True):
    """The devices that meet conditions, a set as an int, and those for which a selector has no value."""

    devices: int
    errors: dict[int, tuple[Condition, EvaluationError]]


class Resources(Struct, frozen=True):
    """Counters and capacities by number: what each is, how much is left, and which devices draw upon it.

    `takes` is what each device takes of counters; `capacities` has the numbers of a shared device's.
    """

    names: tuple[tuple[str, ...], ...]
    left: tuple[int, ...]
    users: tuple[int, ...]
    takes: dict[int, Amounts]
    capacities: dict[int, dict[str, int]]


class Distances:
    """How far apart the devices of a node are."""

    def __init__(self, devices: Sequence[Offered], surroundings: Surroundings) -> None:
        self._places = [(each.key, each.device) for each in devices]
        self._surroundings = surroundings
        self._known: dict[tuple[int, int], int] = {}

    def between(self, one: int, other: int) -> int:
        """The distance of two devices."""
        key = (one, other) if one < other else (other, one)
        found = self._known.get(key)
        if found is None:
            found = self._surroundings.distance(self._places[one], self._places[other])
            self._known[key] = found
        return found


class Stock:
    """The devices on offer, by number, and what is in use of them."""

    def __init__(
        self, offer: Offer, pools: Pools, in_use: InUse, surroundings: Surroundings | None = None
    ) -> None:
        self.offer = offer
        self.devices = offer.devices
        self.surroundings = surroundings or Stated()
        self.distances = Distances(offer.devices, self.surroundings)
        self._pools = pools
        self._matching: dict[tuple[Condition, ...], Matching] = {}
        self._values: dict[str, dict[int, Values]] = {}
        self.shared = 0
        for number, each in enumerate(self.devices):
            if each.device.allow_multiple_allocations:
                self.shared |= 1 << number
        self._use(in_use)

    def with_uses(self, in_use: InUse) -> Stock:
        """The same devices in other use; what is known of the devices themselves stays known."""
        other = copy(self)
        other.__dict__.pop("resources", None)
        other._use(in_use)
        return other

    def _use(self, in_use: InUse) -> None:
        self.in_use = in_use
        self.taken = self.opened = 0
        for number, each in enumerate(self.devices):
            if each.key in in_use:
                bit = 1 << number
                shares = all(use.share_id for use in in_use[each.key])
                if self.shared & bit and shares:
                    self.opened |= bit
                else:
                    self.taken |= bit

    def matching(self, conditions: tuple[Condition, ...]) -> Matching:
        """The devices that meet these conditions, whether they can be had or not."""
        found = self._matching.get(conditions)
        if found is None:
            found = self._matching[conditions] = self._match(conditions)
        return found

    def _match(self, conditions: Sequence[Condition]) -> Matching:
        devices, errors = 0, {}
        for number, (key, device, _, _) in enumerate(self.devices):
            for condition in conditions:
                try:
                    if not condition.selector.matches(key[0], device):
                        break
                except EvaluationError as error:
                    errors[number] = condition, error
                    break
            else:
                devices |= 1 << number
        return Matching(devices, errors)

    def hidden(self, conditions: tuple[Condition, ...]) -> PoolKey | None:
        """A pool that offers nothing now, and of which devices could meet the conditions."""
        drivers = dict.fromkeys(each.key[0] for each in self.devices)
        for key in self.offer.broken:
            if key not in self.offer.obsolete and not any(
                _is_about_others(each, key[0], drivers) for each in conditions
            ):
                return key
        return None

    def values(self, attribute: str) -> dict[int, Values]:
        """The values that devices have of an attribute, each with its type; without those that have none."""
        found = self._values.get(attribute)
        if found is None:
            domain, _, name = attribute.rpartition("/")
            found = {}
            for number, (key, device, _, _) in enumerate(self.devices):
                value = device.attributes.get(attribute)
                if value is None and domain == key[0]:
                    value = device.attributes.get(name)
                if value is not None and (values := values_of(value)):
                    found[number] = values
            self._values[attribute] = found
        return found

    @cached_property
    def blocks(self) -> dict[int, str]:
        """Sets of devices that stand together, and what each is."""
        return blocks(self)

    @cached_property
    def resources(self) -> Resources:
        """Everything limited that the devices draw upon."""
        return _resources(self, self._pools)


def _is_about_others(condition: Condition, driver: str, drivers: Iterable[str]) -> bool:
    """Whether no device of a driver meets a condition, whatever it is like, but one of another might.

    That is so where the driver alone decides: the condition is false of a device that has nothing but this
    driver, and not of the same with another driver.
    """

    def is_false(of: str) -> bool:
        try:
            return not condition.selector.matches(of, _BARE)
        except EvaluationError:
            return False

    return is_false(driver) and not all(map(is_false, drivers))


_BARE = Device("bare")
_NONE: Values = frozenset()
_TYPES = ("int", "bool", "string", "version")


def values_of(attribute: Attribute) -> Values:
    """The values of an attribute: of a list each, none where it is empty or of a type that is not known."""
    scalars = (attribute.int_, attribute.bool_, attribute.string, attribute.version)
    for type_, scalar in zip(_TYPES, scalars, strict=True):
        if scalar is not None:
            return frozenset(((type_, scalar),))
    lists = (attribute.ints, attribute.bools, attribute.strings, attribute.versions)
    for type_, values in zip(_TYPES, lists, strict=True):
        if values is not None:
            return frozenset((type_, each) for each in values)
    return _NONE


def _resources(stock: Stock, pools: Pools) -> Resources:
    names: list[tuple[str, ...]] = []
    left: list[int] = []
    users: list[int] = []
    takes: dict[int, Amounts] = {}
    capacities: dict[int, dict[str, int]] = {}

    def add(name: tuple[str, ...], amount: int) -> int:
        names.append(name)
        left.append(amount)
        users.append(0)
        return len(names) - 1

    counters: dict[PoolKey, dict[tuple[str, str], int]] = {}
    for number, (key, device, pool, _) in enumerate(stock.devices):
        if device.consumes_counters:
            if pool.key not in counters:
                remaining = counters_left(pool, pools, stock.in_use)
                counters[pool.key] = {each: add((*pool.key, *each), much) for each, much in remaining.items()}
            named = counters[pool.key]
            amounts = counters_taken(device)
            takes[number] = tuple((named[each], amount) for each, amount in amounts.items())
            for resource, _ in takes[number]:
                users[resource] |= 1 << number
        if device.allow_multiple_allocations:
            capacities[number] = {}
            used = _consumed(stock.in_use.get(key, ()))
            for name, capacity in device.capacity.items():
                amount = units(parse_quantity(capacity.value)) - used.get(name, 0)
                capacities[number][name] = add((*key, name), amount)
                users[capacities[number][name]] |= 1 << number
    return Resources(tuple(names), tuple(left), tuple(users), takes, capacities)


def counters_left(pool: Pool, pools: Pools, in_use: InUse) -> dict[tuple[str, str], int]:
    """What the devices in use leave of a pool's counters.

    A device that is in use and no longer in the pool keeps what an older generation says it takes, as far as
    that is still known: Kubernetes forgets it (issue 140802).
    """
    left = dict(pool.counters)
    for device in (*pool.takers, *pools.former_takers(pool)):
        if (*pool.key, device.name) in in_use:
            for each, amount in counters_taken(device).items():
                if each in left:
                    left[each] -= amount
    return left


def _consumed(uses: Sequence[Use]) -> Mapping[str, int]:
    total: dict[str, int] = {}
    for use in uses:
        for name, amount in use.consumed.items():
            total[name] = total.get(name, 0) + units(parse_quantity(amount))
    return total


def amounts_of(share: Mapping[str, Quantity], numbers: Mapping[str, int]) -> Amounts:
    """What a share takes, by the numbers of the resources; of what it takes nothing of, nothing."""
    return tuple((numbers[name], amount) for name, each in share.items() if (amount := units(each)))
