"""What claims ask for, request by request and alternative by alternative, and which devices would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from cod.allocate.in_use import InUse
from cod.resource import Device, DeviceClass, ExactRequest, ResourceClaim, SubRequest, Taint, Toleration
from tests.allocate.amounts import amount, shares
from tests.allocate.conditions import EvaluationError
from tests.allocate.offers import Offer, Offers

Selects = Callable[[str, str, Device], bool]
"""Whether an expression is true of a driver's device; an EvaluationError where it has no answer."""


class Wish(Struct, frozen=True):
    """One alternative of one request; `label` is what its results are called."""

    claim: int
    request: int
    alternative: int
    name: str
    label: str
    class_name: str
    selectors: tuple[str, ...]
    all_: bool
    count: int
    admin: bool
    tolerations: tuple[Toleration, ...]
    capacity: dict[str, str]


def wishes_of(claims: Sequence[ResourceClaim]) -> list[list[Wish]]:
    """For each request of each claim, in order, its alternatives in order."""
    return [
        _alternatives(claim_index, claim, request_index)
        for claim_index, claim in enumerate(claims)
        for request_index in range(len(claim.requests))
    ]


def _alternatives(claim_index: int, claim: ResourceClaim, request_index: int) -> list[Wish]:
    request = claim.requests[request_index]
    found = []
    asked: tuple[ExactRequest | SubRequest, ...] = request.first_available
    for index, each in enumerate((request.exactly,) if request.exactly else asked):
        sub = "" if isinstance(each, ExactRequest) else each.name
        found.append(
            Wish(
                claim_index,
                request_index,
                index,
                request.name,
                f"{request.name}/{sub}" if sub else request.name,
                each.device_class_name,
                tuple(selector.cel.expression for selector in each.selectors),
                each.allocation_mode == "All",
                each.count,
                isinstance(each, ExactRequest) and each.admin_access,
                each.tolerations,
                each.capacity.requests if each.capacity else {},
            )
        )
    return found


class Judge:
    """The rules for one device and one wish. `classes` must have every class that is asked for."""

    def __init__(
        self, classes: Sequence[DeviceClass], offers: Offers, in_use: InUse, selects: Selects
    ) -> None:
        self.classes = {each.name: each for each in classes}
        self.offers = offers
        self.in_use = in_use
        self.selects = selects

    def matching(self, wish: Wish) -> list[Offer]:
        """The devices that a wish for all means: selected, with the capacity, whoever may have them now."""
        return [each for each in self.offers.offers.values() if not self.mismatch(wish, each)]

    def doubtful(self, wish: Wish) -> str:
        """A pool that is not usable and may have what a wish for all means: no driver rules it out."""
        class_ = self.classes[wish.class_name]
        expressions = [*(each.cel.expression for each in class_.spec.selectors), *wish.selectors]
        for driver, pool in self.offers.doubtful:
            others = [each for each in expressions if each.startswith("device.driver == ")]
            if all(each.startswith(f'device.driver == "{driver}"') for each in others):
                return f"{driver}/{pool}"
        return ""

    def usable(self, wish: Wish) -> list[Offer]:
        """The devices that the wish may be given, as far as this is a matter of one device alone."""
        return [
            each
            for each in self.offers.offers.values()
            if not (self.mismatch(wish, each) or self.bar(wish, each))
        ]

    def mismatch(self, wish: Wish, offer: Offer) -> str:
        """Why a device is not what the wish describes; nothing if it is."""
        if (selected := self._selected(wish, offer)) is not True:
            return selected
        if wish.admin and not wish.capacity:
            return ""
        takes = shares(offer.device, wish.capacity)
        if takes is None:
            return f"does not give the capacity {wish.capacity}"
        if offer.device.allow_multiple_allocations and not wish.admin:
            used = self.used(offer)
            for name, part in takes.items():
                if used[name] + part > amount(offer.device.capacity[name].value):
                    return f"has not enough {name} left"
        return ""

    def _selected(self, wish: Wish, offer: Offer) -> Literal[True] | str:
        """True, or which expression does not select the device."""
        class_ = self.classes[wish.class_name]
        for each in (*(each.cel.expression for each in class_.spec.selectors), *wish.selectors):
            try:
                if not self.selects(each, offer.key[0], offer.device):
                    return f"is not selected by {each}"
            except EvaluationError as error:
                return f"has no answer to {each}: {error}"
        return True

    def bar(self, wish: Wish, offer: Offer) -> str:
        """Why a device that matches cannot be had: its taints, or whoever has it; nothing if it can."""
        for taint in offer.device.taints:
            if not any(tolerates(each, taint) for each in wish.tolerations) and taint.effect in (
                "NoSchedule",
                "NoExecute",
            ):
                return f"has the taint {taint.key}"
        if wish.admin:
            return ""
        uses = self.in_use.get(offer.key, ())
        if any(not each.share_id or not offer.device.allow_multiple_allocations for each in uses):
            return f"is in use by {uses[0].holder}"
        return ""

    def used(self, offer: Offer) -> dict[str, Fraction]:
        """How much of each capacity the shares that others have take."""
        found = dict.fromkeys(offer.device.capacity, Fraction(0))
        for use in self.in_use.get(offer.key, ()):
            for name, text in use.consumed.items():
                if name in found:
                    found[name] += amount(text)
        return found


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether a toleration covers a taint: no key and no effect mean every one."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    match toleration.operator:
        case "Exists":
            return True
        case "Equal" | "":
            return bool(toleration.key) and toleration.value == taint.value
    return False


def missing_classes(claims: Sequence[ResourceClaim], classes: Sequence[DeviceClass]) -> Mapping[str, str]:
    """The classes that are asked for and not there, with who asks."""
    known = {each.name for each in classes}
    return {
        wish.class_name: wish.label
        for wishes in wishes_of(claims)
        for wish in wishes
        if wish.class_name not in known
    }
