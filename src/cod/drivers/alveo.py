"""Alveo accelerator cards of AMD (Xilinx), as the drivers of XRT show them, and AMA transcoders.

A card has a user function (driver `xocl`), which runs kernels, and one for management (`xclmgmt`), which
replaces the shell. They are devices of two kinds. The files `user_pf` and `mgmt_pf` say which is which, not
the numbers, which were swapped after XRT 2018.3. A virtual machine may have the user function alone.
Source: XRT's `sysfs.rst`; Xilinx's device plugin and container runtime.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import (
    PARENT_ATTRIBUTE,
    VERSION_ATTRIBUTE,
    Plain,
    attribute_class,
    attributes,
    driver_version,
    family,
    family_classes,
    place,
)
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import unready
from cod.host import Host, Node, PciFunction
from cod.resource import Attribute, Device, DeviceClass, Taint

KIND = "xilinx.com/fpga"
CLASS = "fpga.xilinx.com"
MANAGEMENT_KIND = "xilinx.com/fpga-management"
MANAGEMENT_CLASS = "fpga-management.xilinx.com"
TRANSCODER_KIND = "xilinx.com/transcoder"
TRANSCODER_CLASS = "transcoder.xilinx.com"

_VENDORS = (0x10EE, 0x13FE, 0x1D0F, 0x3475)  # Xilinx; Advantech, Amazon and Arista, who build cards, too
_MISC = "/sys/class/misc"
_RENDER = r"renderD\d{1,6}"
_TRANSCODER = r"ama_transcoder(\d{1,6})"
_UUID = r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}"


class Alveo(Struct, frozen=True):
    """The driver of Alveo cards and AMA transcoders."""

    name: str = "alveo.cod.dev"
    looks_for: str = f"Xilinx PCI functions with a file user_pf or mgmt_pf; ama_transcoder* in {_MISC}"

    def classes(self) -> Iterable[DeviceClass]:
        """`fpga.xilinx.com` and `fpga`; one for what programs a card, and one for transcoders."""
        more = (attribute_class(each) for each in (MANAGEMENT_CLASS, TRANSCODER_CLASS))
        return *family_classes("fpga", CLASS), *more

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`fpga-0` … and `fpga-management-0` …, in the order of addresses, as Xilinx's runtime counts."""
        functions = [each for each in host.pci.values() if each.vendor in _VENDORS]
        managements: dict[str, str] = {}
        for index, function in enumerate(_with_file(host, functions, "mgmt_pf")):
            instance = host.number(f"{function.path}/instance")
            name = f"/dev/xclmgmt{'<instance>' if instance is None else instance}"
            node = host.node(name)
            if node is None:
                yield Skipped(function.address, f"its node {name} is missing")
                continue
            found = _management(host, function, index, node)
            managements.setdefault(_slot(function), found.device.name)
            yield found
        for index, function in enumerate(_with_file(host, functions, "user_pf")):
            nodes = _user_nodes(host, function)
            if nodes:
                yield _user(host, function, index, nodes, managements.get(_slot(function), ""))
            else:
                yield Skipped(function.address, "it has no render node in /dev/dri")
        yield from _transcoders(host)


def _with_file(host: Host, functions: list[PciFunction], name: str) -> list[PciFunction]:
    return [each for each in functions if host.exists(f"{each.path}/{name}")]


def _slot(function: PciFunction) -> str:
    """What the functions of a card have in common."""
    return function.address.partition(".")[0]


def _user_nodes(host: Host, function: PciFunction) -> list[Node]:
    """The render node, and the queues of a shell with QDMA; nothing without the former."""
    names = host.matching(f"{function.path}/drm", _RENDER)
    render = next(filter(None, (host.node(f"/dev/dri/{name}") for name in names)), None)
    if render is None:
        return []
    queues = host.node(f"/dev/xfpga/dma.qdma.u{_instance(function.address)}.0")
    return [render, queues] if queues else [render]


def _instance(address: str) -> int:
    """The number that XRT gives a function: its address as one number."""
    domain, bus, rest = address.split(":")
    device, _, number = rest.partition(".")
    return int(domain, 16) << 16 | int(bus, 16) << 8 | int(device, 16) << 3 | int(number)


def _management(host: Host, function: PciFunction, index: int, node: Node) -> FoundDevice:
    return FoundDevice(
        device=Device(
            name=f"fpga-management-{index}",
            attributes=family("fpga-management", MANAGEMENT_CLASS) | _facts(host, function),
            taints=_taints(host, function),
        ),
        kind=MANAGEMENT_KIND,
        cdi_name=str(index),
        edits=ContainerEdits(device_nodes=(device_node(node),)),
        aliases=(function.address,),
    )


def _user(host: Host, function: PciFunction, index: int, nodes: list[Node], parent: str) -> FoundDevice:
    more = {PARENT_ATTRIBUTE: parent, "xclbinUuid": _first_uuid(host, f"{function.path}/xclbinuuid")}
    return FoundDevice(
        device=Device(
            name=f"fpga-{index}",
            attributes=family("fpga", CLASS) | attributes(more) | _facts(host, function),
            taints=_taints(host, function),
        ),
        kind=KIND,
        cdi_name=str(index),
        edits=ContainerEdits(device_nodes=tuple(map(device_node, nodes))),
        aliases=(function.address,),
    )


def _facts(host: Host, function: PciFunction) -> dict[str, Attribute]:
    """What either function says of its card. Below `rom*` is the shell, below the others the controller."""
    path = function.path
    board = _first_text(host, f"{path}/board_name")
    vbnv = _first_text(host, f"{path}/rom*/VBNV")
    serial = _first_text(host, f"{path}/xmc.*/serial_num", f"{path}/hwmon_sdm.*/serial_num")
    text = host.value(f"/sys/module/{function.driver}/version").partition(",")[0] if function.driver else ""
    known = driver_version(text)
    facts: dict[str, Plain] = {
        "model": board or host.pci_names.device(function.vendor, function.device),
        "boardName": board,
        "vbnv": vbnv,
        "serial": serial,
        "interfaceUuid": _first_uuid(host, f"{path}/interface_uuids"),
        "logicUuid": _first_uuid(host, f"{path}/logic_uuids"),
        VERSION_ATTRIBUTE: "" if known else _printable(text),
    }
    return place(function) | attributes(facts) | known


def _taints(host: Host, function: PciFunction) -> tuple[Taint, ...]:
    """Why a function cannot be used now: it is offline for a reset, or its shell is not ready."""
    offline = host.number(f"{function.path}/dev_offline") not in (None, 0)
    not_ready = host.number(f"{function.path}/ready") == 0
    reason = "offline" if offline else "not-ready" if not_ready else ""
    return unready(reason)


def _transcoders(host: Host) -> Iterator[FoundDevice | Skipped]:
    """`transcoder-0` …, by the kernel's numbers; the node is all that a container needs."""
    for name in host.matching(_MISC, _TRANSCODER):
        node = host.node(f"/dev/{name}")
        if node is None:
            yield Skipped(f"{_MISC}/{name}", f"its node /dev/{name} is missing")
            continue
        number = name.removeprefix("ama_transcoder")
        function = host.pci.get(host.value(f"{_MISC}/{name}/bus_id").lower())
        where = place(function) if function else {}
        device = Device(f"transcoder-{number}", family("transcoder", TRANSCODER_CLASS) | where)
        edits = ContainerEdits(device_nodes=(device_node(node),))
        yield FoundDevice(device, TRANSCODER_KIND, number, edits)


def _first_text(host: Host, *patterns: str) -> str:
    """The first text that a file of these patterns has."""
    texts = (_printable(host.value(path)) for pattern in patterns for path in host.glob(pattern))
    return next(filter(None, texts), "")


def _first_uuid(host: Host, path: str) -> str:
    """The first id in a file, with dashes or without; all zeros say that there is none."""
    lines = (line.strip().lower() for line in host.read(path).splitlines())
    return next((line for line in lines if re.fullmatch(_UUID, line) and line.strip("0-")), "")


def _printable(text: str) -> str:
    """A text as it is, or "" for what cannot be the name of anything."""
    return text if text.isprintable() and "\ufffd" not in text else ""
