"""Kubernetes' feature gates: with one switched off, its fields are as if nobody had written them.

COD has all of them switched on; a cluster may not, and its scheduler then answers otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from cod.resource import (
    Attribute,
    Device,
    DeviceRequest,
    InvalidClaim,
    ResourceClaim,
    ResourceSlice,
)

ADMIN_ACCESS = "AdminAccess"
CONSUMABLE_CAPACITY = "ConsumableCapacity"
BINDING = "DeviceBindingAndStatus"
TAINTS = "DeviceTaints"
LISTS = "ListTypeAttributes"
PARTITIONS = "PartitionableDevices"
PRIORITIZED_LIST = "PrioritizedList"

ALL_FEATURES = frozenset(
    (ADMIN_ACCESS, CONSUMABLE_CAPACITY, BINDING, TAINTS, LISTS, PARTITIONS, PRIORITIZED_LIST)
)

_NO_CAPACITY = "has capacity requests, but the DRAConsumableCapacity feature is disabled"


def without_features(slices: Iterable[ResourceSlice], features: frozenset[str]) -> tuple[ResourceSlice, ...]:
    """The slices as a scheduler with only these features sees them."""
    return tuple(filter(None, (_slice(each, features) for each in slices)))


def refuse_gated(claims: Iterable[ResourceClaim], features: frozenset[str]) -> None:
    """Refuse claims that need what is switched off. Raises InvalidClaim."""
    wrong = []
    for claim in claims:
        for request in claim.requests:
            wrong += [f"claim {claim.name}, {each}" for each in _gated(request, features)]
    if wrong:
        raise InvalidClaim(wrong[0], causes=tuple(wrong[1:]), hint="switch the feature gate on")


def _gated(request: DeviceRequest, features: frozenset[str]) -> Iterable[str]:
    if request.first_available and PRIORITIZED_LIST not in features:
        yield f"request {request.name}: has subrequests, but the DRAPrioritizedList feature is disabled"
        return
    exact = request.exactly
    if exact and exact.admin_access and ADMIN_ACCESS not in features:
        yield f"request {request.name}: admin access is requested, but the feature is disabled"
    if CONSUMABLE_CAPACITY in features:
        return
    if exact and exact.capacity:
        yield f"request {request.name}: {_NO_CAPACITY}"
    yield from (
        f"subrequest {each.name}: {_NO_CAPACITY}" for each in request.first_available if each.capacity
    )


def _slice(one: ResourceSlice, features: frozenset[str]) -> ResourceSlice | None:
    spec = one.spec
    if PARTITIONS not in features:
        if spec.per_device_node_selection:
            return None
        spec = replace(spec, shared_counters=())
    devices = filter(None, (_device(each, features) for each in spec.devices))
    return replace(one, spec=replace(spec, devices=tuple(devices)))


def _device(device: Device, features: frozenset[str]) -> Device | None:
    if PARTITIONS not in features and device.consumes_counters:
        return None
    if BINDING not in features and device.binding_conditions:
        return None
    if CONSUMABLE_CAPACITY not in features:
        device = replace(device, allow_multiple_allocations=False)
    if TAINTS not in features:
        device = replace(device, taints=())
    if LISTS not in features:
        scalars = {name: each for name, each in device.attributes.items() if not _is_list(each)}
        device = replace(device, attributes=scalars)
    return device


def _is_list(attribute: Attribute) -> bool:
    lists = (attribute.ints, attribute.bools, attribute.strings, attribute.versions)
    return any(each is not None for each in lists)
