"""The best choice: as good as the best of all, in the stated order of what counts, and the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from cod.allocate import Allocator, Answer, NoFit, Undecided
from cod.allocate.aims import ZERO, Aims, Cost, plus
from cod.allocate.alternatives import Chooser
from cod.allocate.best import Best, best
from cod.allocate.pack import Pick as Numbered
from cod.allocate.search import Budget
from cod.allocate.stock import Stock
from cod.resource import AllocationResult
from tests.allocate.checker import faults
from tests.allocate.costs import connected_solutions, cost, is_connected
from tests.allocate.exhaustive import TooLarge, Vector
from tests.allocate.instances import Instance
from tests.allocate.joint import Pick
from tests.allocate.laws import as_node, vector_of
from tests.allocate.places import Places, Preferred, preferred

thorough = settings(
    max_examples=150, deadline=None, suppress_health_check=[*HealthCheck], phases=[Phase.generate]
)


def allocator(instance: Instance, places: Places) -> Allocator:
    return Allocator(instance.slices, instance.classes, instance.in_use, surroundings=places)


def chosen(instance: Instance, places: Places) -> Answer | None:
    try:
        return allocator(instance, places).choose(instance.claims, as_node(instance.node))
    except NoFit:
        return None


def all_ways(instance: Instance, places: Places) -> tuple[Vector, list[list[Pick]]] | None:
    try:
        return connected_solutions(instance, places)
    except TooLarge:
        assume(False)
        raise


class Chosen:
    """A best choice with all costs, and what any other choice of the same alternatives costs."""

    def __init__(self, instance: Instance, places: Places) -> None:
        self._allocator = allocator(instance, places)
        wishes = self._allocator.read(instance.claims)
        self.stock = Stock(
            self._allocator.pools.offer(as_node(instance.node)),
            self._allocator.pools,
            instance.in_use,
            places,
        )
        self.chooser = Chooser(wishes, self.stock, Budget(200_000))
        choice = self.chooser.first()
        assert choice is not None
        self.aims = Aims(wishes, choice.alternatives, self.stock)
        self.best: Best = best(self.chooser, choice, self.aims)
        self._numbers = {each.key: number for number, each in enumerate(self.stock.devices)}
        self._requests = {
            (wish.claim, wish.name): number for number, wish in enumerate(self.chooser.wishes.requests)
        }

    def numbered(self, picks: Sequence[Pick]) -> list[Numbered]:
        return [
            (self._requests[each.wish.claim, each.wish.name], self._numbers[each.offer.key]) for each in picks
        ]

    def cost(self, picks: Sequence[Numbered]) -> Cost:
        total = ZERO
        state = self.chooser.state(self.best.choice.alternatives, ())
        assert state is not None
        for number, pick in enumerate(picks):
            total = plus(total, self.aims.cost(state, picks[:number], pick))
            state = state.take(*pick)
        return total


@thorough
@given(preferred())
def test_no_solution_costs_less_than_the_one_that_is_chosen(question: Preferred) -> None:
    instance, places = question
    ways = all_ways(instance, places)
    answer = chosen(instance, places)
    if ways is None:
        assert answer is None
        return
    assert answer is not None
    vector, solutions = ways
    assert faults(*instance, answer.results) == []
    assert vector_of(instance.claims, answer.results) == vector
    found = Chosen(instance, places)
    least = min((*cost(instance, places, each), *found.cost(found.numbered(each))[2:]) for each in solutions)
    assert found.best.is_proven
    assert found.best.cost == least


@thorough
@given(preferred(), st.randoms(use_true_random=False))
def test_costs_are_what_the_preferences_say_in_whatever_order_devices_are_taken(
    question: Preferred, random: Random
) -> None:
    instance, places = question
    ways = all_ways(instance, places)
    assume(ways is not None)
    assert ways is not None
    found = Chosen(instance, places)
    for solution in random.sample(ways[1], min(5, len(ways[1]))):
        picks = found.numbered(solution)
        total = found.cost(picks)
        assert total[:2] == cost(instance, places, solution)
        random.shuffle(picks)
        assert found.cost(picks) == total
