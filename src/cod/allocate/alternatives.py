"""Which alternative of each request is taken: the first ones with which everything can be met.

"First" goes by the order of the requests: a later request gives way before an earlier one does. Source:
Kubernetes KEP-4816, prioritized list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import takewhile

from msgspec import Struct

from cod.allocate.candidates import Composer
from cod.allocate.pack import Pick
from cod.allocate.problem import Problem, State, start
from cod.allocate.requests import Alternative, Wishes
from cod.allocate.search import Budget, Spent, complete
from cod.allocate.stock import Stock
from cod.resource import MOST_DEVICES


class Choice(Struct, frozen=True):
    """An alternative of each request, and devices for all of them: requests by number, and devices."""

    alternatives: tuple[Alternative, ...]
    picks: tuple[Pick, ...]


class Chooser:
    """Finds choices for the same wishes on the same node."""

    def __init__(self, wishes: Wishes, stock: Stock, budget: Budget) -> None:
        self.wishes = wishes
        self.stock = stock
        self.budget = budget
        self.composer = Composer(wishes, stock)
        self._problems: dict[tuple[int, ...], Problem] = {}

    @cached_property
    def _twins(self) -> list[int | None]:
        return _twins(self.wishes)

    def first(self, decided: Sequence[Alternative] = (), picks: Sequence[Pick] = ()) -> Choice | None:
        """The first alternatives for the requests that are not decided, with devices beside these picks.

        None is a proof that there are none. Raises Spent.
        """
        untried: list[Iterator[Sequence[Alternative]]] = [iter([decided])]
        while untried:
            chosen = next(untried[-1], None)
            if chosen is None:
                untried.pop()
                continue
            chosen = self._with_only_ones(chosen)
            self.budget.spend(len(chosen))  # to put a state together takes its time, too
            state = self.state(chosen, picks)
            found = complete(state, self.budget) if state is not None else None
            if found is None:  # what cannot be given without the rest is not given with it either
                continue
            if len(chosen) == len(self.wishes.requests):
                return Choice(tuple(chosen), (*picks, *found))
            untried.append(iter([[*chosen, each] for each in self._options(chosen)]))
        return None

    def _with_only_ones(self, decided: Sequence[Alternative]) -> Sequence[Alternative]:
        """The alternatives with those of the next requests that have no other."""
        following = takewhile(lambda wish: len(wish.alternatives) == 1, self.wishes.requests[len(decided) :])
        return [*decided, *(wish.alternatives[0] for wish in following)]

    def state(self, decided: Sequence[Alternative], picks: Sequence[Pick]) -> State | None:
        """What is to be chosen beside these picks; None where a claim would get too many devices."""
        problem = self._problem(decided)
        for claim in range(len(self.wishes.claims)):
            total = sum(each.count for each in problem.needs if each.claim == claim)
            rest = self.wishes.requests[len(decided) :]
            if total + sum(each.least for each in rest if each.claim == claim) > MOST_DEVICES:
                return None
        state = start(problem)
        for number, device in picks:
            if not state.open[number] >> device & 1:
                return None
            state = state.take(number, device)
        return state

    def _problem(self, decided: Sequence[Alternative]) -> Problem:
        key = tuple(map(id, decided))
        found = self._problems.get(key)
        if found is None:
            found = self._problems[key] = self.composer.problem(decided)
        return found

    def _options(self, decided: Sequence[Alternative]) -> Sequence[Alternative]:
        """The alternatives of the next request, from its twin's on: earlier ones would be the same again."""
        number = len(decided)
        options = self.wishes.requests[number].alternatives
        twin = self._twins[number]
        if twin is None:
            return options
        taken = self.wishes.requests[twin].alternatives.index(decided[twin])
        return options[taken:]


def _twins(wishes: Wishes) -> list[int | None]:
    """For each request the last one before it that asks for the same."""
    seen: dict[object, int] = {}
    twins: list[int | None] = []
    for number, wish in enumerate(wishes.requests):
        key = (
            wish.claim,
            tuple(
                (
                    tuple(condition.selector for condition in each.conditions),
                    each.count,
                    each.admin,
                    each.tolerations,
                    tuple(sorted((name, str(amount)) for name, amount in each.capacity.items())),
                    tuple(place for place, one in enumerate(wishes.constraints) if one.binds(each)),
                )
                for each in wish.alternatives
            ),
        )
        twins.append(seen.get(key))
        seen[key] = number
    return twins


def first_devices(chooser: Chooser) -> Choice | None:
    """The choice that Kubernetes makes: each request has the first devices that leave the rest a solution.

    Where the search has no steps left for that, it is what was found until then. Raises Spent where that is
    nothing.
    """
    known = chooser.first()
    decided: list[Alternative] = []
    picks: list[Pick] = []
    with suppress(Spent):
        for number, wish in enumerate(chooser.wishes.requests if known is not None else ()):
            for alternative in wish.alternatives:
                choice = chooser.first([*decided, alternative], picks)
                if choice is not None:
                    known = choice
                    break
            assert known is not None
            decided.append(known.alternatives[number])
            for _ in range(sum(1 for request, _ in known.picks if request == number)):
                known = _next_device(chooser, decided, picks, known)
                picks.append(known.picks[len(picks)])
    return known


def _next_device(
    chooser: Chooser, decided: Sequence[Alternative], picks: Sequence[Pick], known: Choice
) -> Choice:
    """A choice in which the next pick is the first device that goes on with the rest."""
    number = len(decided) - 1
    rest = sorted(known.picks[len(picks) :])
    expected = next(device for request, device in rest if request == number)
    state = chooser.state(decided, picks)
    assert state is not None  # there is a choice with these picks
    for device in range(expected):
        if state.open[number] >> device & 1:
            choice = chooser.first(decided, [*picks, (number, device)])
            if choice is not None:
                return choice
    others = [each for each in rest if each != (number, expected)]
    return Choice(known.alternatives, (*picks, (number, expected), *others))
