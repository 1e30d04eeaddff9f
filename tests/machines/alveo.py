"""A machine with Alveo cards, each with a function for management and one for users."""

from __future__ import annotations

from tests.machines.tree import Tree

XCLBIN = "2f8c9f1e-5a34-4b1c-9d0a-0d5f6a7b8c9d"
INTERFACE = "862c7020a250293e32036f19956669e5"
LOGIC = "f465b0a3ae8c64f619bc150384ace69b"


def alveo(tree: Tree, *, cards: int = 2, managed: bool = True, qdma: bool = False) -> None:
    """Cards U250; not `managed` as in a virtual machine, and with `qdma` those of a streaming shell."""
    tree.file("/sys/module/xocl/version", "2.16.204,fa4c0045003e5d5a4e7e3f1d8a4a2b0e4d9c6b1f\n")
    for card in range(cards):
        bus = 0x3B + card
        if managed:
            _management(tree, bus)
        _user(tree, bus, card, qdma)


def _management(tree: Tree, bus: int) -> None:
    instance = bus << 8
    path = _function(tree, f"0000:{bus:02x}:00.0", 0x5004, "xclmgmt", mgmt_pf="", instance=instance)
    tree.files(
        path, {"rom.m.0/VBNV": "xilinx_u250_gen3x16_xdma_shell_3_1", "xmc.m.1/serial_num": _serial(bus)}
    )
    tree.node(f"/dev/xclmgmt{instance}", 236, bus)


def _user(tree: Tree, bus: int, card: int, qdma: bool) -> None:
    path = _function(tree, f"0000:{bus:02x}:00.1", 0x5005, "xocl", user_pf="", xclbinuuid=XCLBIN)
    tree.files(
        path, {"rom.u.0/VBNV": "xilinx_u250_gen3x16_xdma_shell_3_1", "xmc.u.2/serial_num": _serial(bus)}
    )
    tree.file(f"{path}/interface_uuids", f"{INTERFACE}\n{'1' * 32}\n")
    tree.files(path, {"logic_uuids": LOGIC, "board_name": "u250", "dev_offline": 0})
    minor = 128 + card
    tree.class_device("drm", f"renderD{minor}", path, node=f"dri/renderD{minor}", numbers=(226, minor))
    if qdma:
        tree.node(f"/dev/xfpga/dma.qdma.u{(bus << 8) + 1}.0", 237, card)


def _function(tree: Tree, address: str, device: int, driver: str, **more: object) -> str:
    path = tree.pci(address, 0x10EE, device, 0x120000, driver=driver, numa=0, root="pci0000:3a")
    tree.files(path, {"ready": "0x1", **more})
    return path


def _serial(bus: int) -> str:
    return f"21320{bus:05d}"
