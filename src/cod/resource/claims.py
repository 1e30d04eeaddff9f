"""ResourceClaim: the devices that somebody wants, and, once allocated, which ones they are.

`cod.resource.status` has what becomes of a claim. Source: Kubernetes `k8s.io/api/resource/v1` ResourceClaim.
"""

from __future__ import annotations

from cod.errors import Refused
from cod.resource.classes import OpaqueConfig, Selector
from cod.resource.meta import API_VERSION, ObjectMeta, QuantityText, Value, Whole
from cod.resource.status import ClaimStatus, Result, Toleration


class InvalidClaim(Refused):
    """A claim asks for something that has no meaning: no such class, a count that no claim may have."""


class CapacityRequests(Value, frozen=True, gc=False):
    """How much of its capacities, by their names, a device must have, or give where it is shared."""

    requests: dict[str, QuantityText] = {}


class DerivedAttribute(Value, frozen=True, gc=False):
    """An attribute that a CEL expression reckons for each device, for the constraints of its claim."""

    name: str
    expression: str


class ExactRequest(Value, frozen=True, gc=False):
    """A number of devices of one class, or all of them (`allocation_mode` is ExactCount or All).

    `count` is 1 where it is not given, and means nothing for All. A device must meet the class's selectors
    and these. With `admin_access` a device is looked after while others use it.
    """

    device_class_name: str
    allocation_mode: str = "ExactCount"
    count: int = 1
    selectors: tuple[Selector, ...] = ()
    admin_access: bool = False
    tolerations: tuple[Toleration, ...] = ()
    capacity: CapacityRequests | None = None
    derived_attributes: tuple[DerivedAttribute, ...] = ()


class SubRequest(Value, frozen=True, gc=False):
    """One way to meet a request, under a name that its results refer to as `request/subrequest`."""

    name: str
    device_class_name: str
    allocation_mode: str = "ExactCount"
    count: int = 1
    selectors: tuple[Selector, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    capacity: CapacityRequests | None = None
    derived_attributes: tuple[DerivedAttribute, ...] = ()


class DeviceRequest(Value, frozen=True, gc=False):
    """One wish of a claim, under a name (a DNS label): exactly this, or the first of these that is there."""

    name: str
    exactly: ExactRequest | None = None
    first_available: tuple[SubRequest, ...] = ()


class Constraint(Value, frozen=True, gc=False):
    """An attribute that all devices of these requests share, or no two of them; no names: of all requests."""

    requests: tuple[str, ...] = ()
    match_attribute: str | None = None
    distinct_attribute: str | None = None


class ClaimConfig(Value, frozen=True, gc=False):
    """Settings for the devices of these requests; no names: for all."""

    requests: tuple[str, ...] = ()
    opaque: OpaqueConfig | None = None


class ClaimDevices(Value, frozen=True, gc=False):
    """The wishes of a claim; all are met, or none."""

    requests: tuple[DeviceRequest, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    config: tuple[ClaimConfig, ...] = ()


class ClaimSpec(Value, frozen=True, gc=False):
    """What a claim asks for."""

    devices: ClaimDevices = ClaimDevices()


class ResourceClaim(Whole, frozen=True, gc=False, kw_only=True):
    """A claim, as the API has it."""

    api_version: str = API_VERSION
    kind: str = "ResourceClaim"
    metadata: ObjectMeta = ObjectMeta()
    spec: ClaimSpec
    status: ClaimStatus = ClaimStatus()

    @property
    def name(self) -> str:
        """The name of the claim."""
        return self.metadata.name

    @property
    def requests(self) -> tuple[DeviceRequest, ...]:
        """The wishes of the claim."""
        return self.spec.devices.requests

    @property
    def results(self) -> tuple[Result, ...]:
        """The devices the claim was given; none before it is allocated."""
        return self.status.allocation.devices.results if self.status.allocation else ()
