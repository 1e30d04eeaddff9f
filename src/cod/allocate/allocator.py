"""Claims in, devices out: a pure function that knows no file and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cod.allocate.aims import Aims
from cod.allocate.alternatives import Choice, Chooser, first_devices
from cod.allocate.answer import Answer, answer
from cod.allocate.best import best
from cod.allocate.explain import explain
from cod.allocate.features import ALL_FEATURES, refuse_gated, without_features
from cod.allocate.in_use import InUse, Use, in_use
from cod.allocate.near import Surroundings
from cod.allocate.nodes import Node
from cod.allocate.pools import Pools
from cod.allocate.refusal import NoFit, Undecided
from cod.allocate.requests import Wishes, read
from cod.allocate.result import results
from cod.allocate.search import Budget, Spent
from cod.allocate.stock import Stock
from cod.allocate.strict import fail_after, fail_before
from cod.drivers.protocol import DeviceKey
from cod.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice

if TYPE_CHECKING:
    from cod.allocate.fleet import Fleet, Question  # NumPy takes a while, and may be missing

_MOST_QUESTIONS = 256  # that are remembered
_MOST_STOCKS = 1024


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
        self.in_use: dict[DeviceKey, tuple[Use, ...]] = dict(in_use)
        self.options = options
        self.surroundings = surroundings
        self._fleet: Fleet | None = None
        self._questions: dict[bytes, Question] = {}
        self._stocks: dict[str, tuple[Node, Stock]] = {}
        self._wishes: dict[bytes, Wishes] = {}

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

    def fitting(self, claims: Sequence[ResourceClaim], nodes: Sequence[Node]) -> Sequence[bool]:
        """For each node whether the claims would fit there; nodes that are alike are decided once.

        Raises InvalidClaim and Undecided.
        """
        wishes = self.read(claims)
        fleet = self.fleet(nodes)
        if fleet is None:
            return [self._fits(wishes, each) for each in nodes]
        key = _key(claims)
        question = self._questions.get(key)
        if question is None:
            if len(self._questions) >= _MOST_QUESTIONS:
                self._questions.clear()
            question = self._questions[key] = fleet.ask(wishes)
        found: list[bool] = fleet.fitting(question, partial(self._fits, wishes)).tolist()
        return found

    def fleet(self, nodes: Sequence[Node]) -> Fleet | None:
        """Nodes made ready for questions about all of them; nothing where NumPy is missing."""
        if self._fleet is None or (self._fleet.nodes is not nodes and self._fleet.nodes != nodes):
            try:
                from cod.allocate.fleet import Fleet
            except ModuleNotFoundError as error:
                if error.name != "numpy":
                    raise
                return None
            self._fleet = Fleet(self.pools, nodes, self.in_use)
            self._questions.clear()
        return self._fleet

    def take(self, claims: Iterable[ResourceClaim]) -> None:
        """Take note that what these claims were allocated is in use."""
        found = in_use(claims)
        for key, uses in found.items():
            self.in_use[key] = (*self.in_use.get(key, ()), *uses)
        self._changed(found)

    def give_back(self, claims: Iterable[ResourceClaim]) -> None:
        """Take note that what these claims were allocated is in use no more."""
        found = in_use(claims)
        for key, uses in found.items():
            left = [*self.in_use.get(key, ())]
            for use in uses:
                if use in left:
                    left.remove(use)
            if left:
                self.in_use[key] = tuple(left)
            else:
                self.in_use.pop(key, None)
        self._changed(found)

    def _changed(self, keys: Iterable[DeviceKey]) -> None:
        if self._fleet is not None:
            self._fleet.changed(keys)

    def _fits(self, wishes: Wishes, node: Node) -> bool:
        try:
            return Chooser(wishes, self._stock(node), Budget(self.options.steps)).first() is not None
        except Spent:
            raise Undecided(_names(wishes.claims), self.options.steps) from None

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
        key = _key(claims)
        known = self._wishes.get(key)
        if known is not None:
            return replace(known, claims=tuple(claims))
        if len(self._wishes) >= _MOST_QUESTIONS:
            self._wishes.clear()
        wishes = self._wishes[key] = read(claims, self.classes)
        return wishes

    def _stock(self, node: Node | None, without: str = "") -> Stock:
        """What a node has to offer; as it would be if one claim were released."""
        uses: InUse = self.in_use
        if without:
            kept = ((key, tuple(use for use in each if use.holder != without)) for key, each in uses.items())
            uses = {key: each for key, each in kept if each}
        known = self._stocks.get(node.name) if node else None
        if known is not None and known[0] == node:
            stock = known[1].with_uses(uses)
        else:
            stock = Stock(self.pools.offer(node), self.pools, uses, self.surroundings)
        if node is not None:
            if len(self._stocks) >= _MOST_STOCKS:
                self._stocks.clear()
            self._stocks[node.name] = node, stock
        return stock


def _key(claims: Sequence[ResourceClaim]) -> bytes:
    """The same for claims that ask for the same."""
    specs = [each.spec for each in claims]
    try:
        return msgspec.msgpack.encode(specs)
    except (OverflowError, UnicodeEncodeError):  # a driver's parameters may have any number and any text
        return repr(specs).encode("utf-8", "surrogatepass")


def _names(claims: Sequence[ResourceClaim]) -> str:
    return ", ".join(each.name for each in claims)
