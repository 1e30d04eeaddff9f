"""Machines by their NUMA nodes: two sockets, one whose memory is a GPU's, offline and isolated CPUs."""

from __future__ import annotations

from tests.machines.tree import Tree

NODES = "/sys/devices/system/node"
CPUS = "/sys/devices/system/cpu"


def numa(tree: Tree) -> None:
    """Two sockets with 8 threads each, CPU 15 offline and 2-3 isolated; the memory of a GPU as node 2."""
    tree.files(NODES, {"online": "0-2"})
    node(tree, 0, "0-3,8-11", 64, "10 21 80")
    node(tree, 1, "4-7,12-15", 64, "21 10 80")
    node(tree, 2, "", 96, "80 80 10")
    cpus(tree, "0-14", isolated="2-3", threads=2)


def node(tree: Tree, number: int, cpulist: str, gib: int, distance: str) -> None:
    directory = f"{NODES}/node{number}"
    tree.files(directory, {"cpulist": cpulist, "distance": distance})
    tree.file(f"{directory}/meminfo", f"Node {number} MemTotal:       {gib * 2**20} kB\n")


def cpus(tree: Tree, online: str, *, isolated: str = "", threads: int = 1) -> None:
    """What the kernel says of all CPUs; 16 of them, the threads of a core being 8 apart."""
    tree.files(CPUS, {"online": online, "isolated": isolated})
    for cpu in range(16):
        siblings = f"{cpu % 8},{cpu % 8 + 8}" if threads == 2 else f"{cpu}"
        tree.files(f"{CPUS}/cpu{cpu}/topology", {"thread_siblings_list": siblings})


def flat(tree: Tree) -> None:
    """A kernel that knows no NUMA nodes: four CPUs and their memory."""
    cpus(tree, "0-3")
    tree.file("/proc/meminfo", "MemTotal:        4028092 kB\nMemFree:          100 kB\n")
