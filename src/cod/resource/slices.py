"""ResourceSlice: the devices that one driver offers on one node.

A device's identity is `driver / pool / device`. Attributes carry exactly one typed value each; a name without
a domain belongs to the driver's. Source: Kubernetes `k8s.io/api/resource/v1` ResourceSlice.
"""

from __future__ import annotations

from msgspec import Struct, field

from cod.resource.meta import API_VERSION, ObjectMeta, Value


class Attribute(Value, frozen=True, gc=False):
    """A typed value: exactly one of the four is given."""

    int_: int | None = field(default=None, name="int")
    bool_: bool | None = field(default=None, name="bool")
    string: str | None = None
    version: str | None = None


class Capacity(Value, frozen=True, gc=False):
    """How much of something a device has, as a Kubernetes quantity (`80Gi`)."""

    value: str


class Device(Value, frozen=True, gc=False):
    """One device as its driver describes it; the name is a DNS label, unique in the pool."""

    name: str
    attributes: dict[str, Attribute] = {}
    capacity: dict[str, Capacity] = {}


class Pool(Struct, frozen=True, gc=False, rename="camel"):
    """The pool a slice belongs to; the API requires all three fields, so that none is left out."""

    name: str
    generation: int = 1
    resource_slice_count: int = 1


class SliceSpec(Value, frozen=True, gc=False):
    """What a slice says: whose devices these are, in which pool, on which node."""

    driver: str
    pool: Pool
    node_name: str = ""
    devices: tuple[Device, ...] = ()


class ResourceSlice(Struct, frozen=True, gc=False, rename="camel", kw_only=True):
    """A slice, as the API has it."""

    api_version: str = API_VERSION
    kind: str = "ResourceSlice"
    metadata: ObjectMeta
    spec: SliceSpec
