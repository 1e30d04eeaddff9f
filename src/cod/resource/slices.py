"""ResourceSlice: some of the devices that one driver offers in a pool, or the counters that they share.

A device's identity is `driver / pool / device`. Attributes carry exactly one typed value each; a name without
a domain belongs to the driver's. Quantities are texts, as they are written (`80Gi`): `cod.resource.quantity`
reckons with them. Source: Kubernetes `k8s.io/api/resource/v1` ResourceSlice.
"""

from __future__ import annotations

from msgspec import field

from cod.resource.meta import API_VERSION, ObjectMeta, QuantityText, Value, Whole
from cod.resource.nodes import NodeSelector

PCI_BUS_ID = "resource.kubernetes.io/pciBusID"  # string, as in 0000:3b:00.0
PCIE_ROOT = "resource.kubernetes.io/pcieRoot"  # string, as in pci0000:3a
NUMA_NODE = "resource.kubernetes.io/numaNode"  # int


class Attribute(Value, frozen=True, gc=False):
    """A typed value: exactly one of the fields is given, a list where an attribute has many values."""

    int_: int | None = field(default=None, name="int")
    bool_: bool | None = field(default=None, name="bool")
    string: str | None = None
    version: str | None = None
    ints: tuple[int, ...] | None = None
    bools: tuple[bool, ...] | None = None
    strings: tuple[str, ...] | None = None
    versions: tuple[str, ...] | None = None


class ValidRange(Value, frozen=True, gc=False):
    """The amounts from `min` to `max`, if there is one, in steps from `min`, if there are any."""

    min: QuantityText | None = None
    max: QuantityText | None = None
    step: QuantityText | None = None


class RequestPolicy(Value, frozen=True, gc=False):
    """How much of a capacity a request may take: `default` where it does not say, else one of the values."""

    default: QuantityText | None = None
    valid_values: tuple[QuantityText, ...] = ()
    valid_range: ValidRange | None = None


class Capacity(Value, frozen=True, gc=False):
    """How much of something a device has, as a Kubernetes quantity (`80Gi`)."""

    value: QuantityText
    request_policy: RequestPolicy | None = None


class Counter(Value, frozen=True, gc=False):
    """An amount of something that devices share."""

    value: QuantityText


class CounterSet(Value, frozen=True, gc=False):
    """What the devices of a pool draw upon, under a name that is unique in the pool."""

    name: str
    counters: dict[str, Counter] = {}


class CounterConsumption(Value, frozen=True, gc=False):
    """What a device, while it is allocated, takes from a counter set.

    With `compatibility_groups`, only devices with a group in common use the set at the same time.
    """

    counter_set: str
    counters: dict[str, Counter] = {}
    compatibility_groups: tuple[str, ...] = ()


class Taint(Value, frozen=True, gc=False):
    """Why a device is not for claims that do not tolerate it; `effect` is None, NoSchedule or NoExecute."""

    key: str
    value: str = ""
    effect: str = field(default_factory=lambda: "NoSchedule")  # so that it is written: the API requires it
    time_added: str = ""


class NodeAllocatableMapping(Value, frozen=True, gc=False):
    """How much of a node's resource a device stands for: so much of a capacity, or so much a device."""

    capacity_key: str = ""
    capacity_multiplier: QuantityText | None = None
    device_multiplier: QuantityText | None = None


class NodeAllocatableOverhead(Value, frozen=True, gc=False):
    """How much of a node's resource a device costs besides."""

    per_pod: QuantityText | None = None
    per_container: QuantityText | None = None


class NodeAllocatableResource(Value, frozen=True, gc=False):
    """What a device takes of a resource that the node counts, too (`cpu`, `memory`)."""

    mapping: NodeAllocatableMapping | None = None
    overhead: NodeAllocatableOverhead | None = None


class Device(Value, frozen=True, gc=False):
    """One device as its driver describes it; the name is a DNS label, unique in the pool."""

    name: str
    attributes: dict[str, Attribute] = {}
    capacity: dict[str, Capacity] = {}
    consumes_counters: tuple[CounterConsumption, ...] = ()
    node_name: str = ""
    node_selector: NodeSelector | None = None
    all_nodes: bool | None = None
    taints: tuple[Taint, ...] = ()
    binds_to_node: bool = False
    binding_conditions: tuple[str, ...] = ()
    binding_failure_conditions: tuple[str, ...] = ()
    allow_multiple_allocations: bool = False
    node_allocatable_resources: dict[str, NodeAllocatableResource] = {}


class Pool(Whole, frozen=True, gc=False):
    """The pool a slice belongs to; the API requires all three fields, so that none is left out."""

    name: str
    generation: int = 1
    resource_slice_count: int = 1


class SliceSpec(Value, frozen=True, gc=False):
    """What a slice says: whose devices these are, in which pool, on which nodes.

    It has devices or shared counters, not both; one of `node_name`, `node_selector`, `all_nodes` and
    `per_device_node_selection`.
    """

    driver: str
    pool: Pool
    node_name: str = ""
    devices: tuple[Device, ...] = ()
    node_selector: NodeSelector | None = None
    all_nodes: bool | None = None
    per_device_node_selection: bool | None = None
    shared_counters: tuple[CounterSet, ...] = ()
    partition_type_attribute: str = ""
    skip_node_operations: tuple[str, ...] = ()


class ResourceSlice(Whole, frozen=True, gc=False, kw_only=True):
    """A slice, as the API has it."""

    api_version: str = API_VERSION
    kind: str = "ResourceSlice"
    metadata: ObjectMeta = ObjectMeta()
    spec: SliceSpec
