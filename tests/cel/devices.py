"""A GPU, as a driver describes it."""

from __future__ import annotations

from cod.resource import Attribute, Capacity, Device

DRIVER = "gpu.example.com"
GPU = Device(
    "gpu-0",
    attributes={
        "model": Attribute(string="A100"),
        "index": Attribute(int_=3),
        "ecc": Attribute(bool_=True),
        "driverVersion": Attribute(version="1.2.3"),
        "links": Attribute(strings=("a", "b")),
        "resource.kubernetes.io/numaNode": Attribute(int_=0),
        "gpu.example.com/family": Attribute(string="ampere"),
    },
    capacity={"memory": Capacity("40Gi"), "other.example.com/memory": Capacity("1Gi")},
)


def short(expression: str) -> str:
    """The expression with `$A` and `$C` for what the driver's own names stand behind."""
    return expression.replace("$A", f'device.attributes["{DRIVER}"]').replace(
        "$C", f'device.capacity["{DRIVER}"]'
    )
