"""Where Kubernetes' allocator gives up with an error, though it could have gone on.

COD rules out the one device or pool that is at fault, and says so. Who wants to know what a cluster does asks
to be strict.
"""

from __future__ import annotations

from collections.abc import Sequence

from cod.allocate.alternatives import Choice
from cod.allocate.problem import bits
from cod.allocate.refusal import AllocationFailed
from cod.allocate.requests import Alternative, Bond, Wishes
from cod.allocate.stock import Stock, Values, values_of


def fail_before(wishes: Wishes, stock: Stock) -> None:
    """Fail where all devices are asked for and a pool, whoever's it is, is not whole."""
    for wish in wishes.requests:
        for each in wish.alternatives:
            if each.count or not stock.offer.broken:
                continue
            key = next(iter(stock.offer.broken))
            state = "invalid" if key in stock.offer.invalid else "currently being updated"
            raise AllocationFailed(
                f"{_where(each, wishes)}: asks for all devices, but resource pool {'/'.join(key)} is {state}",
                only_for_node=False,
            )


def fail_after(wishes: Wishes, stock: Stock, choice: Choice | None) -> None:
    """Fail where a selector, a constraint on all devices or an invalid pool makes Kubernetes fail.

    It evaluates selectors only until it has found enough devices.
    """
    for number, wish in enumerate(wishes.requests):
        for each in wish.alternatives:
            last = len(stock.devices)
            if choice is not None:
                last = max((device for request, device in choice.picks if request == number), default=0)
            _fail_by_selector(each, wishes, stock, last)
            if not each.count and choice is None:
                _fail_by_constraint(each, wishes, stock)
            if choice is not None and choice.alternatives[number] is each:
                break
    if choice is None and stock.offer.invalid:
        raise AllocationFailed("invalid resource pools were encountered", only_for_node=True)


def _fail_by_selector(one: Alternative, wishes: Wishes, stock: Stock, last: int) -> None:
    """Fail by a selector without a value; Kubernetes gives it all attributes, and each has to have one."""
    errors = {
        number: (each, str(error)) for number, (each, error) in stock.matching(one.conditions).errors.items()
    }
    for number, (_, device, _, _) in enumerate(stock.devices):
        for name, attribute in device.attributes.items():
            if one.conditions and not values_of(attribute):
                errors[number] = one.conditions[0], f"attribute {name}: unsupported attribute value"
    for number, (condition, error) in sorted(errors.items()):
        if number < last and (one.admin or not stock.taken >> number & 1):
            whose = condition.whose
            if not whose.startswith("class "):
                whose = f"claim {wishes.claims[one.claim].name}"
            device_name = "/".join(stock.devices[number].key)
            raise AllocationFailed(
                f"{whose}: selector #{condition.number} on device {device_name}: CEL runtime error: {error}",
                only_for_node=False,
            )


def _fail_by_constraint(one: Alternative, wishes: Wishes, stock: Stock) -> None:
    devices = stock.matching(one.conditions).devices
    for bond in wishes.bonds:
        if not bond.binds(one):
            continue
        number = _violator(bond, [*bits(devices)], stock)
        if number is not None:
            device = "/".join(stock.devices[number].key)
            raise AllocationFailed(
                f"{_where(one, wishes)}: cannot add device {device} "
                "because a claim constraint would not be satisfied",
                only_for_node=False,
            )


def _violator(bond: Bond, devices: Sequence[int], stock: Stock) -> int | None:
    """The first device that does not go with those before it."""
    values = stock.values(bond.attribute)
    common: Values | None = None
    for number in devices:
        mine = values.get(number)
        if mine is None:
            return number
        if common is None:
            common = mine
        elif bond.is_match:
            common &= mine
            if not common:
                return number
        elif common & mine:
            return number
        else:
            common |= mine
    return None


def _where(one: Alternative, wishes: Wishes) -> str:
    return f"claim {wishes.claims[one.claim].name}, request {one.name}"
