"""Whether a problem has a solution, and one: exact, or `Spent`.

First the constraints on attributes are settled, the tightest first: for each a value is tried that all of its
devices could have. Then the devices of requests that have to be linked to others are tried. What has too few
devices for a request is not tried, nor what a flow rules out, nor what has failed before. The rest is packed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from cod.allocate.flow import flow
from cod.allocate.pack import Pick, pack, partition
from cod.allocate.problem import Link, Problem, State, bits, start


class Spent(Exception):
    """The search has taken as many steps as it may, and does not know."""


class Budget:
    """The steps that are left to a search."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def spend(self, steps: int = 1) -> None:
        """Take steps. Raises Spent where there are no more."""
        self.steps -= steps
        if self.steps < 0:
            raise Spent


def solve(problem: Problem, budget: Budget) -> list[Pick] | None:
    """A solution of a whole problem. Raises Spent."""
    return complete(start(problem), budget)


def complete(state: State, budget: Budget) -> list[Pick] | None:
    """Devices for all that is still needed, or None, which is a proof that there are none. Raises Spent."""
    return _Search(budget).run(state)


def is_roomy(state: State) -> bool:
    """Whether there is plainly a solution: nothing limited is in play, and all have devices enough."""
    problem = state.problem
    active = [number for number, wanted in enumerate(state.wanted) if wanted]
    total, limited = sum(state.wanted), problem.limited
    for number in active:
        need, open_ = problem.needs[number], state.open[number]
        if need.distincts or need.admin or open_ & limited or open_.bit_count() < total:
            return False
    return _tightest(state, active) is None and _tightest_end(state, active) is None


class _Search:
    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.failed: set[tuple[object, ...]] = set()

    def run(self, state: State) -> list[Pick] | None:
        self.budget.spend()
        active = [number for number, wanted in enumerate(state.wanted) if wanted]
        if not active:
            return []
        if is_roomy(state):
            return _anything(state, active)
        tight = _tightened(state, active)
        if tight is None:
            return None
        key = (*tight.open, *tight.values, *tight.wanted, *tight.left, tight.opened)
        if key in self.failed:
            return None
        found = self._branch(tight, active) if _flows(tight, active) else None
        if found is None:
            self.failed.add(key)
        return found

    def _branch(self, state: State, active: Sequence[int]) -> list[Pick] | None:
        match = _tightest(state, active)
        if match is None:
            number = _tightest_end(state, active)
            return pack(state, self.budget.spend) if number is None else self._take(state, number)
        scope = [number for number in active if match in state.problem.needs[number].matches]
        for value in _roomiest_first(state, match, scope):
            having = state.problem.matches[match][value]
            open_ = [mask & having if number in scope else mask for number, mask in enumerate(state.open)]
            narrowed = state.only(open_)
            narrowed.values = [*state.values]
            narrowed.values[match] = 1 << value
            found = self.run(narrowed)
            if found is not None:
                return found
        return None

    def _take(self, state: State, number: int) -> list[Pick] | None:
        """Try each device of a request that has to be linked to those of others."""
        for device in bits(state.open[number]):
            found = self.run(state.take(number, device))
            if found is not None:
                return [(number, device), *found]
            # What has failed with a device need not be tried with it again.
            rest = [*state.open]
            rest[number] &= ~(1 << device)
            state = state.only(rest)
        return None


def _anything(state: State, active: Sequence[int]) -> list[Pick]:
    """The first devices for each request, where there are enough for all."""
    picks: list[Pick] = []
    taken = 0
    for number in active:
        free = bits(state.open[number] & ~taken)
        for device in islice(free, state.wanted[number]):
            picks.append((number, device))
            taken |= 1 << device
    return picks


def _tightened(state: State, active: Sequence[int]) -> State | None:
    """The state without devices and values that cannot be part of a solution; None where none is left."""
    problem, open_, values = state.problem, [*state.open], [*state.values]
    scopes = _scopes(problem, active)
    changed = True
    while changed:
        changed = False
        for link in problem.links:
            changed |= _unlink(state, link, open_, active)
        if any(open_[number].bit_count() < state.wanted[number] for number in active):
            return None
        for match, scope in scopes.items():
            viable, allowed = 0, 0
            for value in bits(values[match]):
                having = problem.matches[match][value]
                if _is_viable(state, open_, scope, having):
                    viable |= 1 << value
                    allowed |= having
            if not viable:
                return None
            values[match] = viable
            for number in scope:
                if open_[number] & ~allowed:
                    open_[number] &= allowed
                    changed = True
    tight = state.only(open_)
    tight.values = values
    return tight


def _unlink(state: State, link: Link, open_: list[int], active: Sequence[int]) -> bool:
    """Close what is not linked to as many devices as a request across wants; whether there was any."""
    changed = False
    for number in active:
        for other in link.across(number):
            if state.wanted[other]:
                for device in bits(open_[number]):
                    if (open_[other] & link.near.get(device, 0)).bit_count() < state.wanted[other]:
                        open_[number] &= ~(1 << device)
                        changed = True
    return changed


def _tightest_end(state: State, active: Sequence[int]) -> int | None:
    """Of the requests that are linked, and not whatever they get, the one with the fewest devices open."""
    ends = [
        number
        for link in state.problem.links
        for number in active
        for other in link.across(number)
        if state.wanted[other]
        and any(state.open[other] & ~link.near.get(device, 0) for device in bits(state.open[number]))
    ]
    return min(ends, key=lambda number: (state.open[number].bit_count(), number), default=None)


def _is_viable(state: State, open_: Sequence[int], scope: Sequence[int], having: int) -> bool:
    """Whether the devices with a value are enough for each request of a match, and for all together."""
    together, exclusive, wanted = 0, True, 0
    for number in scope:
        mask = open_[number] & having
        if mask.bit_count() < state.wanted[number]:
            return False
        exclusive = exclusive and not (mask & state.problem.shared or state.problem.needs[number].admin)
        together |= mask
        wanted += state.wanted[number]
    return not exclusive or together.bit_count() >= wanted


def _scopes(problem: Problem, active: Sequence[int]) -> dict[int, list[int]]:
    """The active requests of each match."""
    scopes: dict[int, list[int]] = {}
    for number in active:
        for match in problem.needs[number].matches:
            scopes.setdefault(match, []).append(number)
    return scopes


def _flows(state: State, active: Sequence[int]) -> bool:
    """Whether there are enough devices if each request could have any that is open to it, and none twice."""
    total = sum(state.wanted[number] for number in active)
    if all(state.open[number].bit_count() >= total for number in active):
        return True
    shared = state.problem.shared
    wanted, masks, union = [], [], 0
    for number in active:
        if not state.problem.needs[number].admin:
            mask = state.open[number] & ~shared
            wanted.append(max(0, state.wanted[number] - (state.open[number] & shared).bit_count()))
            masks.append(mask)
            union |= mask
    groups = {who: devices.bit_count() for who, devices in partition(union, masks).items()}
    return flow(wanted, groups) is not None


def _tightest(state: State, active: Sequence[int]) -> int | None:
    """The match with the fewest values of those that are not settled: whose devices have no one in common."""
    best, fewest = None, 0
    for match, scope in _scopes(state.problem, active).items():
        union = 0
        for number in scope:
            union |= state.open[number]
        if any(not union & ~state.problem.matches[match][value] for value in bits(state.values[match])):
            continue
        count = state.values[match].bit_count()
        if best is None or count < fewest:
            best, fewest = match, count
    return best


def _roomiest_first(state: State, match: int, scope: Sequence[int]) -> list[int]:
    """The values of a match; first those that most devices have."""

    def room(value: int) -> int:
        having = state.problem.matches[match][value]
        return sum((state.open[number] & having).bit_count() for number in scope)

    return sorted(bits(state.values[match]), key=lambda value: (-room(value), value))
