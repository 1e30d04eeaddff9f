"""A machine with three NVMe disks: the system's, a free one, and one with two ways to it."""

from __future__ import annotations

from tests.machines.tree import Tree


def nvme(tree: Tree) -> None:
    tree.file("/proc/self/mountinfo", "22 1 259:2 / / rw,relatime - ext4 /dev/nvme0n1p2 rw\n")
    tree.file("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
    for number in range(3):
        function = tree.pci(f"0000:{0x64 + number:02x}:00.0", 0x144D, 0xA808, 0x010802, driver="nvme", numa=0)
        controller = f"{function}/nvme/nvme{number}"
        facts = {
            "model": "Fast Disk 1TB",
            "serial": f"S{number}",
            "firmware_rev": "1B2Q",
            "transport": "pcie",
        }
        tree.files(controller, facts)
        tree.node(f"/dev/nvme{number}", 240, number)
        disk(tree, controller, f"nvme{number}n1", 259, number * 10, size=1953525168)
        tree.link(f"{controller}/nvme{number}n1/device", "..")
    tree.directory("/sys/class/block/nvme2c2n1")
    for part in (1, 2):
        disk(tree, "/sys/devices/pci0000:00/0000:64:00.0/nvme/nvme0/nvme0n1", f"nvme0n1p{part}", 259, part)


def disk(tree: Tree, parent: str, name: str, major: int, minor: int, **facts: object) -> None:
    path = f"{parent}/{name}"
    tree.files(path, {"dev": f"{major}:{minor}", "ro": 0, "wwid": f"eui.{minor:016x}", **facts})
    tree.file(f"{path}/uevent", f"MAJOR={major}\nMINOR={minor}\nDEVNAME={name}\n")
    tree.link(f"/sys/class/block/{name}", path)
    tree.link(f"/sys/dev/block/{major}:{minor}", path)
    tree.node(f"/dev/{name}", major, minor, kind="b")
