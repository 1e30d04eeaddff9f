"""The objects of `resource.k8s.io/v1` as values: slices, device classes, claims and their templates.

Field for field the shapes of the Kubernetes API, so that what is printed is what the API server reads; fields
of a newer API pass through. The values are here at once, every command has use for them; what reads, writes
and checks them is imported on first use. Source: Kubernetes `k8s.io/api/resource/v1`, types.go.
"""

from __future__ import annotations

from cod.resource.claims import (
    CapacityRequests,
    ClaimConfig,
    ClaimDevices,
    ClaimSpec,
    Constraint,
    DerivedAttribute,
    DeviceRequest,
    ExactRequest,
    InvalidClaim,
    ResourceClaim,
    SubRequest,
)
from cod.resource.classes import CELSelector, ClassConfig, ClassSpec, DeviceClass, OpaqueConfig, Selector
from cod.resource.meta import API_VERSION, ObjectMeta, OwnerReference
from cod.resource.names import is_label
from cod.resource.nodes import NodeSelector, NodeSelectorRequirement, NodeSelectorTerm
from cod.resource.slices import (
    NUMA_NODE,
    PCI_BUS_ID,
    PCIE_ROOT,
    Attribute,
    Capacity,
    Counter,
    CounterConsumption,
    CounterSet,
    Device,
    NodeAllocatableMapping,
    NodeAllocatableOverhead,
    NodeAllocatableResource,
    Pool,
    RequestPolicy,
    ResourceSlice,
    SliceSpec,
    Taint,
    ValidRange,
)
from cod.resource.status import (
    MOST_DEVICES,
    AllocatedConfig,
    AllocationResult,
    ClaimStatus,
    Condition,
    ConsumerReference,
    DeviceAllocation,
    DeviceStatus,
    NetworkData,
    Result,
    Toleration,
)
from cod.resource.templates import ResourceClaimTemplate, TemplateSpec

__all__ = [
    "API_VERSION",
    "MOST_DEVICES",
    "NUMA_NODE",
    "PCIE_ROOT",
    "PCI_BUS_ID",
    "AllocatedConfig",
    "AllocationResult",
    "Attribute",
    "CELSelector",
    "Capacity",
    "CapacityRequests",
    "ClaimConfig",
    "ClaimDevices",
    "ClaimSpec",
    "ClaimStatus",
    "ClassConfig",
    "ClassSpec",
    "Condition",
    "Constraint",
    "ConsumerReference",
    "Counter",
    "CounterConsumption",
    "CounterSet",
    "DerivedAttribute",
    "Device",
    "DeviceAllocation",
    "DeviceClass",
    "DeviceRequest",
    "DeviceStatus",
    "ExactRequest",
    "InvalidClaim",
    "NetworkData",
    "NodeAllocatableMapping",
    "NodeAllocatableOverhead",
    "NodeAllocatableResource",
    "NodeSelector",
    "NodeSelectorRequirement",
    "NodeSelectorTerm",
    "ObjectMeta",
    "OpaqueConfig",
    "OwnerReference",
    "Pool",
    "RequestPolicy",
    "ResourceClaim",
    "ResourceClaimTemplate",
    "ResourceSlice",
    "Result",
    "Selector",
    "SliceSpec",
    "SubRequest",
    "Taint",
    "TemplateSpec",
    "Toleration",
    "ValidRange",
    "is_label",
]
