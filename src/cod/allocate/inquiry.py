"""Questions to the search: whether less would do, and how much there is to be had at most.

Every answer is a proof as long as no search was stopped, which `is_proven` says. All questions together have
as many steps as a person waits for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from cod.allocate.alternatives import Chooser
from cod.allocate.problem import Problem
from cod.allocate.requests import Wishes
from cod.allocate.search import Budget, Spent, solve
from cod.allocate.stock import Stock

_STEPS = 20_000  # of each question; who asks why can wait a little
_ALL_STEPS = 30_000  # of all questions about numbers, and of all about changes
_ASKING = 10  # steps that it takes to put a question about numbers, and to put one about a change
_CHANGING = 100
_MOST_TRIES = 256


class Inquiry:
    """Asks the search, and remembers whether it always had an answer."""

    def __init__(self) -> None:
        self.is_proven = True
        self._numbers = Budget(_ALL_STEPS)
        self._changes = Budget(_ALL_STEPS)

    def could(self, wishes: Wishes, stock: Stock) -> bool:
        """Whether wishes could be met, as far as that is soon found out."""
        try:
            with _part_of(self._changes, _CHANGING) as budget:
                return Chooser(wishes, stock, budget).first() is not None
        except Spent:
            return False

    def attainable(self, problem: Problem) -> list[int]:
        """How many devices each need can have, those that come first before the others."""
        counts = [0] * len(problem.needs)
        for number, most in enumerate(_wanted(problem)):
            # Whatever can be had of many can be had of few: halve.
            least = 0
            while least < most:
                middle = (least + most + 1) // 2
                counts[number] = middle
                if self._fits(problem, counts):
                    least = middle
                else:
                    most = middle - 1
            counts[number] = least
        return counts

    def first_attainable(self, problem: Problem) -> int:
        """How many devices the first need can have; all that it wants where that is not found out."""
        known, self.is_proven = self.is_proven, True
        count = self.attainable(problem)[0]
        if not self.is_proven:
            return _wanted(problem)[0]
        self.is_proven = known
        return count

    def most(self, problem: Problem) -> int | None:
        """How many devices the needs can have together, none more than it wants; None: not found out."""
        known, self.is_proven = self.is_proven, True
        count = self._most(problem)
        if not self.is_proven:
            return None
        self.is_proven = known
        return count

    def _most(self, problem: Problem) -> int:
        alone = [self.attainable(replace(problem, needs=(need,), links=()))[0] for need in problem.needs]
        least = max(sum(self.attainable(each)) for each in _by_value(problem))
        tries = 0
        for total in range(sum(alone), least, -1):
            for counts in _vectors(alone, total):
                tries += 1
                if tries > _MOST_TRIES:
                    self.is_proven = False
                    return least
                if self._fits(problem, counts):
                    return total
                if not self.is_proven:
                    return least
        return least

    def _fits(self, problem: Problem, counts: Sequence[int]) -> bool:
        needs = tuple(replace(need, count=count) for need, count in zip(problem.needs, counts, strict=True))
        try:
            with _part_of(self._numbers, _ASKING) as budget:
                return solve(replace(problem, needs=needs), budget) is not None
        except Spent:
            self.is_proven = False
            return False


@contextmanager
def _part_of(whole: Budget, asking: int) -> Iterator[Budget]:
    """The steps of one question, out of those of all. Raises Spent where none are left."""
    whole.spend(asking)
    most = min(whole.steps, _STEPS)
    budget = Budget(most)
    try:
        yield budget
    finally:
        whole.steps -= most - max(budget.steps, 0)


def _wanted(problem: Problem) -> list[int]:
    return [min(each.count, each.candidates.bit_count()) for each in problem.needs]


def _by_value(problem: Problem) -> Iterator[Problem]:
    """The problem, and what it is where all devices under its first match have one value of it."""
    yield problem
    for having in problem.matches[0] if problem.matches else ():
        needs = (
            replace(need, candidates=need.candidates & having) if need.matches else need
            for need in problem.needs
        )
        yield replace(problem, needs=tuple(needs))


def _vectors(most: Sequence[int], total: int) -> Iterator[list[int]]:
    """All numbers that are at most these, and come to a total."""
    if not most:
        if not total:
            yield []
        return
    for first in range(min(most[0], total), max(0, total - sum(most[1:])) - 1, -1):
        for rest in _vectors(most[1:], total - first):
            yield [first, *rest]
