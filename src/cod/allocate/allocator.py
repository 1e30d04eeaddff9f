"""Claims in, devices out: a pure function that knows no file and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from cod.allocate.aims import Aims
from cod.allocate.alternatives import Choice, Chooser, first_devices
from cod.allocate.best import best
from cod.allocate.features import ALL_FEATURES, refuse_gated, without_features
from cod.allocate.in_use import InUse
from cod.allocate.near import Surroundings
from cod.allocate.nodes import Node
from cod.allocate.pools import Pools
from cod.allocate.refusal import NoFit, Refusal, Undecided
from cod.allocate.requests import Wishes, read
from cod.allocate.result import results
from cod.allocate.search import Budget, Spent
from cod.allocate.stock import Stock
from cod.allocate.strict import fail_after, fail_before
from cod.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice


class Options(Struct, frozen=True):
    """How to decide.

    `order`: "first" takes the devices that Kubernetes takes, "best" those that fit best. `strict` fails where
    Kubernetes does. `steps` is how long a search may be. `features` are the feature gates that are on.
    """

    order: Literal["best", "first"] = "best"
    strict: bool = False
    steps: int = 200_000
    features: frozenset[str] = ALL_FEATURES


def allocate(
    claims: Sequence[ResourceClaim],
    classes: Iterable[DeviceClass],
    slices: Iterable[ResourceSlice],
    in_use: InUse = {},  # noqa: B006, it is only read
    *,
    node: Node | None = None,
    options: Options = Options(),  # noqa: B008, it is frozen
    surroundings: Surroundings | None = None,
) -> tuple[AllocationResult, ...]:
    """Choose devices for claims together, on one node; without a node, out of all that there is.

    Raises InvalidClaim, NoFit, Undecided, and AllocationFailed where `strict`.
    """
    allocator = Allocator(slices, classes, in_use, options=options, surroundings=surroundings)
    return allocator.allocate(claims, node)


class Allocator:
    """Slices and classes, put in order once for many claims."""

    def __init__(
        self,
        slices: Iterable[ResourceSlice],
        classes: Iterable[DeviceClass],
        in_use: InUse = {},  # noqa: B006, it is only read
        *,
        options: Options = Options(),  # noqa: B008, it is frozen
        surroundings: Surroundings | None = None,
    ) -> None:
        if options.features != ALL_FEATURES:
            slices = without_features(slices, options.features)
        self.pools = Pools(slices)
        self.classes = {each.name: each for each in classes}
        self.in_use = in_use
        self.options = options
        self.surroundings = surroundings

    def allocate(
        self, claims: Sequence[ResourceClaim], node: Node | None = None
    ) -> tuple[AllocationResult, ...]:
        """Choose devices for claims together. Raises as `allocate` does."""
        if self.options.features != ALL_FEATURES:
            refuse_gated(claims, self.options.features)
        wishes = read(claims, self.classes)
        stock = Stock(self.pools.offer(node), self.pools, self.in_use)
        if self.options.strict:
            fail_before(wishes, stock)
        budget = Budget(self.options.steps)
        chooser = Chooser(wishes, stock, budget)
        try:
            choice = self._choose(chooser, wishes, stock)
        except Spent:
            raise Undecided("undecided") from None
        if self.options.strict:
            fail_after(wishes, stock, choice)
        if choice is None:
            raise NoFit("does not fit", Refusal("", (), (), {}, (), 0), where="", causes=(), hint="")
        return results(wishes, choice, stock, node)

    def _choose(self, chooser: Chooser, wishes: Wishes, stock: Stock) -> Choice | None:
        if self.options.order == "first":
            return first_devices(chooser)
        choice = chooser.first()
        if choice is None or not choice.picks:
            return choice
        aims = Aims(wishes, [each.name for each in choice.alternatives], stock, self.surroundings)
        return best(chooser, choice, aims).choice
