"""A machine with the accelerators DSA and IAA, divided into work queues."""

from __future__ import annotations

from tests.machines.tree import Tree

BUS = "/sys/bus/dsa/devices"


def dsa(tree: Tree) -> None:
    """A DSA with queues of every sort, an IAA with one for users, and a DSA that is disabled."""
    for number, (address, device, kind) in enumerate(
        (("0000:6a:01.0", 0x0B25, "dsa"), ("0000:6a:02.0", 0x0CFE, "iax"), ("0000:e7:01.0", 0x0B25, "dsa"))
    ):
        function = tree.pci(address, 0x8086, device, 0x088000, driver="idxd", numa=0, root="pci0000:6a")
        path = f"{function}/{kind}{number}"
        tree.files(path, {"state": "enabled" if number < 2 else "disabled", "cdev_major": 237})
        tree.link(f"{BUS}/{kind}{number}", path)
    queue(tree, "dsa0", "wq0.0", mode="dedicated", size=16, label="copies", minor=0)
    queue(tree, "dsa0", "wq0.1", mode="shared", size=32, minor=1, block_on_fault=1)
    queue(tree, "dsa0", "wq0.2", mode="dedicated", type_="kernel")
    queue(tree, "dsa0", "wq0.3", state="disabled", type_="none")
    queue(tree, "iax1", "wq1.0", mode="shared", size=64, minor=2)
    queue(tree, "dsa2", "wq2.0", state="disabled", type_="none")


def queue(
    tree: Tree,
    accelerator: str,
    name: str,
    *,
    state: str = "enabled",
    type_: str = "user",
    mode: str = "shared",
    minor: int = -1,
    label: str = "",
    **more: object,
) -> None:
    """A work queue; with a minor number it has a node."""
    address = {"dsa0": "0000:6a:01.0", "iax1": "0000:6a:02.0", "dsa2": "0000:e7:01.0"}[accelerator]
    path = f"/sys/devices/pci0000:6a/{address}/{accelerator}/{name}"
    facts = {"state": state, "type": type_, "mode": mode, "group_id": 0, "priority": 10, "name": label}
    tree.files(path, facts | more)
    tree.link(f"{BUS}/{name}", path)
    if minor >= 0:
        tree.files(path, {"cdev_minor": minor})
        tree.node(f"/dev/{accelerator[:3]}/{name}", 237, minor)
