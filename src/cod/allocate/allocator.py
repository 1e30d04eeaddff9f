"""Claims in, devices out: a pure function that knows no file and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from cod.allocate.aims import Aims
from cod.allocate.alternatives import Choice, Chooser, first_devices
from cod.allocate.answer import Answer, answer
from cod.allocate.best import best
from cod.allocate.explain import explain
from cod.allocate.features import ALL_FEATURES, refuse_gated, without_features
from cod.allocate.in_use import InUse
from cod.allocate.near import Surroundings
from cod.allocate.nodes import Node
from cod.allocate.pools import Pools
from cod.allocate.refusal import NoFit, Undecided
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
        chooser = self._chooser(claims, node)
        choice = self._decide(chooser, claims, node)
        if self.options.order == "best":
            choice = best(chooser, choice, Aims(chooser.wishes, choice.alternatives, chooser.stock)).choice
        return results(chooser.wishes, choice, chooser.stock, node)

    def choose(self, claims: Sequence[ResourceClaim], node: Node | None = None) -> Answer:
        """Choose the best devices, and say why. Raises as `allocate` does."""
        chooser = self._chooser(claims, node)
        choice = self._decide(chooser, claims, node)
        aims = Aims(chooser.wishes, choice.alternatives, chooser.stock)
        found = best(chooser, choice, aims)
        return answer(results(chooser.wishes, found.choice, chooser.stock, node), found, chooser, aims)

    def _chooser(self, claims: Sequence[ResourceClaim], node: Node | None) -> Chooser:
        return Chooser(self.read(claims), self._stock(node), Budget(self.options.steps))

    def _decide(self, chooser: Chooser, claims: Sequence[ResourceClaim], node: Node | None) -> Choice:
        """A choice of the first alternatives that go; in Kubernetes' order it is the one to take."""
        wishes, stock, options = chooser.wishes, chooser.stock, self.options
        if options.strict:
            fail_before(wishes, stock)
        try:
            choice = first_devices(chooser) if options.order == "first" else chooser.first()
        except Spent:
            raise Undecided(_names(claims), options.steps) from None
        if options.strict:
            fail_after(wishes, stock, choice)
        if choice is None:
            raise NoFit(
                _names(claims),
                node.name if node else "",
                lambda: explain(wishes, stock, node, lambda holder: self._stock(node, without=holder)),
            )
        return choice

    def read(self, claims: Sequence[ResourceClaim]) -> Wishes:
        """What claims ask for. Raises InvalidClaim."""
        if self.options.features != ALL_FEATURES:
            refuse_gated(claims, self.options.features)
        return read(claims, self.classes)

    def _stock(self, node: Node | None, without: str = "") -> Stock:
        """What a node has to offer; as it would be if one claim were released."""
        uses = self.in_use
        if without:
            kept = ((key, tuple(use for use in each if use.holder != without)) for key, each in uses.items())
            uses = {key: each for key, each in kept if each}
        return Stock(self.pools.offer(node), self.pools, uses, self.surroundings)


def _names(claims: Sequence[ResourceClaim]) -> str:
    return ", ".join(each.name for each in claims)
