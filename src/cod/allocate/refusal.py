"""A refusal as data: what ruled each device out, which constraint cannot be met, what would fit instead."""

from __future__ import annotations

from msgspec import Struct

from cod.drivers.protocol import DeviceKey
from cod.errors import Refused


class Fall(Struct, frozen=True):
    """A device, and the first thing that rules it out for a request.

    `rule` is class, selector, error, held, taint, capacity, counter or attribute.
    """

    device: DeviceKey
    rule: str
    text: str


class RequestReport(Struct, frozen=True):
    """One request, or one alternative of it: who fell, and who is left.

    `wanted` is the number of devices; `fits` how many of those left could be had together if the claim
    asked for nothing else. Devices outside the class are only counted (`elsewhere`).
    """

    claim: str
    request: str
    class_name: str
    wanted: int
    falls: tuple[Fall, ...]
    left: tuple[DeviceKey, ...]
    fits: int
    elsewhere: int

    @property
    def is_met(self) -> bool:
        """Whether this request, alone, could be met."""
        return self.fits >= self.wanted


class ConstraintReport(Struct, frozen=True):
    """A constraint under which fewer devices can be had than are wanted: `most` of them at best.

    `counts` has for each value of the attribute how many devices with it are left.
    """

    claim: str
    text: str
    requests: tuple[str, ...]
    wanted: int
    most: int
    counts: dict[str, int]


class Refusal(Struct, frozen=True):
    """Why claims do not fit on a node: every request with its devices, and what does not go together.

    `broken` are pools that offer nothing now, and why. `nearest` are changes after any of which the claims
    would fit. `steps` is how much of the search it took to prove it.
    """

    node: str
    requests: tuple[RequestReport, ...]
    constraints: tuple[ConstraintReport, ...]
    broken: dict[str, str]
    nearest: tuple[str, ...]
    steps: int


class NoFit(Refused):
    """Claims cannot be met now, which is proven; `refusal` has all causes."""

    def __init__(
        self, what: str, refusal: Refusal, *, where: str, causes: tuple[str, ...], hint: str
    ) -> None:
        super().__init__(what, where=where, causes=causes, hint=hint)
        self.refusal = refusal


class Undecided(Refused):
    """The search has spent its budget: whether the claims can be met is not known."""


class AllocationFailed(Refused):
    """Kubernetes' allocator would fail here, with an error, and not only find that nothing fits.

    `only_for_node` says that it would go on with other nodes.
    """

    def __init__(self, what: str, *, only_for_node: bool) -> None:
        super().__init__(what)
        self.only_for_node = only_for_node
