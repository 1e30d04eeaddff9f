"""Whether devices can be packed into what there is, where the constraints on attributes are settled.

What is left of a problem then falls apart: devices that share no resource meet only in the counts of the
requests. So each part is solved for itself, once for all parts that are alike, and the parts are put together
by what they serve. Devices that share nothing at all are a flow. The answer is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from cod.allocate.counts import count, counts_of, guards, less, smallest
from cod.allocate.dive import dive
from cod.allocate.flow import flow
from cod.allocate.patterns import Kind, Part, Patterns, Picks, patterns
from cod.allocate.problem import Amounts, State, bits

Pick = tuple[int, int]  # request and device

_LOOKED_AT = 16  # shared devices whose amounts are added up in one step


def pack(state: State, spend: Callable[[int], None]) -> list[Pick] | None:
    """Devices for all that is still needed, or None where no choice is enough. `spend` may raise."""
    return _Packing(state, spend).run()


class _Packing:
    def __init__(self, state: State, spend: Callable[[int], None]) -> None:
        self.state = state
        self.problem = state.problem
        self.spend = spend
        self.active = [number for number, wanted in enumerate(state.wanted) if wanted]
        self.union = 0
        for number in self.active:
            self.union |= state.open[number]
        self.picks: list[Pick] = []
        self.given: dict[int, int] = {}

    def run(self) -> list[Pick] | None:
        binding = self._binding()
        self._share_freely(binding)
        if not self.active:
            return self.picks
        kinds, members = self._kinds()
        parts = self._parts(binding, kinds)
        if parts and (found := dive(self.state, self.spend)) is not None:
            return found
        bound = sum(1 << device for part in parts for device in part.devices)
        groups = partition(self.union & ~bound, [kind.open for kind in kinds])
        sizes = {who: devices.bit_count() for who, devices in groups.items()}
        for wanted, picks in self._served(parts, kinds):
            self.spend(1)
            flown = flow(wanted, sizes)
            if flown is not None:
                self._hand_out(picks, flown, groups, members)
                return self.picks
        return None

    def _binding(self) -> set[int]:
        """The resources that could run out if everything open were taken."""
        state, demand = self.state, [0] * len(self.problem.left)
        if not demand:
            return set()
        for device in bits(self.union & ~state.opened):
            for resource, amount in self.problem.takes.get(device, ()):
                demand[resource] += amount
        for number in self.active:
            self.spend(len(self.problem.needs[number].shares) // _LOOKED_AT)
            for device, amounts in self.problem.needs[number].shares.items():
                if state.open[number] >> device & 1:
                    for resource, amount in amounts:
                        demand[resource] += amount
        return {number for number, amount in enumerate(demand) if amount > state.left[number]}

    def _share_freely(self, binding: set[int]) -> None:
        """Give out what is shared and costs nothing that could run out: it is in nobody's way."""
        state, still = self.state, []
        self.wanted = dict.fromkeys(self.active, 0)
        for number in self.active:
            need = self.problem.needs[number]
            self.wanted[number] = state.wanted[number]
            if not need.admin and not need.distincts:
                for device in bits(
                    state.open[number] & self.problem.shared & ~self._looked_after(need.claim)
                ):
                    amounts = need.shares.get(device, ()) + self.problem.takes.get(device, ())
                    if self.wanted[number] and not any(resource in binding for resource, _ in amounts):
                        self.wanted[number] -= 1
                        self.picks.append((number, device))
                        self.given[number] = self.given.get(number, 0) | 1 << device
            if self.wanted[number]:
                still.append(number)
        self.active = still

    def _looked_after(self, claim: int) -> int:
        """The devices that an adminAccess request of a claim is open to."""
        open_ = 0
        for number in self.active:
            need = self.problem.needs[number]
            if need.admin and need.claim == claim:
                open_ |= self.state.open[number]
        return open_

    def _kinds(self) -> tuple[list[Kind], list[list[int]]]:
        """The requests that are still active, put together where it makes no difference which is which."""
        tending = {self.problem.needs[each].claim for each in self.active if self.problem.needs[each].admin}
        found: dict[object, list[int]] = {}
        kinds: list[Kind] = []
        for number in self.active:
            need = self.problem.needs[number]
            open_ = self.state.open[number] & ~self.given.get(number, 0)
            claim = need.claim if need.claim in tending else -1
            key: tuple[object, ...] = (open_, need.distincts, claim)
            if need.admin:
                key = (number,)
            elif open_ & self.problem.shared:
                shares = tuple(need.shares.get(device) for device in bits(open_ & self.problem.shared))
                key = (*key, self.wanted[number], shares)
            members = found.setdefault(key, [])
            if not members:
                kinds.append(Kind(0, open_, 0, claim, need.admin, need.shares, need.distincts))
            members.append(number)
        counted = (
            replace(kind, requests=len(members), wanted=sum(self.wanted[each] for each in members))
            for kind, members in zip(kinds, found.values(), strict=True)
        )
        return list(counted), list(found.values())

    def _parts(self, binding: set[int], kinds: Sequence[Kind]) -> list[Part]:
        """The devices that share something limited, and those that more than one request could have."""
        open_ = tended = 0
        for kind in kinds:
            open_ |= kind.open
            tended |= kind.open if kind.admin else 0
        bonds = [self.problem.users[resource] & open_ for resource in binding]
        for kind in kinds:
            for each in kind.distincts:
                conflicts = self.problem.distincts[each]
                bonds += [conflicts.get(device, 0) & open_ for device in bits(kind.open)]
        single = open_ & (self.problem.shared | tended)
        drawing: dict[int, list[int]] = {}
        for resource in binding:
            for device in bits(self.problem.users[resource] & open_):
                drawing.setdefault(device, []).append(resource)
        return [self._part(group, binding, drawing) for group in join(bonds, single)]

    def _part(self, group: int, binding: set[int], drawing: Mapping[int, list[int]]) -> Part:
        devices = tuple(bits(group))
        takes = {device: self._bound(self.problem.takes.get(device, ()), binding) for device in devices}
        resources = {resource for device in devices for resource in drawing.get(device, ())}
        return Part(
            devices=devices,
            shared=self.problem.shared & group,
            opened=self.state.opened & group,
            takes={device: amounts for device, amounts in takes.items() if amounts},
            left={resource: self.state.left[resource] for resource in sorted(resources)},
            distincts=self.problem.distincts,
        )

    def _bound(self, amounts: Amounts, binding: set[int]) -> Amounts:
        return tuple(each for each in amounts if each[0] in binding)

    def _served(self, parts: Sequence[Part], kinds: Sequence[Kind]) -> Iterable[tuple[list[int], Picks]]:
        """What is still wanted after the parts have given what they can: all that nothing else is within."""
        guard = guards(len(kinds))
        alike: dict[object, tuple[Part, Patterns]] = {}
        frontier: Patterns = {counts_of([kind.wanted for kind in kinds]): ()}
        for part in parts:
            key = part.key(kinds)
            if key not in alike:
                alike[key] = part, patterns(part, kinds, self.spend)
            model, known = alike[key]
            place = dict(zip(model.devices, part.devices, strict=True))
            named = {
                served: [(kind, place[device]) for kind, device in picks] for served, picks in known.items()
            }
            after: Patterns = {}
            for wanted, picks in frontier.items():
                for served, mine in named.items():
                    rest = less(wanted, served, guard)
                    if rest not in after:
                        after[rest] = (*picks, *mine)
            self.spend(len(frontier) * len(known) // 8)
            frontier = smallest(after, guard, self.spend)
        for rest, picks in frontier.items():
            yield [count(rest, kind) for kind in range(len(kinds))], picks

    def _hand_out(
        self,
        picks: Picks,
        flown: dict[tuple[int, int], int],
        groups: dict[int, int],
        members: Sequence[Sequence[int]],
    ) -> None:
        """Turn devices of kinds into devices of requests."""
        given: dict[int, list[int]] = {}
        for kind, device in picks:
            given.setdefault(kind, []).append(device)
        free = {who: list(bits(devices)) for who, devices in groups.items()}
        for (kind, who), number in sorted(flown.items()):
            given.setdefault(kind, []).extend(free[who].pop(0) for _ in range(number))
        for kind, requests in enumerate(members):
            turns = [request for request in requests for _ in range(self.wanted[request])]
            if len({*map(self.wanted.__getitem__, requests)}) == 1:
                turns = [*requests] * self.wanted[requests[0]]
            self.picks += zip(turns, sorted(given.get(kind, ())), strict=False)


def partition(devices: int, sets: Sequence[int]) -> dict[int, int]:
    """The devices by which of the sets they are in; those that are in none are left out."""
    parts = {0: devices}
    for number, members in enumerate(sets):
        split: dict[int, int] = {}
        for who, part in parts.items():
            if inside := part & members:
                split[who | 1 << number] = inside
            if outside := part & ~members:
                split[who] = outside
        parts = split
    parts.pop(0, None)
    return parts


def join(bonds: Iterable[int], single: int) -> list[int]:
    """Sets that have a device in common put together; a device of `single` is a set at least alone."""
    groups: dict[int, int] = {}
    name_of: dict[int, int] = {}  # of the group that each device is in
    covered = 0
    for bond in (*bonds, *(1 << device for device in bits(single))):
        if not bond:
            continue
        for other in {name_of[device] for device in bits(bond & covered)}:
            bond |= groups.pop(other)
        name = (bond & -bond).bit_length()
        groups[name] = bond
        name_of.update(dict.fromkeys(bits(bond), name))
        covered |= bond
    return sorted(
        (each for each in groups.values() if each.bit_count() > 1 or each & single),
        key=lambda each: each & -each,
    )
