"""A machine with QuickAssist: two physical functions, and virtual ones for programs and for the kernel."""

from __future__ import annotations

from tests.machines.intel import vfio
from tests.machines.tree import Tree


def qat(tree: Tree) -> None:
    """One with three virtual functions, the last the kernel's; one that is down; an old one."""
    first = tree.pci(
        "0000:6b:00.0", 0x8086, 0x4940, 0x0B4000, driver="4xxx", sriov_totalvfs=16, sriov_numvfs=3
    )
    tree.files(f"{first}/qat", {"state": "up", "cfg_services": "sym;asym"})
    second = tree.pci(
        "0000:70:00.0", 0x8086, 0x4946, 0x0B4000, driver="420xx", numa=1, sriov_totalvfs=16, sriov_numvfs=1
    )
    tree.files(f"{second}/qat", {"state": "down", "cfg_services": "dc"})
    for address, physical, device, driver, group in (
        ("0000:6b:00.1", first, 0x4941, "vfio-pci", "300"),
        ("0000:6b:00.2", first, 0x4941, "vfio-pci", "301"),
        ("0000:6b:00.3", first, 0x4941, "4xxxvf", "302"),
        ("0000:70:00.1", second, 0x4947, "vfio-pci", "303"),
    ):
        path = tree.pci(address, 0x8086, device, 0x0B4000, driver=driver, iommu_group=group)
        tree.link(f"{path}/physfn", physical)
        tree.link(f"{physical}/virtfn{int(address[-1]) - 1}", path)
    vfio(tree, "300", "301", "303")
    tree.pci("0000:3d:00.0", 0x8086, 0x37C8, 0x0B4000, driver="c6xx", sriov_totalvfs=16, sriov_numvfs=0)
