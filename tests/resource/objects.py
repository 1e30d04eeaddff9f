"""Objects, made short, and valid unless told otherwise."""

from __future__ import annotations

from typing import Any

from cod.resource import (
    Attribute,
    Capacity,
    ClaimDevices,
    ClaimSpec,
    ClaimStatus,
    Counter,
    CounterConsumption,
    Device,
    DeviceRequest,
    ExactRequest,
    ObjectMeta,
    Pool,
    ResourceClaim,
    ResourceSlice,
    SliceSpec,
    Taint,
    problems,
)
from cod.resource.kinds import Object

DRIVER = "gpu.example.com"


def device(name: str = "gpu-0", **fields: Any) -> Device:
    given = {"attributes": {"model": Attribute(string="A")}, "capacity": {"memory": Capacity("80Gi")}}
    return Device(name, **{**given, **fields})


def devices(count: int, **fields: Any) -> tuple[Device, ...]:
    return tuple(device(f"gpu-{index}", **fields) for index in range(count))


def slice_of(*given: Device, **spec: Any) -> ResourceSlice:
    fields = {"driver": DRIVER, "pool": Pool("node"), "node_name": "node", "devices": given, **spec}
    return ResourceSlice(metadata=ObjectMeta(name="node-gpu"), spec=SliceSpec(**fields))


def claim(*requests: DeviceRequest, status: ClaimStatus | None = None, **fields: Any) -> ResourceClaim:
    return ResourceClaim(
        metadata=ObjectMeta(name="claim"),
        spec=ClaimSpec(ClaimDevices(requests or (request(),), **fields)),
        status=status or ClaimStatus(),
    )


def request(name: str = "gpus", **fields: Any) -> DeviceRequest:
    return DeviceRequest(name, ExactRequest("gpu", **fields))


def consumption(counter_set: str = "set-0", **counters: str) -> CounterConsumption:
    amounts = {name: Counter(value) for name, value in (counters or {"memory": "10Gi"}).items()}
    return CounterConsumption(counter_set, amounts)


TAINT = Taint("example.com/broken")


def texts(value: Object) -> list[str]:
    """What is wrong with an object, as the API server writes it."""
    return [problem.text for problem in problems(value)]
