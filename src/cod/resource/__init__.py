"""The objects of `resource.k8s.io/v1` as values: slices, device classes, claims and their templates.

Field for field the shapes of the Kubernetes API, so that what is printed is what the API server reads; fields
of a newer API pass through. Slices and classes are here at once, for every command has use for them; claims,
which a command that only looks needs not, and what reads, writes and checks are imported on first use.
Source: Kubernetes `k8s.io/api/resource/v1`, types.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cod.lazy import lazy
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

if TYPE_CHECKING:
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
    from cod.resource.documents import Other, decode, decode_mixed, from_data
    from cod.resource.encoding import encode, to_data, to_yaml
    from cod.resource.kinds import KINDS, Object
    from cod.resource.problem import InvalidObject, Problem
    from cod.resource.quantity import InvalidQuantity, Quantity, is_quantity, parse_quantity
    from cod.resource.semver import InvalidVersion, Version, is_version, parse_version
    from cod.resource.split import resource_slices
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
    from cod.resource.validate import check, problems

_HOMES = {
    "claims": "CapacityRequests ClaimConfig ClaimDevices ClaimSpec Constraint DerivedAttribute DeviceRequest "
    "ExactRequest InvalidClaim ResourceClaim SubRequest",
    "documents": "Other decode decode_mixed from_data",
    "encoding": "encode to_data to_yaml",
    "kinds": "KINDS Object",
    "problem": "InvalidObject Problem",
    "quantity": "InvalidQuantity Quantity is_quantity parse_quantity",
    "semver": "InvalidVersion Version is_version parse_version",
    "split": "resource_slices",
    "status": "MOST_DEVICES AllocatedConfig AllocationResult ClaimStatus Condition ConsumerReference "
    "DeviceAllocation DeviceStatus NetworkData Result Toleration",
    "templates": "ResourceClaimTemplate TemplateSpec",
    "validate": "check problems",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "API_VERSION",
    "KINDS",
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
    "InvalidObject",
    "InvalidQuantity",
    "InvalidVersion",
    "NetworkData",
    "NodeAllocatableMapping",
    "NodeAllocatableOverhead",
    "NodeAllocatableResource",
    "NodeSelector",
    "NodeSelectorRequirement",
    "NodeSelectorTerm",
    "Object",
    "ObjectMeta",
    "OpaqueConfig",
    "Other",
    "OwnerReference",
    "Pool",
    "Problem",
    "Quantity",
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
    "Version",
    "check",
    "decode",
    "decode_mixed",
    "encode",
    "from_data",
    "is_label",
    "is_quantity",
    "is_version",
    "parse_quantity",
    "parse_version",
    "problems",
    "resource_slices",
    "to_data",
    "to_yaml",
]


__getattr__ = lazy(__name__, _HOME_OF)


def __dir__() -> list[str]:
    return __all__
