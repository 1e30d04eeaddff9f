"""Machines with accelerators of the class `accel`, and with GPUs of which only the render nodes are known."""

from __future__ import annotations

from tests.machines.tree import Tree


def accel(tree: Tree) -> None:
    """The NPU of a processor, an inference card, and the NPU of a system on a chip."""
    npu = tree.pci("0000:00:0b.0", 0x8086, 0x7D1D, 0x120000, driver="intel_vpu")
    card = tree.pci("0000:5e:00.0", 0x17CB, 0xA100, 0x120000, driver="qaic", numa=1, fw_version="1.12")
    chip = "/sys/devices/platform/fdab0000.npu"
    tree.link(f"{chip}/driver", "/sys/bus/platform/drivers/rocket")
    for number, parent in enumerate((npu, card, chip)):
        path = tree.class_device(
            "accel", f"accel{number}", parent, node=f"accel/accel{number}", numbers=(261, number)
        )
        tree.link(f"{path}/device", "../..")
    tree.node("/dev/accel/accel_controlD0", 261, 64)


def drm(tree: Tree) -> None:
    """The graphics of a processor, and a virtual GPU outside PCI."""
    graphics = tree.pci("0000:00:02.0", 0x1234, 0x1111, 0x030000, driver="bochs-drm")
    for number, parent in enumerate((graphics, "/sys/devices/platform/vgem")):
        for name, minor in ((f"card{number}", number), (f"renderD{128 + number}", 128 + number)):
            path = tree.class_device("drm", name, parent, node=f"dri/{name}", numbers=(226, minor))
            tree.link(f"{path}/device", "../..")
    tree.class_device("drm", "card0-VGA-1", f"{graphics}/drm/card0")
