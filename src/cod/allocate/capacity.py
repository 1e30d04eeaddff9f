"""How much of its capacities a device gives to a request, as the device's request policies have it.

A device that may be shared gives a share of every capacity that it has: as much as was asked for, rounded up
to what its policy allows, or the policy's default, or all of it. One that is exclusive only has to have as
much. Source: Kubernetes `structured` allocator, `GetConsumedCapacityFromRequest`, `CmpRequestOverCapacity`.
"""

from __future__ import annotations

from collections.abc import Mapping

from cod.resource import Capacity, Device, Quantity, RequestPolicy, parse_quantity

_FINEST = 9  # nothing is finer than nano
_LARGEST = 1000  # exponents; beyond it is as good as endless, and nobody could write it out
_ENDLESS = 10**3000


def units(quantity: Quantity) -> int:
    """A quantity in billionths, exactly; one that is absurdly large as more than every other."""
    if quantity.scale > _LARGEST:
        return quantity.sign * _ENDLESS
    return int(quantity.unscaled * 10 ** (quantity.scale + _FINEST))


def consumed(requested: Quantity | None, capacity: Capacity) -> Quantity:
    """How much a request takes of a capacity; None asks for no particular amount."""
    policy = capacity.request_policy
    if requested is None:
        requested = parse_quantity((policy and policy.default) or capacity.value)
        if policy is None or policy.default is None:
            return requested
    if policy is None:
        return requested
    if policy.valid_range is not None and policy.valid_range.min is not None:
        least = parse_quantity(policy.valid_range.min)
        if requested <= least:
            return least
        step = parse_quantity(policy.valid_range.step) if policy.valid_range.step is not None else None
        if step is None or not step.sign or step.scale > _LARGEST:
            return requested
        return _rounded_up(requested, least, step)
    enough = (parse_quantity(each) for each in policy.valid_values)
    return next((each for each in enough if requested <= each), requested)


def violates_policy(requested: Quantity, policy: RequestPolicy | None) -> bool:
    """Whether an amount is none that the policy allows."""
    if policy is None or (policy.default is not None and requested == parse_quantity(policy.default)):
        return False
    if policy.valid_values:
        return all(requested != parse_quantity(each) for each in policy.valid_values)
    valid = policy.valid_range
    if valid is None:
        return False
    if valid.max is not None and requested > parse_quantity(valid.max):
        return True
    if valid.min is None:
        return False
    least = parse_quantity(valid.min)
    if requested < least:
        return True
    step = units(parse_quantity(valid.step)) if valid.step is not None else 0
    return bool(step) and (units(requested) - units(least)) % step != 0


def share(device: Device, requested: Mapping[str, Quantity]) -> dict[str, Quantity] | str:
    """What one request takes of every capacity of a shared device, or the reason why it can have none."""
    if reason := _lacks(device, requested):
        return reason
    amounts = {}
    for name, capacity in device.capacity.items():
        amount = amounts[name] = consumed(requested.get(name), capacity)
        if amount.sign < 0 or violates_policy(amount, capacity.request_policy):
            return f"{requested.get(name, amount)} of its {name} is an amount that it does not give"
        if amount > parse_quantity(capacity.value):
            return f"its {name} is {capacity.value}, {amount} is wanted"
    return amounts


def shortfall(device: Device, requested: Mapping[str, Quantity]) -> str:
    """Why an exclusive device has not the capacities that are asked for; "" where it has."""
    if reason := _lacks(device, requested):
        return reason
    for name, amount in requested.items():
        if parse_quantity(device.capacity[name].value) < amount:
            return f"its {name} is {device.capacity[name].value}, {amount} is wanted"
    return ""


def _lacks(device: Device, requested: Mapping[str, Quantity]) -> str:
    missing = [name for name in requested if name not in device.capacity]
    return f"it has no capacity {missing[0]}" if missing else ""


def _rounded_up(requested: Quantity, least: Quantity, step: Quantity) -> Quantity:
    steps = -(-(units(requested) - units(least)) // units(step))
    return least + step * steps
