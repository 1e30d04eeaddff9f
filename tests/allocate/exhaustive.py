"""Every way to meet some claims, by trying all of them: for small cases only.

vector of alternatives ──> combinations of usable devices, request by request ──> whole solutions
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from cod.allocate.in_use import InUse
from cod.resource import DeviceClass, ResourceClaim, ResourceSlice
from tests.allocate.conditions import selects as evaluate
from tests.allocate.joint import Pick, broken
from tests.allocate.offers import Offer, Place, offers_of
from tests.allocate.wishes import Judge, Selects, Wish, missing_classes, wishes_of

Vector = tuple[int, ...]
"""Which alternative each request was met by, over all claims in order."""


class TooLarge(Exception):
    """A case has more ways than are worth trying."""


class Search:
    """All ways to meet the claims; `steps` bounds the combinations that are looked at."""

    def __init__(
        self,
        claims: Sequence[ResourceClaim],
        classes: Sequence[DeviceClass],
        slices: Sequence[ResourceSlice],
        in_use: InUse,
        node: Place | None,
        selects: Selects = evaluate,
        steps: int = 200_000,
    ) -> None:
        if missing := missing_classes(claims, classes):
            raise ValueError(f"no such class: {missing}")
        self._claims = claims
        self._judge = Judge(classes, offers_of(slices, node), in_use, selects)
        self._wishes = wishes_of(claims)
        self._steps = steps
        self._choices = {
            (wish.claim, wish.request, wish.alternative): [*self._sets(wish)]
            for wishes in self._wishes
            for wish in wishes
        }

    def best(self) -> Vector | None:
        """The first alternatives that make everything succeed; None where nothing does."""
        return next((vector for vector in self.vectors() if self.meets(vector)), None)

    def first(self) -> list[Pick] | None:
        """The first solution in Kubernetes' order: requests, then alternatives, pools, slices, devices.

        It need not have the best vector: an earlier request keeps its first devices where a later one can
        do with a later alternative.
        """
        return self._first([], self._wishes)

    def _first(self, picks: list[Pick], rest: Sequence[Sequence[Wish]]) -> list[Pick] | None:
        if not rest:
            return picks
        for wish in rest[0]:
            for more in self._with(picks, wish):
                if (found := self._first(more, rest[1:])) is not None:
                    return found
        return None

    def vectors(self) -> Iterator[Vector]:
        """All choices of alternatives, the most wanted first."""
        return product(*(range(len(wishes)) for wishes in self._wishes))

    def meets(self, vector: Vector) -> bool:
        """Whether these alternatives can all be met together."""
        return next(self.with_vector(vector), None) is not None

    def solutions(self) -> Iterator[list[Pick]]:
        """Every solution, those with the most wanted alternatives first."""
        for vector in self.vectors():
            yield from self.with_vector(vector)

    def with_vector(self, vector: Vector) -> Iterator[list[Pick]]:
        """Every solution with these alternatives."""
        chosen = [wishes[index] for wishes, index in zip(self._wishes, vector, strict=True)]
        if all(self._choices[wish.claim, wish.request, wish.alternative] for wish in chosen):
            yield from self._extend([], chosen)

    def _extend(self, picks: list[Pick], rest: Sequence[Wish]) -> Iterator[list[Pick]]:
        if not rest:
            yield picks
            return
        for more in self._with(picks, rest[0]):
            yield from self._extend(more, rest[1:])

    def _with(self, picks: list[Pick], wish: Wish) -> Iterator[list[Pick]]:
        """The picks with each set of devices for one wish more that goes with them."""
        for devices in self._choices[wish.claim, wish.request, wish.alternative]:
            self._steps -= 1
            if self._steps < 0:
                raise TooLarge
            more = [*picks, *(Pick(wish, each) for each in devices)]
            if next(broken(self._claims, more, self._judge), None) is None:
                yield more

    def _sets(self, wish: Wish) -> Iterator[tuple[Offer, ...]]:
        """The sets of devices that meet a wish taken alone."""
        usable = self._judge.usable(wish)
        if not wish.all_:
            sets: Iterator[tuple[Offer, ...]] = combinations(usable, wish.count)
        else:
            all_ = tuple(self._judge.matching(wish))
            right = all_ and len(all_) == len(usable) and not self._judge.doubtful(wish)
            sets = iter([all_] if right else [])
        for number, devices in enumerate(sets):
            if number > 5000:
                raise TooLarge
            if next(broken(self._claims, [Pick(wish, each) for each in devices], self._judge), None) is None:
                yield devices


def solutions(
    claims: Sequence[ResourceClaim],
    classes: Sequence[DeviceClass],
    slices: Sequence[ResourceSlice],
    in_use: InUse,
    node: Place | None,
) -> Iterator[list[Pick]]:
    """Every way to meet all claims together on one node; raises TooLarge where there are too many."""
    return Search(claims, classes, slices, in_use, node).solutions()


def fits(
    claims: Sequence[ResourceClaim],
    classes: Sequence[DeviceClass],
    slices: Sequence[ResourceSlice],
    in_use: InUse,
    node: Place | None,
) -> bool:
    """Whether there is any way at all."""
    return Search(claims, classes, slices, in_use, node).best() is not None
