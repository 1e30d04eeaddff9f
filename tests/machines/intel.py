"""Machines with Intel GPUs: integrated and discrete ones, virtual functions, and GPUs bound to VFIO."""

from __future__ import annotations

from tests.machines.tree import Tree


def intel(tree: Tree) -> None:
    """A processor's graphics, a card with two virtual functions, one in VFIO, and a card for a guest."""
    _drm(tree, tree.pci("0000:00:02.0", 0x8086, 0x4626, 0x030000, driver="i915"), "0000:00:02.0", 0)
    slot = ("0000:02:01.0",)
    card = tree.pci(
        "0000:03:00.0",
        0x8086,
        0x56C0,
        0x038000,
        driver="xe",
        numa=1,
        sriov_totalvfs=31,
        sriov_numvfs=2,
        bridges=slot,
    )
    _drm(tree, card, "0000:03:00.0", 1)
    tree.files(f"{card}/tile0", {"physical_vram_size_bytes": 16 * 2**30})
    mei = f"{card}/xe.mei-gscfi.768"
    tree.class_device("mei", "mei1", mei, node="mei1", numbers=(239, 1))
    for number, driver, group in ((1, "xe", ""), (2, "xe-vfio-pci", "41")):
        address = f"0000:03:00.{number}"
        path = tree.pci(address, 0x8086, 0x56C0, 0x038000, driver=driver, iommu_group=group, bridges=slot)
        tree.link(f"{path}/physfn", card)
        tree.link(f"{card}/virtfn{number - 1}", path)
        tree.files(f"{card}/sriov_admin/vf{number}/profile", {"vram_quota": number * 2**30})
    _drm(tree, f"{card[:-1]}1", "0000:03:00.1", 2)
    guest = tree.pci("0000:1a:00.0", 0x8086, 0x0BD5, 0x038000, driver="vfio-pci", iommu_group="7")
    tree.pci("0000:1a:00.1", 0x8086, 0x0BD6, 0x040300, driver="vfio-pci", iommu_group="7")
    tree.directory(f"{guest}/vfio-dev/vfio0")
    vfio(tree, "41", "7", devices=("vfio0",))


def vfio(tree: Tree, *groups: str, devices: tuple[str, ...] = ()) -> None:
    """The nodes of VFIO, for groups and for functions one by one."""
    tree.node("/dev/vfio/vfio", 10, 196, mode=0o666)
    for group in groups:
        tree.node(f"/dev/vfio/{group}", 511, int(group), mode=0o600)
    for number, device in enumerate(devices):
        tree.node("/dev/iommu", 10, 125)
        tree.node(f"/dev/vfio/devices/{device}", 510, number)


def _drm(tree: Tree, path: str, address: str, number: int) -> None:
    for name, minor, link in (
        (f"card{number}", number, "card"),
        (f"renderD{128 + number}", 128 + number, "render"),
    ):
        drm = tree.class_device("drm", name, path, node=f"dri/{name}", numbers=(226, minor))
        tree.link(f"{drm}/device", "../..")
        tree.link(f"/dev/dri/by-path/pci-{address}-{link}", f"../{name}")
