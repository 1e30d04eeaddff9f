"""A machine with network functions: the host's own, a free card with virtual functions, and RDMA."""

from __future__ import annotations

from tests.machines.tree import Tree


def network(tree: Tree) -> None:
    """A card whose first port carries the host, one with two virtual functions, an InfiniBand card."""
    tree.file("/proc/net/route", "Iface\tDestination\tGateway\nens1f0\t00000000\t0100000A\t0003\n")
    for port in (0, 1):
        path = tree.pci(f"0000:02:00.{port}", 0x8086, 0x1592, 0x020000, driver="ice", root="pci0000:00")
        interface(tree, path, f"ens1f{port}", speed=25000)
    physical = tree.pci(
        "0000:5e:00.0",
        0x15B3,
        0x101D,
        0x020000,
        driver="mlx5_core",
        numa=1,
        root="pci0000:5d",
        bridges=("0000:5d:00.0",),
        sriov_totalvfs=8,
        sriov_numvfs=2,
    )
    interface(tree, physical, "ens2f0np0", speed=100000, phys_port_name="p0", phys_switch_id="b8cef6")
    rdma(tree, physical, "mlx5_0", 0, link_layer="Ethernet")
    for number in (0, 1):
        path = tree.pci(
            f"0000:5e:00.{number + 2}",
            0x15B3,
            0x101E,
            0x020000,
            driver="mlx5_core",
            numa=1,
            root="pci0000:5d",
            bridges=("0000:5d:00.0",),
        )
        tree.link(f"{path}/physfn", physical)
        interface(tree, path, f"ens2f0v{number}", speed=-1)
        rdma(tree, path, f"mlx5_{number + 1}", number + 1, link_layer="Ethernet")
    infiniband = tree.pci("0000:82:00.0", 0x15B3, 0x1021, 0x020700, driver="mlx5_core", root="pci0000:80")
    rdma(tree, infiniband, "mlx5_3", 3, link_layer="InfiniBand")
    tree.pci("0000:83:00.0", 0x1AF4, 0x1041, 0x020000, driver="vfio-pci", iommu_group="40")
    tree.node("/dev/infiniband/rdma_cm", 10, 58)


def interface(tree: Tree, function: str, name: str, **facts: object) -> str:
    return tree.class_device("net", name, function, address="02:00:00:00:00:01", operstate="up", **facts)


def rdma(tree: Tree, function: str, name: str, number: int, link_layer: str) -> None:
    path = tree.class_device("infiniband", name, function, node_guid="b8ce:f603:00d2:0a00")
    tree.files(
        f"{path}/ports/1", {"state": "4: ACTIVE", "rate": "100 Gb/sec (2X HDR)", "link_layer": link_layer}
    )
    for class_, prefix, minor in (("infiniband_verbs", "uverbs", 192), ("infiniband_mad", "umad", 0)):
        node = f"infiniband/{prefix}{number}"
        tree.class_device(class_, f"{prefix}{number}", function, node=node, numbers=(231, minor + number))
