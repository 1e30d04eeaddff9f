"""A wish that is not understood yet is refused, never ignored."""

from __future__ import annotations

import pytest

from cod.allocate import allocate
from cod.resource import (
    CapacityRequests,
    CELSelector,
    ClaimConfig,
    ClaimDevices,
    ClaimSpec,
    Constraint,
    DeviceRequest,
    ExactRequest,
    InvalidClaim,
    ObjectMeta,
    ResourceClaim,
    Selector,
    SubRequest,
    Toleration,
)

from .cases import GPU, gpus

PLAIN = DeviceRequest("gpus", ExactRequest("sim-gpu"))
EITHER = DeviceRequest("gpus", first_available=(SubRequest("a", "sim-gpu"),))


def wished(**fields: object) -> ClaimDevices:
    return ClaimDevices((DeviceRequest("gpus", ExactRequest("sim-gpu", **fields)),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("devices", "cause"),
    [
        (ClaimDevices((EITHER,)), "request gpus asks for firstAvailable"),
        (ClaimDevices((DeviceRequest("gpus"),)), "request gpus asks for nothing"),
        (wished(selectors=(Selector(CELSelector("true")),)), "request gpus has selectors"),
        (wished(admin_access=True), "request gpus has adminAccess"),
        (wished(tolerations=(Toleration("a"),)), "request gpus has tolerations"),
        (wished(capacity=CapacityRequests({"memory": "1Gi"})), "request gpus has capacity"),
        (wished(allocation_mode="Some"), "request gpus has allocationMode Some"),
        (wished(unknown={"shiny": True}), "request gpus has fields that are not known"),
        (ClaimDevices((PLAIN,), (Constraint(("gpus",), "a.b/c"),)), "request gpus has constraints"),
        (ClaimDevices((PLAIN,), (Constraint((), "a.b/c"),)), "the claim has constraints"),
        (ClaimDevices((PLAIN,), config=(ClaimConfig(("gpus",)),)), "request gpus has config"),
        (ClaimDevices((PLAIN,), unknown={"shiny": True}), "the claim has fields that are not known"),
    ],
)
def test_a_wish_that_is_not_understood_is_refused_with_a_cause_that_names_it(
    devices: ClaimDevices, cause: str
) -> None:
    claim = ResourceClaim(metadata=ObjectMeta(name="c"), spec=ClaimSpec(devices))
    with pytest.raises(InvalidClaim) as refusal:
        allocate(claim, [GPU], [gpus(2)], {})
    assert len(refusal.value.causes) == 1
    assert refusal.value.causes[0].startswith(cause)
