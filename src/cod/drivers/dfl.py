"""Intel FPGAs, as the kernel's DFL driver shows them: boards, their regions, the functions in these.

A board has a management engine (`/dev/dfl-fme.M`), which programs it, and ports (`/dev/dfl-port.M`), through
which a function is used. A port may be moved to a virtual function of the board; the engine stays. They are
devices of two kinds: who is given a port cannot program the board. Source: the kernel's `fpga/dfl.rst` and
`ABI/testing/sysfs-platform-dfl-{fme,port}`; Intel's device plugin, which takes an id of 32 f as a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import (
    PARENT_ATTRIBUTE,
    Plain,
    attribute_class,
    attributes,
    family,
    family_classes,
    place,
)
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import unready
from cod.host import Host, Node, PciFunction
from cod.resource import Device, DeviceClass

KIND = "intel.com/fpga"
CLASS = "fpga.intel.com"
MANAGEMENT_KIND = "intel.com/fpga-management"
MANAGEMENT_CLASS = "fpga-management.intel.com"

_REGIONS = "/sys/class/fpga_region"
_ENGINE = r"dfl-fme\.\d{1,6}"
_PORT = r"dfl-port\.(\d{1,6})"
_ID = r"[0-9a-f]{32}"
_WORD = r"(0x)?[0-9a-f]{1,16}"
_FAULTY = "f" * 32
_ENGINE_ERRORS = ("fme_errors", "nonfatal_errors")


class Dfl(Struct, frozen=True):
    """The driver of Intel FPGAs."""

    name: str = "dfl.cod.dev"
    looks_for: str = f"regions in {_REGIONS} that have a dfl-port or a dfl-fme"

    def classes(self) -> Iterable[DeviceClass]:
        """`fpga.intel.com` and `fpga`; `fpga-management.intel.com` for what programs a board."""
        return *family_classes("fpga", CLASS), attribute_class(MANAGEMENT_CLASS)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`fpga-0-port-0` … and `fpga-management-0` …: boards in the order of addresses, ports by their ids.

        The kernel numbers engines and ports as it meets them; its names, which may change, are aliases.
        """
        for index, board in enumerate(_boards(host)):
            parent = ""
            for engine in board.engines:
                if node := _node(host, engine):
                    found = _management(host, board, engine, index, node)
                    parent = parent or found.device.name
                    yield found
                else:
                    yield _without_node(engine)
            for port in board.ports:
                if node := _node(host, port.path):
                    yield _port(host, board, port, f"fpga-{index}", parent, node)
                else:
                    yield _without_node(port.path)


class _Port(Struct, frozen=True):
    """A port: its directory, its region, and the function that has it, which may be a virtual one."""

    path: str
    region: str
    function: PciFunction | None


class _Board(Struct):
    """A board: its physical function where that is known, and the directories of its engines.

    `facts` are true of all its parts; `fault` is why none of them can be used, or "".
    """

    function: PciFunction | None
    engines: list[str] = []
    ports: list[_Port] = []
    facts: dict[str, Plain] = {}
    fault: str = ""


def _boards(host: Host) -> list[_Board]:
    """The boards in the order of their addresses; those outside PCI come last.

    The regions that an engine programs are in the class, too, but have no engine and no port.
    """
    boards: dict[str, _Board] = {}
    for region in host.class_devices("fpga_region"):
        engines, ports = host.matching(region.path, _ENGINE), host.matching(region.path, _PORT)
        if not engines and not ports:
            continue
        function = host.pci.get(region.function)
        physical = host.pci.get(function.physical, function) if function else None
        key = physical.address if physical else region.path
        board = boards.setdefault(key, _Board(physical))
        board.engines += [f"{region.path}/{name}" for name in engines]
        board.ports += [_Port(f"{region.path}/{name}", region.name, function) for name in ports]
    if not boards:
        return []
    on_pci = [boards[address] for address in host.pci if address in boards]
    ordered = [*on_pci, *(board for board in boards.values() if not board.function)]
    for board in ordered:
        _describe(host, board)
    return ordered


def _describe(host: Host, board: _Board) -> None:
    """Fill in what is true of the board as a whole."""
    programmed = [
        path
        for engine in board.engines
        for path in host.glob(f"{engine}/dfl-fme-region.*/fpga_region/region*")
    ]
    # A region need not have an id. An image must fit it: of several nobody can say which one a port has.
    texts = {host.value(f"{path}/compat_id").lower() for path in programmed}
    interfaces = {text for text in texts if re.fullmatch(_ID, text)}
    board.facts = {
        "programmable": bool(programmed),
        "interfaceId": next(iter(interfaces)) if len(interfaces) == 1 and _FAULTY not in interfaces else "",
    }
    if function := board.function:
        board.facts["boardId"] = f"{function.vendor:04x}:{function.device:04x}"
        board.facts["model"] = host.pci_names.device(function.vendor, function.device)
    for engine in board.engines[:1]:
        board.facts["bitstreamId"] = _word(host, f"{engine}/bitstream_id")
        board.facts["bitstreamMetadata"] = _word(host, f"{engine}/bitstream_metadata")
        board.facts["portsNum"] = host.number(f"{engine}/ports_num")
        board.facts["socketId"] = host.number(f"{engine}/socket_id")
    fatal = any(_has_errors(host, f"{engine}/errors/catfatal_errors") for engine in board.engines)
    board.fault = "faulty" if _FAULTY in interfaces else "errors" if fatal else ""


def _management(host: Host, board: _Board, engine: str, index: int, node: Node) -> FoundDevice:
    """The engine of a board, which programs it."""
    errors = any(_has_errors(host, f"{engine}/errors/{name}") for name in _ENGINE_ERRORS)
    return FoundDevice(
        device=Device(
            name=f"fpga-management-{index}",
            attributes=family("fpga-management", MANAGEMENT_CLASS)
            | (place(board.function) if board.function else {})
            | attributes(board.facts),
            taints=unready(board.fault or ("errors" if errors else "")),
        ),
        kind=MANAGEMENT_KIND,
        cdi_name=str(index),
        edits=ContainerEdits(device_nodes=(device_node(node),)),
        aliases=(_name(engine),),
    )


def _port(host: Host, board: _Board, port: _Port, prefix: str, parent: str, node: Node) -> FoundDevice:
    """A port of a board: what a container uses."""
    function = host.value(f"{port.path}/afu_id").lower()
    facts: dict[str, Plain] = {
        PARENT_ATTRIBUTE: parent,
        "region": port.region,
        "afuId": function if re.fullmatch(_ID, function) and function != _FAULTY else "",
    }
    name = f"{prefix}-port-{_number(host, port.path)}"
    errors = _has_errors(host, f"{port.path}/errors/errors")
    fault = "faulty" if function == _FAULTY else board.fault or ("errors" if errors else "")
    return FoundDevice(
        device=Device(
            name=name,
            attributes=family("fpga", CLASS)
            | (place(port.function) if port.function else {})
            | attributes(facts | board.facts),
            taints=unready(fault),
        ),
        kind=KIND,
        cdi_name=name,
        edits=ContainerEdits(device_nodes=(device_node(node),)),
        aliases=(_name(port.path),),
    )


def _node(host: Host, path: str) -> Node | None:
    """The device node of an engine or a port, if it has the numbers that the kernel says."""
    return host.node_of(path, f"/dev/{_name(path)}")


def _without_node(path: str) -> Skipped:
    return Skipped(path, f"its node /dev/{_name(path)} is missing, or has other numbers")


def _number(host: Host, path: str) -> int:
    """A port's id on its board, which the hardware gives; else the kernel's number."""
    number = host.number(f"{path}/id")
    if number is not None and 0 <= number < 2**31:
        return number
    match = re.fullmatch(_PORT, _name(path))
    return int(match[1]) if match else 0


def _word(host: Host, path: str) -> str:
    """A number of 64 bits as it is written; as an attribute it would be too large for an integer."""
    text = host.value(path).lower()
    return text if re.fullmatch(_WORD, text) else ""


def _has_errors(host: Host, path: str) -> bool:
    """Whether a register of errors is there and has a bit set."""
    return bool(host.value(path).lower().removeprefix("0x").strip("0"))


def _name(path: str) -> str:
    return path.rpartition("/")[2]
