"""A host of virtual machines: functions bound to VFIO, whole groups, and groups that cannot be used."""

from __future__ import annotations

from tests.machines.tree import Tree

GPU = "0000:3b:00.0"
SOUND = "0000:3b:00.1"
DISK = "0000:5e:00.0"
SHARED = "0000:86:00.0"
VIRTUAL = "0000:af:00.2"


def vfio(tree: Tree) -> None:
    """A GPU with its sound, a disk for iommufd, a NIC beside one of the host's, a virtual function."""
    tree.node("/dev/vfio/vfio", 10, 196)
    tree.pci("0000:3a:00.0", 0x8086, 0x2030, 0x060400, driver="pcieport", iommu_group="41")
    function(tree, GPU, 0x10DE, 0x2330, 0x030200, 41)
    function(tree, SOUND, 0x10DE, 0x22BA, 0x040300, 41)
    function(tree, DISK, 0x144D, 0xA80A, 0x010802, 42, cdev=0)
    function(tree, SHARED, 0x8086, 0x1572, 0x020000, 43)
    tree.pci("0000:86:00.1", 0x8086, 0x1572, 0x020000, driver="i40e", iommu_group="43")
    physical = tree.pci("0000:af:00.0", 0x15B3, 0x101D, 0x020000, driver="mlx5_core", iommu_group="44")
    path = function(tree, VIRTUAL, 0x15B3, 0x101E, 0x020000, 45, driver="mlx5_vfio_pci")
    tree.link(f"{path}/physfn", physical)
    for number, group in enumerate((41, 42, 43, 45)):
        tree.node(f"/dev/vfio/{group}", 243, number, mode=0o600)
    tree.node("/dev/iommu", 10, 127)


def function(
    tree: Tree,
    address: str,
    vendor: int,
    device: int,
    class_: int,
    group: int,
    *,
    driver: str = "vfio-pci",
    cdev: int = -1,
) -> str:
    """A function that VFIO has; `cdev` is its number for iommufd."""
    path = tree.pci(address, vendor, device, class_, driver=driver, iommu_group=str(group), numa=0)
    if cdev >= 0:
        tree.class_device(
            "vfio-dev", f"vfio{cdev}", path, node=f"vfio/devices/vfio{cdev}", numbers=(511, cdev)
        )
    return path
