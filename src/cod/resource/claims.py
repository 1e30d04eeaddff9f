"""ResourceClaim: the devices that somebody wants, and, once allocated, which ones they are.

Source: Kubernetes `k8s.io/api/resource/v1` ResourceClaim.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cod.errors import Refused
from cod.resource.meta import API_VERSION, ObjectMeta, Value

MOST_DEVICES = 32  # results of one allocation, as in the Kubernetes API


class InvalidClaim(Refused):
    """A claim asks for something that has no meaning: no such class, a count that no claim may have."""


class ExactRequest(Value, frozen=True, gc=False):
    """A number of devices of one class. `count` is 1 where it is not given."""

    device_class_name: str
    allocation_mode: Literal["ExactCount", "All"] = "ExactCount"
    count: int = 1


class DeviceRequest(Value, frozen=True, gc=False):
    """One wish of a claim, under a name (a DNS label) that its results refer to."""

    name: str
    exactly: ExactRequest


class ClaimDevices(Value, frozen=True, gc=False):
    """The wishes of a claim; all are met, or none."""

    requests: tuple[DeviceRequest, ...] = ()


class ClaimSpec(Value, frozen=True, gc=False):
    """What a claim asks for."""

    devices: ClaimDevices = ClaimDevices()


class Result(Value, frozen=True, gc=False):
    """One device given to one request."""

    request: str
    driver: str
    pool: str
    device: str


class DeviceAllocation(Value, frozen=True, gc=False):
    """All devices given to a claim, in the order of its requests."""

    results: tuple[Result, ...] = ()


class AllocationResult(Value, frozen=True, gc=False):
    """The answer to a claim."""

    devices: DeviceAllocation = DeviceAllocation()


class ClaimStatus(Value, frozen=True, gc=False):
    """What became of a claim; without `allocation` it has no device."""

    allocation: AllocationResult | None = None


class ResourceClaim(Struct, frozen=True, gc=False, rename="camel", kw_only=True):
    """A claim, as the API has it."""

    api_version: str = API_VERSION
    kind: str = "ResourceClaim"
    metadata: ObjectMeta
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
