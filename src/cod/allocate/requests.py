"""What claims ask for, read once: their requests with all alternatives, and the constraints between them.

Whatever no cluster could answer is refused here, all of it at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from cod.allocate.preferences import Scoped, preferences
from cod.cel import InvalidExpression, Selector, compile_selector
from cod.resource import (
    MOST_DEVICES,
    Constraint,
    DeviceClass,
    ExactRequest,
    InvalidClaim,
    InvalidQuantity,
    Quantity,
    ResourceClaim,
    SubRequest,
    Toleration,
    parse_quantity,
)
from cod.resource import Selector as SelectorObject

_MODES = ("ExactCount", "All")


class Condition(Struct, frozen=True):
    """A selector, and whose it is: `class gpu`, `request r0`."""

    whose: str
    number: int
    selector: Selector


class Alternative(Struct, frozen=True):
    """One way to meet a request: so many devices of a class that meet all conditions; `count` 0 is all.

    `name` is what results call it: the request's, or `request/subrequest`.
    """

    claim: int
    request: str
    name: str
    class_name: str
    count: int
    conditions: tuple[Condition, ...]
    tolerations: tuple[Toleration, ...]
    admin: bool
    capacity: dict[str, Quantity]


class Wish(Struct, frozen=True):
    """A request, and the ways to meet it, the preferred one first."""

    claim: int
    name: str
    alternatives: tuple[Alternative, ...]

    @property
    def least(self) -> int:
        """How many devices it takes at least."""
        return min(each.count or 1 for each in self.alternatives)


class Bond(Struct, frozen=True):
    """A constraint: the attribute that devices of these requests of a claim share, or no two of them."""

    claim: int
    attribute: str
    is_match: bool
    requests: tuple[str, ...]

    def binds(self, alternative: Alternative) -> bool:
        """Whether devices of an alternative stand under it."""
        if alternative.claim != self.claim:
            return False
        return not self.requests or alternative.request in self.requests or alternative.name in self.requests

    @property
    def text(self) -> str:
        """The constraint as a claim has it."""
        return f"{'matchAttribute' if self.is_match else 'distinctAttribute'} {self.attribute}"


class Tie(Struct, frozen=True):
    """A link that has to be there between every device of one request of a claim and every one of another."""

    claim: int
    one: str
    other: str
    kind: str
    mb_s: int

    def binds(self, alternative: Alternative) -> bool:
        """Whether devices of an alternative have to be linked."""
        names = alternative.request, alternative.name
        return alternative.claim == self.claim and (self.one in names or self.other in names)

    @property
    def text(self) -> str:
        """The tie in words."""
        kind = f" by {self.kind}" if self.kind else ""
        return f"{self.one} connected to {self.other}{kind}{f' of {self.mb_s} MB/s' if self.mb_s else ''}"


class Wishes(Struct, frozen=True):
    """All that claims ask for together."""

    claims: tuple[ResourceClaim, ...]
    requests: tuple[Wish, ...]
    bonds: tuple[Bond, ...]
    ties: tuple[Tie, ...]
    preferences: tuple[tuple[int, Scoped], ...]
    classes: Mapping[str, DeviceClass]

    @property
    def constraints(self) -> tuple[Bond | Tie, ...]:
        """All that binds requests together."""
        return (*self.bonds, *self.ties)


def read(claims: Sequence[ResourceClaim], classes: Mapping[str, DeviceClass]) -> Wishes:
    """The wishes of claims. Raises InvalidClaim with all that is wrong."""
    wrong: list[str] = []
    requests = [
        wish for number, claim in enumerate(claims) for wish in _wishes(number, claim, classes, wrong)
    ]
    bonds = [
        _bond(number, claim, place, each, wrong)
        for number, claim in enumerate(claims)
        for place, each in enumerate(claim.spec.devices.constraints)
    ]
    for number, claim in enumerate(claims):
        least = sum(each.least for each in requests if each.claim == number)
        if least > MOST_DEVICES:
            wrong.append(
                f"claim {claim.name}: number of requested devices {least} "
                f"exceeds the claim limit of {MOST_DEVICES}"
            )
    scoped = [(number, each) for number, claim in enumerate(claims) for each in preferences(claim, wrong)]
    wrong += [each for number, one in scoped for each in _untied(claims[number], one)]
    if wrong:
        raise _invalid(claims, dict.fromkeys(wrong), classes)
    ties = [
        Tie(number, each.from_, each.to, each.kind, each.mb_s)
        for number, one in scoped
        for each in one.preferences.connected
    ]
    return Wishes(tuple(claims), tuple(requests), tuple(bonds), tuple(ties), tuple(scoped), classes)


def _wishes(
    number: int, claim: ResourceClaim, classes: Mapping[str, DeviceClass], wrong: list[str]
) -> Iterator[Wish]:
    if fields := (*(claim.spec.unknown or ()), *(claim.spec.devices.unknown or ())):
        wrong.append(f"claim {claim.name}: it has {', '.join(fields)}, which is not understood")
    for request in claim.requests:
        where = f"claim {claim.name}, request {request.name}"
        if request.exactly is None and not request.first_available:
            wrong.append(f"{where}: it asks for nothing that is known (exactly or firstAvailable)")
            continue
        options: Iterable[tuple[str, ExactRequest | SubRequest]]
        if request.exactly is not None:
            options = [(request.name, request.exactly)]
        else:
            options = [(f"{request.name}/{each.name}", each) for each in request.first_available]
        alternatives = [
            _alternative(
                number, request.name, name, each, classes, f"claim {claim.name}, request {name}", wrong
            )
            for name, each in options
        ]
        yield Wish(number, request.name, tuple(alternatives))


def _alternative(
    claim: int,
    request: str,
    name: str,
    asked: ExactRequest | SubRequest,
    classes: Mapping[str, DeviceClass],
    where: str,
    wrong: list[str],
) -> Alternative:
    if asked.allocation_mode not in _MODES:
        wrong.append(f"{where}: unsupported count mode {asked.allocation_mode}")
    elif asked.allocation_mode == "ExactCount" and asked.count < 1:
        wrong.append(f"{where}: it asks for {asked.count} devices, which is less than one")
    if asked.unknown or asked.derived_attributes:
        what = ", ".join(asked.unknown or ["derivedAttributes"])
        wrong.append(f"{where}: it has {what}, which is not understood")
    conditions = [*_of_class(asked.device_class_name, classes, where, wrong)]
    conditions += _conditions(f"request {name}", asked.selectors, where, wrong)
    return Alternative(
        claim=claim,
        request=request,
        name=name,
        class_name=asked.device_class_name,
        count=0 if asked.allocation_mode == "All" else max(asked.count, 1),
        conditions=tuple(conditions),
        tolerations=asked.tolerations,
        admin=isinstance(asked, ExactRequest) and asked.admin_access,
        capacity=_amounts(asked, where, wrong),
    )


def _of_class(
    name: str, classes: Mapping[str, DeviceClass], where: str, wrong: list[str]
) -> Iterable[Condition]:
    if not name:
        wrong.append(f"{where}: missing device class name (unsupported request type?)")
        return ()
    class_ = classes.get(name)
    if class_ is None:
        wrong.append(f"{where}: there is no class {name}{near_miss(name, classes)}")
        return ()
    return _conditions(f"class {name}", class_.spec.selectors, f"class {name}", wrong)


def _conditions(
    whose: str, selectors: Sequence[SelectorObject], where: str, wrong: list[str]
) -> Iterator[Condition]:
    for number, each in enumerate(selectors):
        text = each.cel.expression
        if not text:
            wrong.append(f"{where}, selector #{number}: CEL expression empty (unsupported selector type?)")
            continue
        try:
            yield Condition(whose, number, compile_selector(text))
        except InvalidExpression as error:
            wrong.append(f"{where}: selector #{number}: CEL compile error: {error}")


def _amounts(asked: ExactRequest | SubRequest, where: str, wrong: list[str]) -> dict[str, Quantity]:
    amounts = {}
    for name, text in (asked.capacity.requests if asked.capacity else {}).items():
        try:
            amounts[name] = parse_quantity(text)
        except InvalidQuantity as error:
            wrong.append(f"{where}: capacity {name}: {error.what}")
    return amounts


def _bond(number: int, claim: ResourceClaim, place: int, each: Constraint, wrong: list[str]) -> Bond:
    attribute = each.match_attribute or each.distinct_attribute
    if attribute is None:
        wrong.append(
            f"claim {claim.name}, constraint #{place}: empty constraint (unsupported constraint type?)"
        )
    return Bond(number, attribute or "", each.match_attribute is not None, each.requests)


def _untied(claim: ResourceClaim, scoped: Scoped) -> Iterator[str]:
    """Requests that are to be connected, and that the claim does not have."""
    names = {each.name for each in claim.requests}
    names |= {f"{each.name}/{sub.name}" for each in claim.requests for sub in each.first_available}
    for each in scoped.preferences.connected:
        for name in (each.from_, each.to):
            if name not in names:
                yield f"claim {claim.name}: there is no request {name} to connect{near_miss(name, names)}"


def near_miss(name: str, names: Collection[str]) -> str:
    """What may have been meant by a name that is not there: `; did you mean gpu?`, or ""."""
    from difflib import get_close_matches  # only a mistake needs it

    near = get_close_matches(name, sorted(names), cutoff=0.5)
    near += [each for each in sorted(names) if name and name in each and each not in near]
    return f"; did you mean {' or '.join(near[:3])}?" if near else ""


def _invalid(
    claims: Sequence[ResourceClaim], wrong: Iterable[str], classes: Mapping[str, DeviceClass]
) -> InvalidClaim:
    faults = list(wrong)
    where = ", ".join(each.name for each in claims)
    is_far = any("there is no class" in fault and "did you mean" not in fault for fault in faults)
    hint = f"classes: {', '.join(sorted(classes)) or 'none'}" if is_far else ""
    if len(faults) == 1:
        return InvalidClaim(faults[0], where=where, hint=hint)
    return InvalidClaim(f"{where} has {len(faults)} faults", where=where, causes=tuple(faults), hint=hint)
