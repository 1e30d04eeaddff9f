"""The answer to claims that fit, with the reasons for these devices and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cod.allocate.aims import Aims
from cod.allocate.alternatives import Choice, Chooser
from cod.allocate.best import Best
from cod.allocate.candidates import Composer
from cod.allocate.near import LEVEL
from cod.allocate.pack import Pick
from cod.allocate.problem import State, bits
from cod.allocate.requests import Alternative, Wish, Wishes
from cod.allocate.stock import Stock
from cod.drivers.protocol import DeviceKey
from cod.resource import AllocationResult
from cod.topology import LEVELS


class Given(Struct, frozen=True):
    """The devices that one request was given, out of how many that would have done, each for itself.

    `instead_of` says of each alternative that was preferred why it was not taken.
    """

    claim: str
    request: str
    class_name: str
    devices: tuple[DeviceKey, ...]
    candidates: int
    instead_of: dict[str, str] = {}


class Aimed(Struct, frozen=True):
    """One thing that was wished or is always looked at, and what came of it.

    `cost` is what it came to, less being better; what it means, `text` says, of these `devices` if any.
    """

    aim: str
    cost: int
    text: str
    devices: tuple[DeviceKey, ...] = ()


class Answer(Struct, frozen=True):
    """Allocations, and why these devices. `is_proven` says that no choice is better by the aims."""

    results: tuple[AllocationResult, ...]
    given: tuple[Given, ...]
    aimed: tuple[Aimed, ...]
    is_proven: bool


def answer(results: tuple[AllocationResult, ...], best: Best, chooser: Chooser, aims: Aims) -> Answer:
    """The answer for a best choice."""
    wishes, stock = chooser.wishes, chooser.stock
    choice = best.choice
    state = chooser.state(choice.alternatives, ())
    assert state is not None  # there is a choice
    return Answer(
        results=results,
        given=tuple(_given(wishes, choice, state, chooser)),
        aimed=(*_wished(choice.picks, aims, stock), *_spoiled(state, choice.picks, aims, stock)),
        is_proven=best.is_proven,
    )


def _given(wishes: Wishes, choice: Choice, state: State, chooser: Chooser) -> Iterator[Given]:
    for number, (wish, one) in enumerate(zip(wishes.requests, choice.alternatives, strict=True)):
        devices = sorted(device for request, device in choice.picks if request == number)
        yield Given(
            claim=wishes.claims[one.claim].name,
            request=one.name,
            class_name=one.class_name,
            devices=tuple(chooser.stock.devices[device].key for device in devices),
            candidates=state.open[number].bit_count(),
            instead_of=dict(_passed_over(wish, one, wishes, chooser.stock)),
        )


def _passed_over(wish: Wish, taken: Alternative, wishes: Wishes, stock: Stock) -> Iterator[tuple[str, str]]:
    for each in wish.alternatives[: wish.alternatives.index(taken)]:
        need = Composer(wishes, stock).need(each)
        free = need.candidates.bit_count()
        if free < need.count:
            yield each.name, f"{need.count} of {each.class_name} wanted, {free} free"
        else:
            yield each.name, "not together with the rest"


def _wished(picks: Sequence[Pick], aims: Aims, stock: Stock) -> Iterator[Aimed]:
    for closest in aims.closest:
        devices = [device for request, device in picks if request in closest.requests]
        pairs = [stock.distances.between(a, b) for place, a in enumerate(devices) for b in devices[:place]]
        farthest = LEVELS[max(pairs, default=0) // LEVEL].name
        yield Aimed(closest.text, sum(pairs), f"the farthest two: {farthest}" if pairs else "one device only")
    for weight, soft in aims.soft:
        cost, before = 0, list[Pick]()
        for pick in picks:
            if pick[0] in soft.requests:
                cost += soft.cost(before, pick[1])
                before.append(pick)
        yield Aimed(soft.text, weight * cost, "met" if not cost else _unmet(cost, weight))


def _unmet(cost: int, weight: int) -> str:
    """How far a wish is from being met, in steps of it: pairs of devices, switches, places in an order."""
    return f"not met, by {cost}{f', and it weighs {weight}' if weight > 1 else ''}"


def _spoiled(state: State, picks: Sequence[Pick], aims: Aims, stock: Stock) -> Iterator[Aimed]:
    """What is left of partitions and of blocks."""
    remainder = aims.remainder
    taken = sum({1 << device for request, device in picks if not state.problem.needs[request].admin})
    after = state
    for number, device in picks:
        after = after.take(number, device)
    takes = state.problem.takes
    lost = [
        device
        for device in bits(remainder.free & ~taken)
        if device in takes
        and remainder.is_possible(state, device)
        and not remainder.is_possible(after, device)
    ]
    if lost or any(device in takes for _, device in picks):
        text = f"{len(lost)} can no longer be had" if lost else "all can still be had"
        yield Aimed("other partitions", len(lost), text, tuple(stock.devices[each].key for each in lost))
    gone = taken | sum(1 << device for device in lost)
    touched = [block for block in stock.blocks if block & taken & remainder.free]
    for block in touched:
        free = block & remainder.free
        if free.bit_count() > 1:
            left = (free & ~taken).bit_count()
            yield Aimed(
                "left for others",
                free.bit_count() ** 2 - left**2,
                f"{(free & ~gone).bit_count()} of the {free.bit_count()} free devices {stock.blocks[block]}",
            )
