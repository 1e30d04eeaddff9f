"""What is to be chosen, as numbers: how many devices each request needs, out of which, and what they share.

Devices are numbered in the order in which Kubernetes looks at them, and a set of devices is an int, bit by
bit. Everything limited that devices draw upon is a *resource*: a counter, or a capacity of a shared device.
What devices of a request must have in common is a *match*: one value that all of them have; what no two may
have in common is a *distinct*. So one mechanism is enough for everything that one choice does to the others:
`State.take`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

Amounts = tuple[tuple[int, int], ...]  # resources and how much of each


class Need(Struct, frozen=True):
    """One request: how many devices, and out of which.

    `shares` is what it takes of the capacities of shared devices. `matches` and `distincts` are the numbers
    of the constraints that it stands under. With `admin` it looks after devices and takes nothing of them.
    """

    claim: int
    count: int
    candidates: int
    admin: bool = False
    shares: dict[int, Amounts] = {}
    matches: tuple[int, ...] = ()
    distincts: tuple[int, ...] = ()


class Link(Struct, frozen=True):
    """Requests of which every device has to be linked to every one of others; `near` has both ways."""

    one: frozenset[int]
    other: frozenset[int]
    near: dict[int, int]

    def across(self, number: int) -> frozenset[int]:
        """The requests whose devices have to be linked to those of this one."""
        none: frozenset[int] = frozenset()
        return (self.other if number in self.one else none) | (self.one if number in self.other else none)


class Problem(Struct, frozen=True):
    """Needs, and what binds them together.

    `takes` is what each device takes of the counters the first time it is chosen; `users` are the devices
    that draw upon each resource. `matches` has for each constraint the devices that have each value;
    `distincts` has for each constraint and device those that share a value with it. `opened` are shared
    devices that are in use already, and so have taken their counters.
    """

    needs: tuple[Need, ...]
    shared: int = 0
    opened: int = 0
    takes: dict[int, Amounts] = {}
    left: tuple[int, ...] = ()
    users: tuple[int, ...] = ()
    matches: tuple[tuple[int, ...], ...] = ()
    distincts: tuple[dict[int, int], ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def limited(self) -> int:
        """The devices that draw upon something, or may be shared."""
        limited = self.shared
        for each in self.users:
            limited |= each
        return limited


class State(Struct):
    """A problem of which a part is chosen: what is still needed, and out of which.

    `values` has for each match the values that are still possible, a set as an int.
    """

    problem: Problem
    wanted: list[int]
    open: list[int]
    left: list[int]
    values: list[int]
    opened: int

    def take(self, number: int, device: int) -> State:
        """The state after this device is given to that request, which is among those open to it."""
        problem = self.problem
        need = problem.needs[number]
        bit = 1 << device
        wanted, open_, left = self.wanted.copy(), self.open.copy(), self.left
        wanted[number] -= 1
        open_[number] &= ~bit
        exclusive = not bit & problem.shared
        for other, each in enumerate(problem.needs):
            if open_[other] & bit and _excludes(need, each, exclusive):
                open_[other] &= ~bit
        state = State(problem, wanted, open_, left, self.values, self.opened)
        if not need.admin:
            state._draw(need, device)
        for match in need.matches:
            state._narrow(match, device)
        for constraint in need.distincts:
            same = problem.distincts[constraint].get(device, 0)
            state._close(constraint, same)
        for link in problem.links:
            for other in link.across(number):
                state.open[other] &= link.near.get(device, 0)
        return state

    def _draw(self, need: Need, device: int) -> None:
        """Take what a device costs of the resources, and close those that there is not enough left for."""
        problem = self.problem
        bit = 1 << device
        amounts = need.shares.get(device, ())
        if not self.opened & bit:
            amounts += problem.takes.get(device, ())
            self.opened |= bit
        if not amounts:
            return
        left = self.left = self.left.copy()
        users = 0
        for resource, amount in amounts:
            left[resource] -= amount
            users |= problem.users[resource]
        for number, each in enumerate(problem.needs):
            if self.wanted[number] and not each.admin and self.open[number] & users:
                for user in bits(self.open[number] & users):
                    if not self.affords(number, user):
                        self.open[number] &= ~(1 << user)

    def affords(self, number: int, device: int) -> bool:
        """Whether the resources are enough for this request to have that device."""
        need, left = self.problem.needs[number], self.left
        if need.admin:
            return True
        if any(left[resource] < amount for resource, amount in need.shares.get(device, ())):
            return False
        if self.opened >> device & 1:
            return True
        return all(left[resource] >= amount for resource, amount in self.problem.takes.get(device, ()))

    def _narrow(self, match: int, device: int) -> None:
        """Let only devices be open that share a value with all that were taken under this constraint."""
        bit = 1 << device
        possible, allowed = 0, 0
        for value, having in enumerate(self.problem.matches[match]):
            if having & bit and self.values[match] >> value & 1:
                possible |= 1 << value
                allowed |= having
        self.values = self.values.copy()
        self.values[match] = possible
        for number, each in enumerate(self.problem.needs):
            if match in each.matches:
                self.open[number] &= allowed

    def _close(self, constraint: int, devices: int) -> None:
        for number, each in enumerate(self.problem.needs):
            if constraint in each.distincts:
                self.open[number] &= ~devices

    def only(self, open_: Sequence[int]) -> State:
        """This state with fewer devices open."""
        return replace(self, open=[*open_])

    @property
    def is_done(self) -> bool:
        """Whether nothing is needed any more."""
        return not any(self.wanted)


def start(problem: Problem) -> State:
    """The state in which nothing is chosen."""
    state = State(
        problem,
        wanted=[each.count for each in problem.needs],
        open=[each.candidates for each in problem.needs],
        left=[*problem.left],
        values=[(1 << len(each)) - 1 for each in problem.matches],
        opened=problem.opened,
    )
    limited = problem.limited
    for number, need in enumerate(problem.needs):
        for match in need.matches:
            having = 0
            for each in problem.matches[match]:
                having |= each
            state.open[number] &= having
        for device in bits(state.open[number] & limited):
            if not state.affords(number, device):
                state.open[number] &= ~(1 << device)
    return state


def bits(devices: int) -> Iterator[int]:
    """The numbers of a set, ascending."""
    while devices:
        lowest = devices & -devices
        yield lowest.bit_length() - 1
        devices ^= lowest


def _excludes(one: Need, other: Need, exclusive: bool) -> bool:
    """Whether a device that one request has cannot go to the other."""
    if one.admin or other.admin:
        return one.claim == other.claim
    return exclusive
