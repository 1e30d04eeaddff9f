"""A machine whose functions are left to user space, in groups of one and of two, and one that is not free."""

from __future__ import annotations

from tests.machines.tree import Tree


def vfio(tree: Tree) -> None:
    tree.node("/dev/vfio/vfio", 10, 196, mode=0o666)
    tree.node("/dev/iommu", 10, 126)
    alone = tree.pci("0000:17:00.0", 0x10DE, 0x20B0, 0x030200, driver="vfio-pci", iommu_group="7")
    tree.pci("0000:31:00.0", 0x10DE, 0x2684, 0x030000, driver="vfio-pci", iommu_group="12", numa=1)
    tree.pci("0000:31:00.1", 0x10DE, 0x22BA, 0x040300, driver="vfio-pci", iommu_group="12", numa=1)
    tree.pci("0000:00:01.0", 0x8086, 0x1901, 0x060400, driver="pcieport", iommu_group="20")
    tree.pci("0000:40:00.0", 0x8086, 0x10FB, 0x020000, driver="mlx5_vfio_pci", iommu_group="20")
    tree.pci("0000:41:00.0", 0x8086, 0x10FB, 0x020000, driver="vfio-pci", iommu_group="21")
    tree.pci("0000:41:00.1", 0x8086, 0x10FB, 0x020000, driver="ixgbe", iommu_group="21")
    for group in ("7", "12", "20", "21"):
        tree.node(f"/dev/vfio/{group}", 243, int(group), mode=0o600)
    tree.directory(f"{alone}/vfio-dev/vfio0")
    tree.node("/dev/vfio/devices/vfio0", 511, 0)
