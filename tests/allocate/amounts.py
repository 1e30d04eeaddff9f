"""Quantities as exact fractions, and what a share of a device takes of them, by the policy of each capacity.

Source: Kubernetes `structured` allocator, consumable capacity; KEP-5075.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache

from cod.resource import Capacity, Device, RequestPolicy

_TEXT = re.compile(r"([+-]?[0-9]*\.?[0-9]*)(?:[eE]([+-]?[0-9]+)|([KMGTPE]i|[numkMGTPE])?)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


@lru_cache(maxsize=4096)
def amount(text: str) -> Fraction:
    """The number that a quantity is."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    digits, exponent, suffix = match.groups()
    if suffix in _BINARY:
        return Fraction(digits) * (1 << _BINARY[suffix])
    power = int(exponent) if exponent else _DECIMAL.get(suffix, 0)
    return Fraction(digits) * (Fraction(10**power) if power >= 0 else Fraction(1, 10**-power))


def taken(capacity: Capacity, requested: str | None) -> Fraction | None:
    """How much of a capacity a share takes that requests so much; None where the policy lets it not."""
    policy = capacity.request_policy
    if requested is None:
        default = policy and policy.default
        got = amount(default if default else capacity.value)
        return got if default or _allowed(policy, got) else None
    got = _rounded(policy, amount(requested))
    return got if _allowed(policy, got) else None


def _rounded(policy: RequestPolicy | None, wanted: Fraction) -> Fraction:
    if policy is None:
        return wanted
    if (range_ := policy.valid_range) and range_.min:
        least = amount(range_.min)
        if wanted <= least or not range_.step:
            return max(wanted, least)
        step = amount(range_.step)
        return least + step * math.ceil((wanted - least) / step)
    return min((each for each in map(amount, policy.valid_values) if each >= wanted), default=wanted)


def _allowed(policy: RequestPolicy | None, got: Fraction) -> bool:
    if policy is None or (policy.default and got == amount(policy.default)):
        return True
    if range_ := policy.valid_range:
        if range_.max and got > amount(range_.max):
            return False
        return not range_.step or not (got - amount(range_.min or "0")) % amount(range_.step)
    return not policy.valid_values or got in map(amount, policy.valid_values)


def shares(device: Device, requested: dict[str, str]) -> dict[str, Fraction] | None:
    """What a share takes of each capacity of a device; None where it cannot be had, even of an unused one.

    A capacity that is requested and that the device has not cannot be had. Of a device that is not shared,
    this is what it must have, at least.
    """
    if not requested.keys() <= device.capacity.keys():
        return None
    found = {}
    for name, capacity in device.capacity.items():
        got = taken(capacity, requested.get(name))
        if got is None or got > amount(capacity.value):
            return None
        found[name] = got
    return found
