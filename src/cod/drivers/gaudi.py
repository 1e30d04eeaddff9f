"""Intel Gaudi accelerators, as the habanalabs driver shows them.

A card has a node for work, one for asking how it is, which its user library opens too, and for its network
ports one of RDMA. Devices, names and nodes are those of `intel-cdi-specs-generator gaudi`. Source: also the
kernel's `Documentation/ABI/testing/sysfs-driver-habanalabs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import Plain, attributes, driver_version, family, family_classes, place
from cod.drivers.names import uid
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import unready
from cod.host import Host, Node
from cod.host.pci import address_order
from cod.resource import PCI_BUS_ID, Attribute, Device, DeviceClass

KIND = "intel.com/gaudi"
CLASS = "gaudi.intel.com"

_FUNCTIONS = "/sys/bus/pci/drivers/habanalabs"
_ADDRESS = r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"
_VERBS = r"uverbs\d{1,6}"

# A card's class in sysfs, its name there up to the number, its nodes: before Linux 6.3 it had its own class.
_CLASSES = (
    ("accel", "accel", "/dev/accel/accel{}", "/dev/accel/accel_controlD{}"),
    ("habanalabs", "hl", "/dev/hl{}", "/dev/hl_controlD{}"),
)


class Gaudi(Struct, frozen=True):
    """The driver of Gaudi cards."""

    name: str = "gaudi.cod.dev"
    looks_for: str = f"PCI functions in {_FUNCTIONS}"

    def classes(self) -> Iterable[DeviceClass]:
        """`gaudi.intel.com` and `npu`."""
        return family_classes("npu", CLASS)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """The cards by address and device id, `0000-0f-00-0-0x1020`, as Intel's DRA driver names them."""
        for address in sorted(host.matching(_FUNCTIONS, _ADDRESS), key=address_order):
            yield _offer(host, address)


def _offer(host: Host, address: str) -> FoundDevice | Skipped:
    path = f"{_FUNCTIONS}/{address}"
    device = host.number(f"{path}/device")
    if device is None or not 0 <= device < 2**16:
        return Skipped(address, f"{path}/device says no device id")
    name, nodes = _nodes(host, path)
    if not nodes:
        return Skipped(address, f"{name} has no node in /dev" if name else "its driver has not set it up")
    return FoundDevice(
        device=_device(host, address, uid(address, device)),
        kind=KIND,
        cdi_name=uid(address, device),
        edits=ContainerEdits(device_nodes=tuple(map(device_node, nodes))),
        aliases=(name,),
    )


def _nodes(host: Host, path: str) -> tuple[str, list[Node]]:
    """What the kernel calls a card, or "", and its nodes; none where that for work is missing."""
    for class_, prefix, work, control in _CLASSES:
        for name in host.matching(f"{path}/{class_}", prefix + r"\d{1,6}"):
            number = name.removeprefix(prefix)
            node = host.node_of(f"{path}/{class_}/{name}", work.format(number))
            if node is None:
                return name, []
            verbs = f"{path}/infiniband_verbs"
            more = [
                host.node(control.format(number)),
                *(
                    host.node_of(f"{verbs}/{each}", f"/dev/infiniband/{each}")
                    for each in host.matching(verbs, _VERBS)
                ),
            ]
            return name, [node, *(each for each in more if each)]
    return "", []


def _device(host: Host, address: str, name: str) -> Device:
    path = f"{_FUNCTIONS}/{address}"
    status = host.value(f"{path}/status").lower()
    driver = host.value(f"{path}/driver_ver") or host.value("/sys/module/habanalabs/version")
    facts: dict[str, Plain] = {
        "model": host.value(f"{path}/device_type"),
        "productId": name.rpartition("-")[2],
        "moduleId": host.number(f"{path}/module_id"),  # its slot on the board, by which jobs order the cards
        "firmware": host.value(f"{path}/fw_os_ver"),
        "status": status,
    }
    function = host.pci.get(address)
    where = place(function) if function else {PCI_BUS_ID: Attribute(string=address)}
    return Device(
        name=name,
        attributes=family("npu", CLASS) | where | attributes(facts) | driver_version(driver),
        taints=unready("" if status in ("", "operational") else "not-operational"),
    )
