"""The answer to claims that fit, with the reasons for these devices and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cod.allocate.aims import Aims
from cod.allocate.alternatives import Choice, Chooser
from cod.allocate.best import Best
from cod.allocate.candidates import Composer, in_words
from cod.allocate.inquiry import Inquiry
from cod.allocate.near import LEVEL
from cod.allocate.pack import Pick
from cod.allocate.problem import State, bits, start
from cod.allocate.remainder import Remainder
from cod.allocate.requests import Alternative, Wish, Wishes
from cod.allocate.stock import Stock
from cod.drivers.protocol import DeviceKey
from cod.resource import AllocationResult
from cod.topology import LEVELS, OTHER


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
        yield each.name, _why_not(each, wishes, stock)


def _why_not(one: Alternative, wishes: Wishes, stock: Stock) -> str:
    """What kept an alternative from being taken: too few devices, the constraints, or the other requests."""
    if not one.count and (hidden := stock.hidden(one.conditions)):
        return f"all of {one.class_name} wanted, and pool {'/'.join(hidden)} is not whole now"
    free = Composer(replace(wishes, bonds=(), ties=()), stock).problem([one])
    wanted, open_ = free.needs[0].count, start(free).open[0].bit_count()
    line = f"{wanted if one.count else 'all'} of {one.class_name} wanted, {open_} free"
    if open_ < wanted:
        return line
    ask = Inquiry()
    if (together := ask.attainable(free)[0]) < wanted:
        return f"{line}, {together} of these together"
    bound = Composer(replace(wishes, ties=()), stock).problem([one])
    if (together := ask.attainable(bound)[0]) < wanted:
        return f"{line}, {together} under the constraints"
    return "not together with the rest"


def _wished(picks: Sequence[Pick], aims: Aims, stock: Stock) -> Iterator[Aimed]:
    for closest in aims.closest:
        devices = [device for request, device in picks if request in closest.requests]
        pairs = [stock.distances.between(a, b) for place, a in enumerate(devices) for b in devices[:place]]
        text = f"the farthest two: {_level(max(pairs))}" if pairs else "one device only"
        yield Aimed(closest.text, sum(pairs), text)
    for weight, soft in aims.soft:
        cost, before = 0, list[Pick]()
        for pick in picks:
            if pick[0] in soft.requests:
                cost += soft.cost(before, pick[1])
                before.append(pick)
        yield Aimed(soft.text, weight * cost, "met" if not cost else _unmet(cost, weight))


def _level(distance: int) -> str:
    level = LEVELS[min(distance // LEVEL, len(LEVELS) - 1)]
    return level.name if level is not OTHER else "nothing in common that is known"


def _unmet(cost: int, weight: int) -> str:
    """How far a wish is from being met, in steps of it: pairs of devices, switches, places in an order."""
    return f"not met, by {cost}{f', and it weighs {weight}' if weight > 1 else ''}"


def _spoiled(state: State, picks: Sequence[Pick], aims: Aims, stock: Stock) -> Iterator[Aimed]:
    """What is left of partitions, of shared devices and of blocks."""
    picks = [(number, device) for number, device in picks if not state.problem.needs[number].admin]
    after = state
    for number, device in picks:
        after = after.take(number, device)
    taken = sum({1 << device for _, device in picks})
    lost = _lost(state, after, taken, aims.remainder)
    if lost or any(device in state.problem.takes for device in bits(taken)):
        text = f"{len(lost)} can no longer be had" if lost else "all can still be had"
        yield Aimed("other partitions", len(lost), text, tuple(stock.devices[each].key for each in lost))
    yield from _room(state, after, picks, aims.remainder, stock)
    gone = taken | sum(1 << device for device in lost)
    for block, name in stock.blocks.items():
        free = block & aims.remainder.free
        count = free.bit_count()
        if free & taken and count > 1:
            spoiled = count**2 - (free & ~taken).bit_count() ** 2
            left = (free & ~gone).bit_count()
            yield Aimed("left for others", spoiled, f"{left} of the {count} free devices {name}")


def _lost(state: State, after: State, taken: int, remainder: Remainder) -> list[int]:
    """The partitions that could be had before and cannot now, besides those that were taken."""
    return [
        device
        for device in bits(remainder.free & ~taken)
        if device in state.problem.takes
        and remainder.is_possible(state, device)
        and not remainder.is_possible(after, device)
    ]


def _room(
    state: State, after: State, picks: Sequence[Pick], remainder: Remainder, stock: Stock
) -> Iterator[Aimed]:
    """How full shared devices are, of which shares were taken."""
    for device in dict.fromkeys(device for _, device in picks):
        numbers = stock.resources.capacities.get(device, {})
        amounts = tuple((each, state.left[each] - after.left[each]) for each in numbers.values())
        if any(amount for _, amount in amounts):
            key, offered, *_ = stock.devices[device]
            left = (
                f"{name} {in_words(after.left[each], offered.capacity[name].value)}"
                for name, each in numbers.items()
            )
            yield Aimed(
                "room taken", remainder.room(state.left, amounts), f"{key[2]} has left: {', '.join(left)}"
            )
