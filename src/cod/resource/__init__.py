"""The objects of `resource.k8s.io/v1` as values: slices of devices, device classes, claims.

Field for field the shapes of the Kubernetes API, so that what is printed is what the API server reads. The
fields grow with what the rest of COD understands. Source: Kubernetes `k8s.io/api/resource/v1`, types.go.
"""

from cod.resource.claims import (
    MOST_DEVICES,
    AllocationResult,
    ClaimDevices,
    ClaimSpec,
    ClaimStatus,
    DeviceAllocation,
    DeviceRequest,
    ExactRequest,
    InvalidClaim,
    ResourceClaim,
    Result,
)
from cod.resource.classes import CELSelector, ClassSpec, DeviceClass, Selector
from cod.resource.meta import API_VERSION, ObjectMeta
from cod.resource.names import is_label
from cod.resource.slices import Attribute, Capacity, Device, Pool, ResourceSlice, SliceSpec

__all__ = [
    "API_VERSION",
    "MOST_DEVICES",
    "AllocationResult",
    "Attribute",
    "CELSelector",
    "Capacity",
    "ClaimDevices",
    "ClaimSpec",
    "ClaimStatus",
    "ClassSpec",
    "Device",
    "DeviceAllocation",
    "DeviceClass",
    "DeviceRequest",
    "ExactRequest",
    "InvalidClaim",
    "ObjectMeta",
    "Pool",
    "ResourceClaim",
    "ResourceSlice",
    "Result",
    "Selector",
    "SliceSpec",
    "is_label",
]
