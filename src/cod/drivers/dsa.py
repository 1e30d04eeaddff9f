"""Work queues of Intel's Data Streaming Accelerator and In-Memory Analytics Accelerator, DSA and IAA.

The administrator divides an accelerator into queues with `accel-config`. An enabled queue for users has a
node: a dedicated one is for one process, a shared one for any number. Source: the kernel's
`Documentation/ABI/stable/sysfs-driver-dma-idxd`; names of queues as `accel-config list` has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import PARENT_ATTRIBUTE, Plain, attribute_class, attributes, family, place
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Host, Node, SysDevice
from cod.resource import Capacity, Device, DeviceClass

DEVICES = "/sys/bus/dsa/devices"
CLASSES = ("dsa.intel.com", "iax.intel.com")

_ACCELERATOR = r"(dsa|iax)\d{1,6}"
_QUEUE = r"wq\d{1,6}\.\d{1,6}"


class Dsa(Struct, frozen=True):
    """The driver of DSA and IAA."""

    name: str = "dsa.cod.dev"
    looks_for: str = f"enabled work queues for users of the accelerators in {DEVICES}"

    def classes(self) -> Iterable[DeviceClass]:
        """`dsa.intel.com` and `iax.intel.com`, as the kernel calls IAA."""
        return tuple(map(attribute_class, CLASSES))

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """The queues by the numbers of their accelerator and in it, `wq0-1`."""
        if not host.matching(DEVICES, _ACCELERATOR):
            return
        for accelerator in host.devices_in(DEVICES):
            if not re.fullmatch(_ACCELERATOR, accelerator.name):
                continue
            if host.value(f"{accelerator.path}/state") == "disabled":
                yield Skipped(accelerator.name, "it is disabled")
                continue
            for name in host.matching(accelerator.path, _QUEUE):
                yield _offer(host, accelerator, name)


def _offer(host: Host, accelerator: SysDevice, name: str) -> FoundDevice | Skipped:
    path, what = f"{accelerator.path}/{name}", f"{accelerator.name}/{name}"
    kind = accelerator.name[:3]
    state, type_, mode = (host.value(f"{path}/{each}") for each in ("state", "type", "mode"))
    if state != "enabled":
        return Skipped(what, f"its state is {state or 'unknown'!r}, not enabled")
    if type_ != "user":
        return Skipped(what, f"its type is {type_ or 'unknown'!r}, not user")
    if mode not in ("dedicated", "shared"):
        return Skipped(what, f"its mode is {mode or 'unknown'!r}, neither dedicated nor shared")
    node = _node(host, accelerator, name)
    if node is None:
        return Skipped(what, f"it has no node /dev/{kind}/{name} with the numbers that sysfs says")
    # libaccel-config finds the node of a queue by its numbers. On the host that is a link, which CDI has not;
    # a mount of the link would bring the same node, but only where udev has made one.
    by_numbers = device_node(node, path=f"/dev/char/{node.major}:{node.minor}")
    return FoundDevice(
        device=_device(host, accelerator, name, mode),
        kind=f"intel.com/{kind}",
        cdi_name=name,
        edits=ContainerEdits(device_nodes=(device_node(node), by_numbers)),
    )


def _node(host: Host, accelerator: SysDevice, name: str) -> Node | None:
    """The node of a queue: it is made anew whenever the queue is enabled, and its number may be another's."""
    path, kind = f"{accelerator.path}/{name}", accelerator.name[:3]
    node = host.node_of(f"{path}/{kind}!{name}", f"/dev/{kind}/{name}")
    numbers = (host.number(f"{accelerator.path}/cdev_major"), host.number(f"{path}/cdev_minor"))
    is_it = node and numbers[0] in (None, node.major) and numbers[1] in (None, node.minor)
    return node if is_it else None


def _device(host: Host, accelerator: SysDevice, name: str, mode: str) -> Device:
    path, kind = f"{accelerator.path}/{name}", accelerator.name[:3]
    function = host.pci.get(accelerator.function)
    size = host.number(f"{path}/size") or 0
    facts: dict[str, Plain] = {
        PARENT_ATTRIBUTE: accelerator.name,
        "mode": mode,
        "label": host.value(f"{path}/name"),  # whatever the administrator calls it
        "group": host.number(f"{path}/group_id"),
        "priority": host.number(f"{path}/priority"),
        "maxBatchSize": host.number(f"{path}/max_batch_size"),
        "maxTransferSize": host.number(f"{path}/max_transfer_size"),
        "blockOnFault": {"0": False, "1": True}.get(host.value(f"{path}/block_on_fault")),
    }
    return Device(
        name=name.replace(".", "-"),
        attributes=family(kind, f"{kind}.intel.com")
        | (place(function) if function else {})
        | attributes(facts),
        capacity={"entries": Capacity(str(size))} if size > 0 else {},
        allow_multiple_allocations=mode == "shared",
    )
