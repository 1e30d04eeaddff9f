"""Simulated machines: a sysfs with accelerators, NICs and FPGAs that nobody has to own.

A machine has one or two sockets with 32 CPUs each. Below each, root complexes carry two switches, and a
switch two accelerators; four accelerators or more bring one NIC a switch, and all of them are linked to one
another. The PCI functions are bound to a driver `cod-sim` and say in a directory `sim` what they play:
drivers read that as they read any other file. Nothing of it claims to be a product of a vendor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from cod.host.files import Memory
from cod.host.machine import Simulation

KINDS = ("gpu", "mig", "fpga", "nic", "npu")
USUAL = {"gpu": 8, "mig": 2, "fpga": 2, "nic": 4, "npu": 2}
RACK = {"gpu": 4, "nic": 4}  # one tray of a rack whose trays share a fabric
MOST = 1024

VENDOR = 0xC0DE  # assigned to nobody
KERNEL_DRIVER = "cod-sim"
LINK = "sim-link"
LINK_MB_S = 200_000

_ACCELERATORS = ("gpu", "mig", "fpga", "npu")
_CLASSES = {"gpu": 0x030200, "mig": 0x030200, "fpga": 0x120000, "nic": 0x020000, "npu": 0x120000}
_CPUS = 32  # of a socket
_MEMORY_KB = 256 * 2**20  # of a socket
_ON_SWITCH, _SWITCHES = 2, 2  # accelerators on a switch, switches on a root complex
_LINKED = 64  # more accelerators than this are not linked: links grow with the square
_ROOTS = 7  # root complexes of a PCI domain, each with 32 buses


class _Card(Struct, frozen=True):
    kind: str
    index: int
    address: str
    path: str
    socket: int


def simulate(name: str, counts: Mapping[str, int], rack: str = "") -> Simulation:
    """The machine with so many of each kind; `rack` is the fabric it shares with others, if there is one."""
    cards = [*_cards(counts)]
    files: dict[str, str] = {}
    for socket in range(1 + max((card.socket for card in cards), default=0)):
        files |= _socket(socket, 1 + cards[-1].socket if cards else 1)
    linked = {kind: _linked(kind, cards) for kind in KINDS}
    for card in cards:
        files |= _function(card, linked[card.kind], rack)
    return Simulation(name, Memory(files))


def _cards(counts: Mapping[str, int]) -> Iterator[_Card]:
    """All cards with their places: accelerators over the switches, then a NIC for each of these."""
    accelerators = [(kind, index) for kind in _ACCELERATORS for index in range(counts.get(kind, 0))]
    switches = max(1, -(-len(accelerators) // _ON_SWITCH))
    nics = counts.get("nic", switches if len(accelerators) >= 2 * _ON_SWITCH else 0)
    on_switch: list[list[tuple[str, int]]] = [[] for _ in range(max(switches, min(nics, 4)))]
    for number, card in enumerate(accelerators):
        on_switch[number // _ON_SWITCH].append(card)
    for index in range(nics):
        on_switch[index * len(on_switch) // nics].append(("nic", index))
    sockets = 2 if len(on_switch) > 1 else 1
    for switch, cards in enumerate(on_switch):
        socket = switch * sockets // len(on_switch)
        for slot, (kind, index) in enumerate(cards):
            yield _Card(kind, index, *_place(switch, slot), socket)


def _place(switch: int, slot: int) -> tuple[str, str]:
    """The address and the directory of the card in a slot of a switch; slots beyond 32 take functions."""
    root, port = divmod(switch, _SWITCHES)
    domain, number = divmod(root, _ROOTS)
    bus = 0x10 + 0x20 * number
    up = (
        bus + 1 + 0x10 * port
    )  # a port of the root complex, the switch's ports, and the card behind one of them
    device, function = divmod(slot, 8) if slot >= 0x0D else (0, 0)
    behind = up + 2 + min(slot, 0x0C)
    address = f"{domain:04x}:{behind:02x}:{device:02x}.{function}"
    way = (
        f"pci{domain:04x}:{bus:02x}",
        f"{domain:04x}:{bus:02x}:{port + 1:02x}.0",
        f"{domain:04x}:{up:02x}:00.0",
        f"{domain:04x}:{up + 1:02x}:{min(slot, 0x0C):02x}.0",
        address,
    )
    return address, "/sys/devices/" + "/".join(way)


def _socket(number: int, sockets: int) -> dict[str, str]:
    cpus = f"{number * _CPUS}-{(number + 1) * _CPUS - 1}"
    node = f"/sys/devices/system/node/node{number}"
    distances = " ".join("10" if other == number else "21" for other in range(sockets))
    return {
        "/sys/devices/system/node/online": f"0-{sockets - 1}\n" if sockets > 1 else "0\n",
        "/sys/devices/system/cpu/online": f"0-{sockets * _CPUS - 1}\n",
        f"{node}/cpulist": f"{cpus}\n",
        f"{node}/distance": f"{distances}\n",
        f"{node}/meminfo": f"Node {number} MemTotal:       {_MEMORY_KB} kB\n",
    }


def _function(card: _Card, linked: list[_Card], rack: str) -> dict[str, str]:
    files = {
        f"{card.path}/vendor": f"0x{VENDOR:04x}\n",
        f"{card.path}/device": f"0x{KINDS.index(card.kind) + 1:04x}\n",
        f"{card.path}/class": f"0x{_CLASSES[card.kind]:06x}\n",
        f"{card.path}/driver": f"-> /sys/bus/pci/drivers/{KERNEL_DRIVER}",
        f"{card.path}/sim/kind": f"{card.kind}\n",
        f"{card.path}/sim/index": f"{card.index}\n",
        f"{card.path}/sim/links": _links(card, linked),
    }
    if rack:
        files[f"{card.path}/sim/fabric"] = f"{rack}\n"
    return files | _shown(card.path, card.socket) | _bridges(card)


def _bridges(card: _Card) -> dict[str, str]:
    """The bridges on the way to a card, which are functions themselves."""
    files: dict[str, str] = {f"/sys/bus/pci/drivers/{KERNEL_DRIVER}/bind": ""}
    directory = card.path.rpartition("/")[0]
    while not directory.rpartition("/")[2].startswith("pci"):
        files |= {
            f"{directory}/vendor": f"0x{VENDOR:04x}\n",
            f"{directory}/device": "0x0100\n",
            f"{directory}/class": "0x060400\n",
        }
        files |= _shown(directory, card.socket)
        directory = directory.rpartition("/")[0]
    return files


def _shown(directory: str, socket: int) -> dict[str, str]:
    """Where a function is and how the bus lists it."""
    return {
        f"{directory}/numa_node": f"{socket}\n",
        f"{directory}/local_cpulist": f"{socket * _CPUS}-{(socket + 1) * _CPUS - 1}\n",
        f"/sys/bus/pci/devices/{directory.rpartition('/')[2]}": f"-> {directory}",
    }


def _linked(kind: str, cards: list[_Card]) -> list[_Card]:
    """The cards of a kind that have links, each with each."""
    alike = [each for each in cards if each.kind == kind]
    return alike if kind in ("gpu", "mig") and len(alike) <= _LINKED else []


def _links(card: _Card, linked: list[_Card]) -> str:
    """A line for each other one of the linked: name, kind of link, MB/s."""
    others = (each for each in linked if each.index != card.index)
    return "".join(f"{card.kind}{each.index} {LINK} {LINK_MB_S}\n" for each in others)
