"""The words that the inputs are written in: short names for resource objects; an input with its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from cod.resource import (
    Attribute,
    Capacity,
    CELSelector,
    ClaimDevices,
    ClaimSpec,
    ClassSpec,
    Constraint,
    Device,
    DeviceClass,
    DeviceRequest,
    ExactRequest,
    ObjectMeta,
    ResourceClaim,
    ResourceSlice,
    Selector,
    resource_slices,
    to_data,
)

DRIVER = "gpu.example.com"
NUMA = f"{DRIVER}/numa"
NODE = "node-00000"
INCUBATING = (
    "AdminAccess",
    "ConsumableCapacity",
    "DeviceBindingAndStatus",
    "DeviceTaints",
    "PartitionableDevices",
    "PrioritizedList",
)
"""What the upstream allocator that is on by default understands."""

DeviceKey = tuple[str, str, str]
"""driver, pool, device"""


class Pod(Struct, frozen=True):
    """Claims that need one node together."""

    name: str
    claims: tuple[ResourceClaim, ...]


class Input(Struct, frozen=True, kw_only=True):
    """A question with its answer.

    It has claims, and then it asks which of the nodes have room for all of them; or pods, each of which takes
    what it is given on the first node with room, one after the other. `fits` is the number of nodes that have
    room, known by how the input was made; for pods, the most that could have been placed, if that is known.
    """

    title: str
    slices: tuple[ResourceSlice, ...]
    classes: tuple[DeviceClass, ...]
    nodes: tuple[str, ...] = (NODE,)
    claims: tuple[ResourceClaim, ...] = ()
    pods: tuple[Pod, ...] = ()
    allocated: tuple[DeviceKey, ...] = ()
    fits: int | None = None
    features: tuple[str, ...] = INCUBATING


def emitted(given: Input) -> bytes:
    """An input as JSON for a program in any language, its objects as the Kubernetes API has them."""
    data = {
        "title": given.title,
        "slices": [to_data(each) for each in given.slices],
        "classes": [to_data(each) for each in given.classes],
        "nodes": [{"metadata": {"name": name, "labels": labels(name)}} for name in given.nodes],
        "claims": [_defaulted(each) for each in given.claims],
        "pods": [
            {"name": pod.name, "claims": [_defaulted(each) for each in pod.claims]} for pod in given.pods
        ],
        "allocated": [dict(zip(("driver", "pool", "device"), key, strict=True)) for key in given.allocated],
        "features": given.features,
        "fits": given.fits,
    }
    return msgspec.json.encode(data)


def _defaulted(given: ResourceClaim) -> Any:
    """A claim with what the API server puts in where nothing is said."""
    data = to_data(given)
    for each in data["spec"]["devices"]["requests"]:
        for part in (each.get("exactly"), *each.get("firstAvailable", ())):
            if part and part.setdefault("allocationMode", "ExactCount") == "ExactCount":
                part.setdefault("count", 1)
    return data


def labels(node: str) -> dict[str, str]:
    return {"kubernetes.io/hostname": node}


def device(
    name: str, attributes: Mapping[str, str | int], capacity: Mapping[str, str] | None = None
) -> Device:
    """A device whose attributes have the types of their values."""
    typed = {
        key: Attribute(int_=value) if isinstance(value, int) else Attribute(string=value)
        for key, value in attributes.items()
    }
    return Device(
        name=name, attributes=typed, capacity={k: Capacity(value=v) for k, v in (capacity or {}).items()}
    )


def gpu(index: int, *, numa: int | None = None, node: int = 0) -> Device:
    """One of eight GPUs of a server. No two have the same `uuid`, on no node, as it is in life."""
    return device(
        f"gpu-{index}",
        {
            "model": "H200",
            "index": index,
            "numa": index // 4 if numa is None else numa,
            "pcieRoot": f"pci0000:{index // 2:02x}",
            "uuid": f"GPU-{node:08d}-aaaa-bbbb-cccc-{index:012d}",
            "driverVersion": "570",
        },
        {"memory": "141Gi"},
    )


def one_node(devices: Sequence[Device], driver: str = DRIVER) -> tuple[ResourceSlice, ...]:
    return resource_slices(driver, NODE, devices)


def device_class(name: str, driver: str = DRIVER) -> DeviceClass:
    return DeviceClass(
        metadata=ObjectMeta(name=name), spec=ClassSpec(selectors=selectors(f'device.driver == "{driver}"'))
    )


def selectors(*expressions: str) -> tuple[Selector, ...]:
    return tuple(Selector(cel=CELSelector(expression=each)) for each in expressions)


def attribute_is(name: str, value: str, driver: str = DRIVER) -> str:
    return f'device.attributes["{driver}"].{name} == "{value}"'


def request(name: str, count: int = 1, *where: str, of: str = "gpu") -> DeviceRequest:
    exactly = ExactRequest(device_class_name=of, count=count, selectors=selectors(*where))
    return DeviceRequest(name=name, exactly=exactly)


def claim(
    name: str, requests: Iterable[DeviceRequest], constraints: Iterable[Constraint] = ()
) -> ResourceClaim:
    devices = ClaimDevices(requests=tuple(requests), constraints=tuple(constraints))
    return ResourceClaim(
        metadata=ObjectMeta(name=name, namespace="default", uid=name), spec=ClaimSpec(devices=devices)
    )


def match(attribute: str, *requests: str) -> Constraint:
    return Constraint(match_attribute=attribute, requests=requests)


def pod(name: str, requests: Iterable[DeviceRequest], constraints: Iterable[Constraint] = ()) -> Pod:
    return Pod(name, (claim(name, requests, constraints),))


GPU = (device_class("gpu"),)
