from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_function_says_what_it_is_and_the_way_to_it(tree: Tree) -> None:
    tree.pci(
        "0000:17:00.0",
        0x10DE,
        0x20B0,
        0x030200,
        driver="nvidia",
        numa=1,
        root="pci0000:16",
        bridges=("0000:16:01.0",),
        iommu_group="7",
        local_cpulist="0-1,4",
        revision="0xa1",
    )
    function = tree.host.pci["0000:17:00.0"]
    assert function.path == "/sys/devices/pci0000:16/0000:16:01.0/0000:17:00.0"
    assert (function.vendor, function.device, function.class_, function.base_class) == (
        0x10DE,
        0x20B0,
        0x030200,
        0x0302,
    )
    assert (function.driver, function.numa_node, function.iommu_group) == ("nvidia", 1, "7")
    assert (function.root, function.bridges, function.cpus) == ("pci0000:16", ("0000:16:01.0",), (0, 1, 4))
    assert function.revision == 0xA1


def test_cpus_may_be_a_mask_where_no_list_is(tree: Tree) -> None:
    tree.pci("0000:17:00.0", 1, 2, 3, local_cpus="00000001,0000000f")
    assert tree.host.pci["0000:17:00.0"].cpus == (0, 1, 2, 3, 32)


def test_functions_come_in_the_order_of_addresses_and_other_names_are_passed_over(tree: Tree) -> None:
    for address in ("0000:0a:00.0", "10000:00:04.0", "0000:02:00.0", "0000:02:00.1"):
        tree.pci(address, 1, 2, 3)
    tree.file("/sys/bus/pci/devices/README")
    assert list(tree.host.pci) == ["0000:02:00.0", "0000:02:00.1", "0000:0a:00.0", "10000:00:04.0"]


def test_a_function_may_be_a_plain_directory_that_says_no_way(tree: Tree) -> None:
    tree.files("/sys/bus/pci/devices/0000:02:00.0", {"vendor": "0x8086"})
    function = tree.host.pci["0000:02:00.0"]
    assert (function.vendor, function.root, function.bridges, function.numa_node) == (0x8086, "", (), -1)


def test_a_domain_below_a_function_keeps_the_outermost_root(tree: Tree) -> None:
    tree.pci(
        "10000:01:00.0", 1, 2, 3, root="pci0000:00", bridges=("0000:00:0e.0", "pci10000:00", "10000:00:02.0")
    )
    function = tree.host.pci["10000:01:00.0"]
    assert function.root == "pci0000:00"
    assert function.bridges == ("0000:00:0e.0", "10000:00:02.0")


def test_a_virtual_function_names_its_physical_one(tree: Tree) -> None:
    physical = tree.pci("0000:02:00.0", 1, 2, 0x020000)
    virtual = tree.pci("0000:02:00.2", 1, 2, 0x020000)
    tree.link(f"{virtual}/physfn", physical)
    assert tree.host.pci["0000:02:00.2"].physical == "0000:02:00.0"
    assert tree.host.pci["0000:02:00.0"].physical == ""


@pytest.mark.parametrize("junk", ["", "\xff\xfe", "0x", "cat", "9" * 5000, "-7", "1e3", "0x" + "f" * 40])
def test_numbers_that_are_none_count_as_unknown(tree: Tree, junk: str) -> None:
    path = tree.pci("0000:02:00.0", 1, 2, 3)
    for name in ("vendor", "class", "numa_node", "local_cpulist"):
        tree.file(f"{path}/{name}", junk)
    function = tree.host.pci["0000:02:00.0"]
    assert function.numa_node == -1
    assert function.cpus == ()
    assert function.vendor in (0, -7)


PCI_IDS = """# comment
1000  First
\t0001  A card
10de  NVIDIA Corporation
\t20b0  GA100 [A100 SXM4 40GB]
# inside
\t\t10de 1234  Subsystem
\t20b2  GA100 [A100 SXM4 80GB]
10df  Next
\t20b5  Another
"""


def test_names_come_from_the_systems_list_and_numbers_do_without(tree: Tree) -> None:
    assert tree.host.pci_names.vendor(0x10DE) == tree.host.pci_names.device(0x10DE, 0x20B0) == ""
    tree.file("/usr/share/misc/pci.ids", PCI_IDS)
    names = tree.host.pci_names
    assert names.vendor(0x1000) == "First"
    assert names.vendor(0x10DE) == "NVIDIA Corporation"
    assert names.device(0x10DE, 0x20B0) == "GA100 [A100 SXM4 40GB]"
    assert names.device(0x10DE, 0x20B2) == "GA100 [A100 SXM4 80GB]"
    assert names.device(0x10DE, 0x20B5) == names.device(0x10DE, 0x1234) == names.vendor(0xFFFF) == ""
    assert names.device(0x10DF, 0x20B5) == "Another"


def test_the_device_of_a_class_knows_its_function_and_its_node(tree: Tree) -> None:
    card = tree.pci("0000:02:00.0", 1, 2, 0x030000)
    tree.class_device("drm", "renderD128", card, node="dri/renderD128", numbers=(226, 128))
    tree.class_device("drm", "card10", card, node="dri/card10", numbers=(226, 10))
    tree.class_device("drm", "card9", "/sys/devices/platform/soc")
    found = tree.host.class_devices("drm")
    assert [(each.name, each.function) for each in found] == [
        ("card9", ""),
        ("card10", "0000:02:00.0"),
        ("renderD128", "0000:02:00.0"),
    ]
    node = tree.host.node_of(found[2].path)
    assert node is not None
    assert (node.path, node.major, node.minor) == ("/dev/dri/renderD128", 226, 128)
    assert tree.host.node_of(found[0].path) is None


def test_a_node_whose_numbers_are_not_the_devices_is_not_its_node(tree: Tree) -> None:
    device = tree.class_device(
        "drm", "renderD128", "/sys/devices/x", node="dri/renderD128", numbers=(226, 128)
    )
    tree.file(f"{device}/dev", "226:129\n")
    assert tree.host.node_of(device) is None


def test_major_numbers_are_the_kernels(tree: Tree) -> None:
    tree.file("/proc/devices", "Character devices:\n  1 mem\n195 nvidia\n\nBlock devices:\n  7 loop\nx y\n")
    assert tree.host.majors == {("c", "mem"): 1, ("c", "nvidia"): 195, ("b", "loop"): 7}
