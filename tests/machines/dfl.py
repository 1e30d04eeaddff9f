"""A machine with Intel FPGAs: boards with an engine and ports, some of these on virtual functions."""

from __future__ import annotations

from tests.machines.tree import Tree

INTERFACE = "69528db6eb31577a8c3668f9faa081f6"
FUNCTION = "d8424dc4a4a3c413f89e433683f9040b"


def dfl(tree: Tree, *, boards: int = 2, ports: int = 2, moved: int = 0) -> None:
    """Boards whose last `moved` ports are on virtual functions. The kernel met the boards in reverse."""
    region = port = 0
    for board in reversed(range(boards)):
        address = f"0000:{0x40 + board:02x}:00.0"
        path = tree.pci(address, 0x8086, 0x0B2B, 0x120000, driver="dfl-pci", numa=board, root="pci0000:3a")
        own = _region(tree, path, region)
        engine = f"{own}/dfl-fme.{boards - 1 - board}"
        region += 1
        _node(tree, engine, 241, boards - 1 - board)
        tree.files(
            engine,
            {
                "ports_num": ports,
                "bitstream_id": "0x23000110010310",
                "bitstream_metadata": "0x190217001",
                "socket_id": 0,
                "errors/fme_errors": "0x0",
                "errors/catfatal_errors": "0x0",
                "errors/nonfatal_errors": "0x0",
            },
        )
        programmed = _region(tree, f"{engine}/dfl-fme-region.{board}", region)
        tree.files(programmed, {"compat_id": INTERFACE})
        region += 1
        for number in range(ports):
            where = own
            if number >= ports - moved:
                virtual = f"0000:{0x40 + board:02x}:00.{number + 1}"
                there = tree.pci(
                    virtual, 0x8086, 0x0B2C, 0x120000, driver="dfl-pci", numa=board, root="pci0000:3a"
                )
                tree.link(f"{there}/physfn", f"../{address}")
                where = _region(tree, there, region)
                region += 1
            _port(tree, f"{where}/dfl-port.{port}", port, number)
            port += 1


def _port(tree: Tree, path: str, minor: int, number: int) -> None:
    _node(tree, path, 242, minor)
    tree.files(path, {"id": number, "afu_id": FUNCTION, "errors/errors": "0x0"})


def _region(tree: Tree, parent: str, number: int) -> str:
    return tree.class_device("fpga_region", f"region{number}", parent)


def _node(tree: Tree, path: str, major: int, minor: int) -> None:
    tree.files(path, {"dev": f"{major}:{minor}"})
    tree.node(f"/dev/{path.rpartition('/')[2]}", major, minor, mode=0o600)
