"""Slices, claims and results in short, for tables of cases.

Unless it is said otherwise: driver d, pool p, node n0, class any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cod.allocate.in_use import InUse, Use
from cod.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice, from_data

Data = dict[str, Any]
HERE: Data = {"nodeName": "n0"}
ON_N0: Data = {
    "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n0"]}]}]
}
ZONE: Data = {"key": "zone", "operator": "In", "values": ["z0"]}


def slice_(*devices: Data, driver: str = "d", pool: str = "p", count: int = 1, **more: Any) -> ResourceSlice:
    name, generation = more.pop("name", "s"), more.pop("generation", 1)
    where = {} if {"allNodes", "nodeSelector", "perDeviceNodeSelection", "nodeName"} & more.keys() else HERE
    spec = {"driver": driver, "pool": {"name": pool, "generation": generation, "resourceSliceCount": count}}
    data = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": name},
        "spec": spec | where | ({"devices": list(devices)} if devices else {}) | more,
    }
    return from_data(data, ResourceSlice)


def claim(*requests: Data, name: str = "c", **devices: Any) -> ResourceClaim:
    return from_data(
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "metadata": {"name": name, "uid": f"uid-{name}"},
            "spec": {"devices": {"requests": list(requests), **devices}},
        },
        ResourceClaim,
    )


def ask(name: str = "r", count: int = 1, **more: Any) -> Data:
    return {"name": name, "exactly": {"deviceClassName": "any", "count": count, **more}}


def ask_all(name: str = "r", **more: Any) -> Data:
    return ask(name, allocationMode="All", **more)


def first_of(*subs: str, name: str = "r") -> Data:
    found = [{"name": each, "deviceClassName": "any", "count": index + 1} for index, each in enumerate(subs)]
    return {"name": name, "firstAvailable": found}


def given(*results: str | Data, node: Data | None = ON_N0, config: Sequence[Data] = ()) -> AllocationResult:
    """A result in short: `r=a` for device a of pool p of driver d, `r=e/q/a` for one of another."""
    written = []
    for each in results:
        more = {} if isinstance(each, str) else {key: value for key, value in each.items() if key != "is"}
        request, _, name = (each if isinstance(each, str) else each["is"]).partition("=")
        driver, pool, device = name.split("/") if "/" in name else ("d", "p", name)
        written.append({"request": request, "driver": driver, "pool": pool, "device": device, **more})
    data: Data = {"devices": {"results": written, "config": list(config)}}
    return from_data(data | ({"nodeSelector": node} if node else {}), AllocationResult)


def share(what: str, id_: str = "id-1", **consumed: str) -> Data:
    return {"is": what, "shareID": id_, "consumedCapacity": consumed}


ANY = from_data({"metadata": {"name": "any"}, "spec": {}}, DeviceClass)
CONFIGURED = from_data(
    {"metadata": {"name": "set"}, "spec": {"config": [{"opaque": {"driver": "d", "parameters": {"k": 1}}}]}},
    DeviceClass,
)
CLASSES = [
    ANY,
    CONFIGURED,
    from_data(
        {"metadata": {"name": "d"}, "spec": {"selectors": [{"cel": {"expression": 'device.driver == "d"'}}]}},
        DeviceClass,
    ),
]
AB = slice_({"name": "a"}, {"name": "b"})
Y = [{"name": name, "attributes": {"y": {"int": y}}} for name, y in (("a", 0), ("b", 1), ("c", 0))]
IS_0 = [{"cel": {"expression": 'device.attributes["d"].y == 0'}}]


def shared(name: str = "a", value: str = "4", policy: Data | None = None, **more: Any) -> Data:
    capacity = {"mem": {"value": value} | ({"requestPolicy": policy} if policy else {})}
    return {"name": name, "allowMultipleAllocations": True, "capacity": capacity, **more}


def mem(text: str) -> Data:
    return {"capacity": {"requests": {"mem": text}}}


STEPS: Data = {"default": "1", "validRange": {"min": "1", "max": "3", "step": "2"}}
COUNTERS = slice_(
    name="counters", count=2, sharedCounters=[{"name": "set", "counters": {"c": {"value": "2"}}}]
)


def drawing(name: str, much: str = "1", **more: Any) -> Data:
    return {
        "name": name,
        "consumesCounters": [{"counterSet": "set", "counters": {"c": {"value": much}}}],
        **more,
    }


def drawers(*devices: Data, driver: str = "d") -> list[ResourceSlice]:
    sets = [{"name": "set", "counters": {"c": {"value": "2"}}}]
    return [
        slice_(name=f"0-{driver}", driver=driver, count=2, sharedCounters=sets),
        slice_(*devices, name=f"1-{driver}", driver=driver, count=2),
    ]


TAINTED = slice_({"name": "a", "taints": [{"key": "t", "effect": "NoSchedule"}]}, {"name": "b"})
LISTS = slice_(
    {"name": "a", "attributes": {"x": {"strings": ["p", "q"]}}},
    {"name": "b", "attributes": {"x": {"strings": ["q", "r"]}}},
    {"name": "c", "attributes": {"x": {"string": "r"}}},
    {"name": "v", "attributes": {"x": {"version": "1.0.0"}}},
    {"name": "s", "attributes": {"x": {"string": "1.0.0"}}},
    {"name": "n"},
)
SAME_X = [{"matchAttribute": "d/x"}]
OTHER_X = [{"distinctAttribute": "d/x"}]
TWO = [claim(ask()), claim(ask(), name="c2")]
READY = {"bindingConditions": ["ex.com/ready"], "bindingFailureConditions": ["ex.com/failed"]}
OPAQUE: Data = {"opaque": {"driver": "d", "parameters": {"k": 2}}}
OF_CLASS: Data = {"source": "FromClass", "opaque": {"driver": "d", "parameters": {"k": 1}}}
LOOK: Data = {"adminAccess": True}

Case = tuple[Sequence[ResourceClaim], Sequence[ResourceSlice], InUse, Sequence[AllocationResult]]


def case(
    claims: ResourceClaim | Sequence[ResourceClaim],
    slices: ResourceSlice | Sequence[ResourceSlice],
    *results: AllocationResult,
    used: Mapping[str, tuple[Use, ...]] | None = None,
) -> Case:
    uses = {("d", "p", name): each for name, each in (used or {}).items()}
    return (
        [claims] if isinstance(claims, ResourceClaim) else claims,
        [slices] if isinstance(slices, ResourceSlice) else slices,
        uses,
        results,
    )
