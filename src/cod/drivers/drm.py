"""The render nodes of GPUs that no vendor's driver offers: integrated graphics, displays, virtual GPUs.

A render node is enough to draw and to compute, and the kernel lets many processes use it at a time; the
card's own node, which sets the modes of displays, is not given away. Source: the kernel's
`Documentation/gpu/drm-uapi.rst` § Render nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import Plain, attribute_class, attributes, family, place
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Host, Node, SysDevice
from cod.resource import Device, DeviceClass

KIND = "cod.dev/render"
CLASS = "render"
CLASS_DIRECTORY = "/sys/class/drm"

_RENDER = r"renderD(\d{1,6})"
_PARTITION = "/amdgpu_xcp_"  # of an AMD GPU: in use or not, only the driver of the family can tell
_FIRST_MINOR = 128


class Drm(Struct, frozen=True):
    """The driver of render nodes; it stands after those of vendors, which know more of their GPUs."""

    name: str = "drm.cod.dev"
    looks_for: str = f"render nodes in {CLASS_DIRECTORY}"

    def classes(self) -> Iterable[DeviceClass]:
        """`render`."""
        return (attribute_class(CLASS),)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`render0`, `render1` … by their minors, which begin with 128."""
        for each in host.devices_in(CLASS_DIRECTORY):
            match = re.fullmatch(_RENDER, each.name)
            if match and _PARTITION not in each.path:
                if node := host.node_of(each.path):
                    yield _device(host, each, node, int(match[1]) - _FIRST_MINOR)
                else:
                    yield Skipped(
                        each.name, f"it has no node in /dev/dri with the numbers of {each.path}/dev"
                    )


def _device(host: Host, render: SysDevice, node: Node, index: int) -> FoundDevice:
    function = host.pci.get(render.function)
    name = f"render{max(index, 0)}"
    facts: dict[str, Plain] = {
        "kernelDriver": host.target(f"{render.path}/device/driver"),
        "productName": host.pci_names.device(function.vendor, function.device) if function else "",
        "renderMinor": index + _FIRST_MINOR,
    }
    return FoundDevice(
        device=Device(
            name=name,
            attributes=family(CLASS) | (place(function) if function else {}) | attributes(facts),
            allow_multiple_allocations=True,
        ),
        kind=KIND,
        cdi_name=name,
        edits=ContainerEdits(device_nodes=(device_node(node),)),
    )
