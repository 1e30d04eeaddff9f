"""Boards whose driver another package brings: partitions made and only possible, a fault, links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from cod.cdi.spec import NO_EDITS, ContainerEdits, DeviceNode
from cod.drivers import FoundDevice, Link, Skipped, attributes, family, family_classes, place
from cod.drivers.attributes import PARENT_ATTRIBUTE, version
from cod.host import Host, PciFunction
from cod.resource import Attribute, Counter, CounterConsumption, CounterSet, Device, DeviceClass, Taint
from tests.machines.tree import Tree

VENDOR = 0xB0A4  # assigned to nobody
VERSION = "/sys/module/board/version"


class Board(Struct, frozen=True):
    name: str = "board.example.com"
    looks_for: str = "PCI functions bound to the kernel driver `board`, which nobody has ever seen for sale"

    def classes(self) -> Iterable[DeviceClass]:
        return family_classes("gpu", "gpu.example.com")

    def discover(self, host: Host) -> Iterator[FoundDevice | CounterSet | Skipped]:
        boards = [each for each in host.pci.values() if each.driver == "board"]
        for index, function in enumerate(boards):
            if host.exists(f"{function.path}/lost"):
                yield Skipped(function.address, "it has fallen off the bus")
                continue
            yield CounterSet(f"gpu{index}", {"slices": Counter("4")})
            yield _device(host, function, index)
            yield from (_part(host, function, index, number) for number in range(4))


def _device(host: Host, function: PciFunction, index: int) -> FoundDevice:
    facts = attributes({"model": "Board 9000", "uuid": f"BOARD-{index}"})
    driver = version(host.value(VERSION))
    facts |= {"driverVersion": driver} if driver else {}
    unready = () if not host.exists(f"{function.path}/down") else (Taint("cod.dev/unready", "down"),)
    return FoundDevice(
        device=Device(f"gpu{index}", attributes=_family(function) | facts, taints=unready),
        kind="example.com/gpu",
        cdi_name=str(index),
        edits=ContainerEdits(device_nodes=(_node(f"/dev/board{index}"),)),
        common=ContainerEdits(device_nodes=(_node("/dev/boardctl"),)),
        aliases=(f"BOARD-{index}",),
        links=(Link(f"gpu{1 - index}", "boardlink", 2, 50_000),),
    )


def _part(host: Host, function: PciFunction, index: int, number: int) -> FoundDevice:
    node = f"/dev/board{index}p{number}"
    is_made = host.node(node) is not None
    slice_ = CounterConsumption(f"gpu{index}", {"slices": Counter("1")})
    return FoundDevice(
        device=Device(
            f"gpu{index}-part{number}",
            attributes=_family(function) | attributes({PARENT_ATTRIBUTE: f"gpu{index}"}),
            consumes_counters=(slice_,),
            taints=() if is_made else (Taint("cod.dev/unready", "not-made"),),
        ),
        kind="example.com/gpu",
        cdi_name=f"{index}:{number}",
        edits=ContainerEdits(device_nodes=(_node(node),)) if is_made else NO_EDITS,
        common=ContainerEdits(device_nodes=(_node("/dev/boardctl"),)),
    )


def _family(function: PciFunction) -> dict[str, Attribute]:
    return {**family("gpu", "gpu.example.com"), **place(function)}


def _node(path: str) -> DeviceNode:
    return DeviceNode(path, type="c", major=240, minor=1, file_mode=0o666, permissions="rw")


def make_boards(root: Path) -> Tree:
    """Two boards, one with a made partition and one that is down, a third that is lost, and a bridge."""
    tree = Tree(root)
    tree.file("/proc/sys/kernel/hostname", "lab7\n")
    tree.file("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n")
    tree.file("/proc/sys/kernel/random/boot_id", "0b7e3f6a-0000-4000-8000-000000000000\n")
    tree.file(VERSION, "535.104.05\n")
    tree.pci("0000:00:01.0", 0x8086, 0x1234, 0x060400)
    for number, extra in enumerate(("", "down", "lost")):
        path = tree.pci(f"0000:3{number}:00.0", VENDOR, 0x2330, 0x030200, driver="board", numa=number)
        if extra:
            tree.file(f"{path}/{extra}")
    tree.node("/dev/board0p0", 240, 5)
    return tree
