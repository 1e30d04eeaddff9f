from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines.tree import Tree

TEXT = """\
# comment
10de  NVIDIA Corporation
\t2330  GH100 [H100 SXM5 80GB]
\t\t10de 16c1  subsystem
8086  Intel Corporation
C 02  Network controller
\t00  Ethernet controller
\t\t01  interface
\t80  Network controller
C 06  Bridge
\t04  PCI bridge
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    tree.file("/usr/share/misc/pci.ids", TEXT)
    return tree


def test_vendors_devices_and_classes_have_names(tree: Tree) -> None:
    names = tree.host.pci_names
    assert names.vendor(0x10DE) == "NVIDIA Corporation"
    assert names.device(0x10DE, 0x2330) == "GH100 [H100 SXM5 80GB]"
    assert names.class_(0x020000) == "Ethernet controller"
    assert names.class_(0x060400) == "PCI bridge"


def test_a_class_that_is_not_listed_has_the_name_of_its_base_class(tree: Tree) -> None:
    assert tree.host.pci_names.class_(0x02FF00) == "Network controller"


def test_what_is_not_listed_has_no_name(tree: Tree, tmp_path: Path) -> None:
    names = tree.host.pci_names
    assert (names.vendor(0x1234), names.device(0x8086, 0x2330), names.class_(0x120000)) == ("", "", "")
    assert Tree(tmp_path / "none").host.pci_names.class_(0x020000) == ""
