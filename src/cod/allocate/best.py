"""The best choice: devices are taken one by one, the cheapest that the rest can do without first.

That first choice is then improved by branch and bound until it is proven to be the best, or until the search
has taken its steps. A device that is like one that was tried in the same place is not tried again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cod.allocate.aims import ZERO, Aims, Closest, Cost, plus
from cod.allocate.alternatives import Choice, Chooser
from cod.allocate.bound import Bound
from cod.allocate.pack import Pick
from cod.allocate.problem import State, bits
from cod.allocate.search import Budget, Spent, complete, is_roomy

EXACT = 16  # of so many candidates one request always has the best
_STEPS = 60_000  # enough for any 8 of 16
_FEWER_STEPS = 10_000  # for more candidates; fewer still for more than a few, of which each step looks at all
_FEW = 32
_AT_ONCE = 4  # devices that are looked at in the time of one step
_FEWEST_STEPS = 1_000  # where nothing is wished
_MOST = 192  # candidates that are looked at pair by pair


class Best(Struct, frozen=True):
    """A choice, what it costs, and whether none costs less."""

    choice: Choice
    cost: Cost
    is_proven: bool


def best(chooser: Chooser, choice: Choice, aims: Aims) -> Best:
    """The best devices for the alternatives of a choice, which itself is one if there is no time for more."""
    state = chooser.state(choice.alternatives, ())
    assert state is not None  # there is a choice
    try:
        picks, cost = _cheapest(state, choice.picks, aims, Budget(_STEPS))
    except Spent:
        picks = tuple(sorted(choice.picks))
        return Best(Choice(choice.alternatives, picks), _total(state, picks, aims), is_proven=False)
    if len(picks) < 2:
        return Best(Choice(choice.alternatives, picks), cost, is_proven=True)
    union = 0
    for number, wanted in enumerate(state.wanted):
        union |= state.open[number] if wanted else 0
    if union.bit_count() > _MOST:
        return Best(Choice(choice.alternatives, picks), cost, is_proven=False)
    steps = _STEPS if union.bit_count() <= EXACT else _FEWER_STEPS * _FEW // max(_FEW, union.bit_count())
    if not aims.has_wishes:
        steps = _FEWEST_STEPS
    search = _Improvement(aims, picks, cost, steps)
    search.run(state)
    return Best(Choice(choice.alternatives, search.picks), search.cost, search.is_proven)


def _cheapest(
    state: State, known: Sequence[Pick], aims: Aims, budget: Budget
) -> tuple[tuple[Pick, ...], Cost]:
    """Devices taken one by one, at each step the cheapest of those with which there is still a solution."""
    picks: list[Pick] = []
    total = ZERO
    rest = sorted(known)
    for number, _ in sorted(known):
        options = [(aims.cost(state, picks, (number, device)), device) for device in bits(state.open[number])]
        for cost, device in sorted(options):
            after = state.take(number, device)
            if (number, device) in rest:
                rest.remove((number, device))
            elif not is_roomy(after):
                found = complete(after, budget)
                if found is None:
                    continue
                rest = found
            else:
                rest = []
            state = after
            total = plus(total, cost)
            picks.append((number, device))
            break
    return tuple(picks), total


def _total(state: State, picks: Sequence[Pick], aims: Aims) -> Cost:
    total = ZERO
    for number, pick in enumerate(picks):
        total = plus(total, aims.cost(state, picks[:number], pick))
        state = state.take(*pick)
    return total


class _Improvement:
    """Branch and bound over all choices, in the order of the requests and, among peers, of the devices."""

    def __init__(self, aims: Aims, picks: tuple[Pick, ...], cost: Cost, steps: int) -> None:
        self.aims = aims
        self.picks = picks
        self.cost = cost
        self.steps = steps
        self.is_proven = False
        self._bounds: list[tuple[Closest, Bound]] = []
        self._likes: dict[int, int] = {}
        self._peers: dict[int, list[int]] = {}
        self._seen: set[tuple[object, ...]] = set()
        self._scopes = {each.requests for each in (*aims.closest, *(soft for _, soft in aims.soft))}

    def run(self, state: State) -> None:
        """Search until all is seen or the steps are taken."""
        union = 0
        for number, wanted in enumerate(state.wanted):
            union |= state.open[number] if wanted else 0
        self._bounds = [(each, Bound(each, state)) for each in self.aims.closest]
        self._likes = _likes(state, [*bits(union)], self.aims)
        self._peers = _peers(state, self.aims)
        order = [number for number, wanted in enumerate(state.wanted) for _ in range(wanted)]
        stack: list[Iterator[tuple[State, Cost, list[Pick]]]] = [iter([(state, ZERO, [])])]
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            self.steps -= 1
            if self.steps < 0:
                return
            state, cost, picks = node
            if self._least(state, cost, picks) >= self.cost:
                continue
            if len(picks) == len(order):
                self.picks, self.cost = tuple(picks), cost
                continue
            if self._is_new(state, picks):
                stack.append(self._children(state, cost, picks, order))
        self.is_proven = True

    def _children(
        self, state: State, cost: Cost, picks: list[Pick], order: Sequence[int]
    ) -> Iterator[tuple[State, Cost, list[Pick]]]:
        number = order[len(picks)]
        options = [
            (plus(cost, self.aims.cost(state, picks, (number, device))), device)
            for device in bits(state.open[number])
        ]
        self.steps -= len(options) // _AT_ONCE
        tried: set[int] = set()
        for total, device in sorted(options):
            if total < self.cost and self._likes[device] not in tried:
                tried.add(self._likes[device])
                after = state.take(number, device)
                for each in self._peers[number]:
                    after.open[each] = after.open[each] >> device << device
                if self._is_possible(after):
                    yield after, total, [*picks, (number, device)]

    def _is_new(self, state: State, picks: Sequence[Pick]) -> bool:
        """Whether no other order of requests had these devices and left the same, which costs the same."""
        if len({*map(id, self._peers.values())}) < 2:
            return True  # there is one order only
        devices = (tuple(sorted(each for number, each in picks if number in scope)) for scope in self._scopes)
        open_ = (each if wanted else 0 for each, wanted in zip(state.open, state.wanted, strict=True))
        key = (*devices, state.opened, *open_, *state.wanted, *state.left, *state.values)
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def _is_possible(self, state: State) -> bool:
        """Whether peers have as many devices open as they want together."""
        return all(
            state.open[peers[-1]].bit_count() >= sum(state.wanted[number] for number in peers)
            for peers in self._peers.values()
        )

    def _least(self, state: State, cost: Cost, picks: Sequence[Pick]) -> Cost:
        """What every choice with these picks costs at least."""
        least = sum(
            bound.least(state, [device for number, device in picks if number in aim.requests])
            for aim, bound in self._bounds
        )
        return (cost[0] + least, *cost[1:])


def _peers(state: State, aims: Aims) -> dict[int, list[int]]:
    """For each request those that it could swap devices with, so that one order of them is enough."""
    problem = state.problem
    scopes = [each.requests for each in aims.closest] + [each.requests for _, each in aims.soft]
    scopes += [end for link in problem.links for end in (link.one, link.other)]
    peers: dict[int, list[int]] = {}
    for number, need in enumerate(problem.needs):
        alike = (
            other
            for other in peers
            if not need.candidates & problem.shared
            and replace(problem.needs[other], count=need.count) == need
            and all((number in scope) == (other in scope) for scope in scopes)
        )
        first = next(alike, number)
        peers[number] = peers[first] if first != number else []
        peers[number].append(number)
    return peers


def _likes(state: State, devices: Sequence[int], aims: Aims) -> dict[int, int]:
    """For each device the first one that it is like: to swap the two changes nothing in any choice."""
    likes: dict[int, int] = {}
    by_key: dict[object, list[int]] = {}
    for device in devices:
        key = _key(state, device)
        others = by_key.setdefault(key, []) if key is not None else []
        like = next(
            (
                other
                for other in others
                if _are_linked_alike(state, device, other) and aims.are_alike(device, other, devices)
            ),
            device,
        )
        likes[device] = like
        if like == device:
            others.append(device)
    return likes


def _key(state: State, device: int) -> object:
    """What the problem says of a device; None where no other device can be like it."""
    problem, bit = state.problem, 1 << device
    if problem.takes.get(device) or bit & problem.shared:
        return None
    if any(each.get(device, bit) != bit for each in problem.distincts):
        return None
    return (
        tuple(open_ & bit != 0 for open_ in state.open),
        tuple(having & bit != 0 for each in problem.matches for having in each),
    )


def _are_linked_alike(state: State, one: int, other: int) -> bool:
    """Whether two devices are linked to the same others."""
    rest = ~(1 << one | 1 << other)
    return all(not (link.near.get(one, 0) ^ link.near.get(other, 0)) & rest for link in state.problem.links)
