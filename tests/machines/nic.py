"""Network functions: one that carries the host, an idle one, and one for RDMA with virtual functions."""

from __future__ import annotations

from tests.machines.tree import Tree

HOST = "0000:00:03.0"
PHYSICAL = "0000:3b:00.0"
VIRTUAL = ("0000:3b:00.2", "0000:3b:00.3")
IDLE = "0000:5e:00.0"
ROUTES = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
LINK_LOCAL = f"fe80{'0' * 28} 40 {'0' * 32} 00 {'0' * 32} 00000100 00000001 00000000 00000001 {{}}\n"


def make_nics(tree: Tree) -> None:
    """A virtio interface with the default route, an idle port, an RDMA function with two virtual ones."""
    virtio = tree.pci(HOST, 0x1AF4, 0x1041, 0x020000, driver="virtio-pci")
    interface(tree, "eth0", f"{virtio}/virtio0", operstate="up", speed=-1)
    idle = tree.pci(
        IDLE,
        0x8086,
        0x1593,
        0x020000,
        driver="ice",
        numa=1,
        root="pci0000:5d",
        sriov_totalvfs=64,
        sriov_numvfs=0,
    )
    interface(tree, "ens2", idle, operstate="down", speed=25000)
    card = tree.pci(
        PHYSICAL, 0x15B3, 0x101B, 0x020700, driver="mlx5_core", numa=0, sriov_totalvfs=8, sriov_numvfs=2
    )
    interface(tree, "ibs1", card, operstate="up", speed=200000, phys_port_name="p0")
    rdma(tree, 0, card)
    tree.node("/dev/infiniband/rdma_cm", 10, 58, mode=0o666)
    for index, address in enumerate(VIRTUAL):
        path = tree.pci(address, 0x15B3, 0x101C, 0x020700, driver="mlx5_core", numa=0)
        tree.link(f"{path}/physfn", f"../{PHYSICAL}")
        tree.link(f"{card}/virtfn{index}", f"../{address}")
        interface(tree, f"ibs1v{index}", path, operstate="up", speed=200000)
        rdma(tree, index + 1, path)
    tree.file("/proc/net/route", f"{ROUTES}eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n")
    tree.file("/proc/net/ipv6_route", "".join(LINK_LOCAL.format(name) for name in ("eth0", "ibs1v0")))


def interface(tree: Tree, name: str, parent: str, **more: object) -> str:
    path = tree.class_device("net", name, parent)
    tree.files(path, {"address": "02:fc:00:00:00:01", "type": 1, **more})
    return path


def rdma(tree: Tree, number: int, parent: str, *, state: str = "4: ACTIVE", link: str = "InfiniBand") -> str:
    path = tree.class_device("infiniband", f"mlx5_{number}", parent, node_guid=f"9803:9b03:0000:000{number}")
    tree.files(f"{path}/ports/1", {"link_layer": link, "state": state, "rate": "200 Gb/sec (4X HDR)"})
    for class_, name, minor in (
        ("infiniband_verbs", f"uverbs{number}", 192 + number),
        ("infiniband_mad", f"umad{number}", number),
        ("infiniband_mad", f"issm{number}", 64 + number),
    ):
        tree.class_device(
            class_, name, parent, node=f"infiniband/{name}", numbers=(231, minor), ibdev=f"mlx5_{number}"
        )
    return path
