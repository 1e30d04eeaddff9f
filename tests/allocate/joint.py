"""The rules for all picks of devices together; whoever breaks one breaks it with any more picks, too.

Source: Kubernetes `structured` allocator; where that is known to be wrong, what its API means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from cod.resource import MOST_DEVICES, Attribute, Constraint, Device, ResourceClaim
from tests.allocate.amounts import amount, shares
from tests.allocate.conditions import find
from tests.allocate.offers import Key, Offer, PoolKey
from tests.allocate.wishes import Judge, Wish

Values = frozenset[tuple[str, object]]


class Pick(NamedTuple):
    """One device for one wish."""

    wish: Wish
    offer: Offer


def broken(claims: Sequence[ResourceClaim], picks: Sequence[Pick], judge: Judge) -> Iterator[str]:
    """The rules that the picks break together."""
    yield from _limit(picks)
    yield from _exclusive(picks)
    yield from _capacity(picks, judge)
    yield from _counters(picks, judge)
    for index, claim in enumerate(claims):
        mine = [each for each in picks if each.wish.claim == index]
        for constraint in claim.spec.devices.constraints:
            yield from _constraint(constraint, mine)


def _limit(picks: Sequence[Pick]) -> Iterator[str]:
    for claim, count in Counter(each.wish.claim for each in picks).items():
        if count > MOST_DEVICES:
            yield f"claim {claim} has {count} devices, more than {MOST_DEVICES}"


def _exclusive(picks: Sequence[Pick]) -> Iterator[str]:
    """A device goes to one request only, once, except that shares go to many and a look at it takes nothing.

    One claim sees a device only once where it looks at it: its results would not be told apart.
    """
    requests = Counter((each.wish.claim, each.wish.request, each.offer.key) for each in picks)
    for (_, _, key), times in requests.items():
        if times > 1:
            yield f"{_text(key)} is given {times} times to one request"
    taken = Counter(
        each.offer.key
        for each in picks
        if not each.wish.admin and not each.offer.device.allow_multiple_allocations
    )
    for key, times in taken.items():
        if times > 1:
            yield f"{_text(key)} is given to {times} requests"
    in_claim = Counter((each.wish.claim, each.offer.key) for each in picks)
    for claim, key in {(each.wish.claim, each.offer.key) for each in picks if each.wish.admin}:
        if in_claim[claim, key] > 1:
            yield f"{_text(key)} is looked after and given {in_claim[claim, key]} times in one claim"


def _capacity(picks: Sequence[Pick], judge: Judge) -> Iterator[str]:
    shared: dict[Key, list[Pick]] = {}
    for each in picks:
        if each.offer.device.allow_multiple_allocations and not each.wish.admin:
            shared.setdefault(each.offer.key, []).append(each)
    for key, mine in shared.items():
        total = judge.used(mine[0].offer)
        for pick in mine:
            for name, part in (shares(pick.offer.device, pick.wish.capacity) or {}).items():
                total[name] += part
        for name, capacity in mine[0].offer.device.capacity.items():
            if total[name] > amount(capacity.value):
                yield f"{_text(key)} has {capacity.value} of {name} and gives {total[name]}"


def _counters(picks: Sequence[Pick], judge: Judge) -> Iterator[str]:
    """What a pool's devices draw upon; a counter that was overdrawn before concerns only who draws upon it.

    A device draws once, however many shares of it are given, and not again if it is in use already. (In
    Kubernetes an overdrawn counter keeps back every device of the pool that draws upon any.)
    """
    new = {
        each.offer.key: each.offer.device
        for each in picks
        if not each.wish.admin
        and each.offer.device.consumes_counters
        and not judge.in_use.get(each.offer.key)
    }
    for pool in dict.fromkeys(key[:2] for key in new):
        left = _left(pool, judge)
        before = {**left}
        for key, device in new.items():
            if key[:2] == pool:
                _draw(device, left)
        for (set_, name), rest in left.items():
            if rest < 0 and rest < before[set_, name]:
                yield f"counter {name} of {set_} in {pool[0]}/{pool[1]} is overdrawn by {-rest}"


def _left(pool: PoolKey, judge: Judge) -> dict[tuple[str, str], Fraction]:
    left = {
        (set_, name): amount(text)
        for set_, counters in judge.offers.counters[pool].items()
        for name, text in counters.items()
    }
    for key, device in judge.offers.seen.items():
        if key[:2] == pool and judge.in_use.get(key):
            _draw(device, left)
    return left


def _draw(device: Device, left: dict[tuple[str, str], Fraction]) -> None:
    for consumed in device.consumes_counters:
        for name, counter in consumed.counters.items():
            left[consumed.counter_set, name] -= amount(counter.value)


def _constraint(constraint: Constraint, picks: Sequence[Pick]) -> Iterator[str]:
    match, distinct = constraint.match_attribute, constraint.distinct_attribute
    name = match or distinct
    if not name:
        yield "a constraint is empty"
        return
    concerned = [
        each
        for each in picks
        if not constraint.requests or {each.wish.name, each.wish.label} & {*constraint.requests}
    ]
    values = []
    for each in concerned:
        found = values_of(each.offer, name)
        if not found:
            yield f"{_text(each.offer.key)} has no {name}, which a constraint needs"
        values.append(found)
    if match and values and not frozenset.intersection(*values):
        yield f"no {name} is common to all of {', '.join(_text(each.offer.key) for each in concerned)}"
    if distinct:
        for (one, ones), (other, others) in combinations(zip(concerned, values, strict=True), 2):
            if ones & others:
                yield f"{_text(one.offer.key)} and {_text(other.offer.key)} have the same {name}"


def values_of(offer: Offer, name: str) -> Values:
    """The values of an attribute, each with its type; none where the device has it not."""
    domain, _, rest = name.partition("/")
    attribute: Attribute | None = find(offer.device.attributes, offer.key[0], domain, rest)
    if attribute is None:
        return frozenset()
    found: set[tuple[str, object]] = set()
    for type_, value, many in (
        ("int", attribute.int_, attribute.ints),
        ("bool", attribute.bool_, attribute.bools),
        ("string", attribute.string, attribute.strings),
        ("version", attribute.version, attribute.versions),
    ):
        if value is not None:
            found.add((type_, value))
        found.update((type_, each) for each in many or ())
    return frozenset(found)


def _text(key: Key) -> str:
    return "/".join(key)
