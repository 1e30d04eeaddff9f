"""A machine with Gaudi cards."""

from __future__ import annotations

from tests.machines.tree import Tree


def gaudi(tree: Tree) -> None:
    """Three cards: one with network ports, one without, and one that is being reset."""
    for number, (bus, module) in enumerate((("0f", 3), ("10", 1), ("b3", 0))):
        path = tree.pci(
            f"0000:{bus}:00.0",
            0x1DA3,
            0x1020,
            0x120000,
            driver="habanalabs",
            numa=int(bus == "b3"),
            module_id=module,
            device_type="GAUDI2",
            driver_ver="1.15.1-62f612b",
            status="in reset" if bus == "b3" else "Operational",
        )
        accel = tree.class_device(
            "accel", f"accel{number}", path, node=f"accel/accel{number}", numbers=(261, 2 * number)
        )
        tree.link(f"{accel}/device", "../..")
        tree.node(f"/dev/accel/accel_controlD{number}", 261, 2 * number + 1)
    first = "/sys/devices/pci0000:00/0000:0f:00.0"
    tree.class_device("infiniband_verbs", "uverbs2", first, node="infiniband/uverbs2", numbers=(231, 194))
