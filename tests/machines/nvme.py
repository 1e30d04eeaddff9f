"""A machine with NVMe disks: the one it runs from, a free one, one behind two controllers, one far away."""

from __future__ import annotations

from tests.machines.tree import Tree

ROOT = "0000:01:00.0"
FREE = "0000:02:00.0"
LEFT, RIGHT = "0000:81:00.0", "0000:82:00.0"
_SECTORS = 3_750_748_848


def nvme(tree: Tree) -> None:
    root = controller(tree, 0, ROOT)
    system = namespace(tree, "nvme0n1", root, 0, "eui.0025388b710116a1")
    for number in (1, 2):
        _block(tree, f"nvme0n1p{number}", f"{system}/nvme0n1p{number}", number)
    tree.file("/proc/self/mountinfo", "22 1 259:2 / / rw,relatime - ext4 /dev/nvme0n1p2 rw\n")
    namespace(tree, "nvme1n1", controller(tree, 1, FREE, numa=1), 10, "eui.0025388b710116a2")
    multipath(tree)
    network = controller(tree, 4, "")
    namespace(tree, "nvme4n1", network, 30, "uuid.6d6e2b5c-2f8e-4a57-a3bb-6b5d0c1f2e11")


def controller(tree: Tree, number: int, address: str, *, numa: int = 0, state: str = "live") -> str:
    """A controller at a PCI address, or one that is reached by TCP."""
    parent = "/sys/devices/virtual/nvme-fabrics/ctl"
    if address:
        bridge = f"0000:{int(address[5:7], 16) - 1:02x}:00.1"
        tree.pci(bridge, 0x8086, 0x352A, 0x060400, driver="pcieport")
        parent = tree.pci(address, 0x144D, 0xA80A, 0x010802, driver="nvme", numa=numa, bridges=(bridge,))
        parent += "/nvme"
    path = f"{parent}/nvme{number}"
    tree.files(
        path,
        {
            "model": "SAMSUNG MZQL23T8HCLS-00A07             ",
            "serial": f"S64HNE0R{number:06}",
            "firmware_rev": "GDC5602Q",
            "transport": "pcie" if address else "tcp",
            "address": address or "traddr=192.0.2.7,trsvcid=4420,src_addr=192.0.2.8",
            "state": state,
        },
    )
    tree.link(f"/sys/class/nvme/nvme{number}", path)
    tree.node(f"/dev/nvme{number}", 240, number)
    return path


def namespace(tree: Tree, name: str, above: str, minor: int, wwid: str, *, sectors: int = _SECTORS) -> str:
    """A namespace below its controller or subsystem, with its node."""
    path = f"{above}/{name}"
    _block(tree, name, path, minor, sectors=sectors)
    tree.files(path, {"wwid": wwid, "nsid": 1, "ro": 0, "hidden": 0, "queue/logical_block_size": 512})
    tree.link(f"{path}/device", above)
    return path


def multipath(tree: Tree) -> None:
    """A subsystem with two controllers, a namespace, and the two hidden ways to it."""
    subsystem = "/sys/devices/virtual/nvme-subsystem/nvme-subsys2"
    for number, address in ((2, LEFT), (3, RIGHT)):
        path = controller(tree, number, address, numa=1)
        tree.link(f"{subsystem}/nvme{number}", path)
        tree.files(f"{path}/nvme2c{number}n1", {"hidden": 1, "size": _SECTORS, "ana_state": "optimized"})
        tree.link(f"/sys/class/block/nvme2c{number}n1", f"{path}/nvme2c{number}n1")
    namespace(tree, "nvme2n1", subsystem, 20, "eui.0025388b710116a3")


def _block(tree: Tree, name: str, path: str, minor: int, *, sectors: int = _SECTORS) -> None:
    tree.files(path, {"size": sectors, "dev": f"259:{minor}"})
    tree.file(f"{path}/uevent", f"MAJOR=259\nMINOR={minor}\nDEVNAME={name}\n")
    tree.link(f"/sys/class/block/{name}", path)
    tree.link(f"/sys/dev/block/259:{minor}", path)
    tree.node(f"/dev/{name}", 259, minor, kind="b", gid=6)
