from __future__ import annotations

from pathlib import Path

import pytest

from cod.cdi.spec import NetDevice
from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.nic import Nic
from cod.host import open_host
from tests.machines.network import network
from tests.machines.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def inventory(tree: Tree) -> Inventory:
    found = discover(tree.host, [Nic()])
    assert found.failures == ()
    return found


def devices(tree: Tree) -> dict[str, FoundDevice]:
    return {each.pci_address: each for each in inventory(tree).found.values()}


def plain(device: FoundDevice) -> dict[str, object]:
    return {
        name: next(each for each in (value.string, value.int_, value.bool_) if each is not None)
        for name, value in device.device.attributes.items()
    }


def test_every_function_with_an_interface_or_rdma_is_a_device_of_its_vendors_class(tree: Tree) -> None:
    network(tree)
    assert {address: each.qualified_name for address, each in devices(tree).items()} == {
        "0000:02:00.0": "intel.com/nic=nic-0000-02-00-0",
        "0000:02:00.1": "intel.com/nic=nic-0000-02-00-1",
        "0000:5e:00.0": "mellanox.com/nic=nic-0000-5e-00-0",
        "0000:5e:00.2": "mellanox.com/nic=nic-0000-5e-00-2",
        "0000:5e:00.3": "mellanox.com/nic=nic-0000-5e-00-3",
        "0000:82:00.0": "mellanox.com/nic=nic-0000-82-00-0",
    }


def test_a_virtual_function_brings_its_interface_and_its_rdma_nodes(tree: Tree) -> None:
    network(tree)
    virtual = devices(tree)["0000:5e:00.3"]
    assert virtual.edits.net_devices == (NetDevice("ens2f0v1", "ens2f0v1"),)
    assert virtual.aliases == ("ens2f0v1",)
    assert [node.path for node in virtual.edits.device_nodes] == [
        "/dev/infiniband/uverbs2",
        "/dev/infiniband/umad2",
    ]
    assert [node.path for node in virtual.common.device_nodes] == ["/dev/infiniband/rdma_cm"]
    facts = plain(virtual)
    assert facts["cod.dev/parent"] == "nic-0000-5e-00-0"
    assert (facts["rdmaDevice"], facts["linkLayer"], facts["portState"]) == ("mlx5_2", "Ethernet", "ACTIVE")
    assert "speedMbps" not in facts


def test_what_the_host_uses_is_nobodys_to_have(tree: Tree) -> None:
    network(tree)
    tainted = {address for address, each in devices(tree).items() if each.device.taints}
    assert tainted == {"0000:02:00.0", "0000:5e:00.0"}  # with a route; with virtual functions
    assert plain(devices(tree)["0000:5e:00.0"])["sriovVfs"] == 2


@pytest.mark.parametrize("sign", ["master", "upper_vlan7"])
def test_a_part_of_a_bridge_a_bond_or_a_vlan_is_in_use(tree: Tree, sign: str) -> None:
    network(tree)
    tree.link(f"/sys/devices/pci0000:00/0000:02:00.1/net/ens1f1/{sign}", "/sys/class/net/other")
    assert devices(tree)["0000:02:00.1"].device.taints


def test_a_default_route_of_ipv6_counts_and_a_local_one_does_not(tree: Tree) -> None:
    network(tree)
    rest = "00000000 00000001 00000000 00000003"
    zero = "0" * 32
    tree.file(
        "/proc/net/ipv6_route",
        f"fe80{'0' * 28} 40 {zero} 00 {zero} {rest} ens1f1\n{zero} 00 {zero} 00 {zero} {rest}       lo\n",
    )
    assert not devices(tree)["0000:02:00.1"].device.taints
    tree.file("/proc/net/ipv6_route", f"{zero} 00 {zero} 00 {zero} {rest}   ens1f1\n")
    assert devices(tree)["0000:02:00.1"].device.taints


def test_infiniband_needs_no_interface(tree: Tree) -> None:
    network(tree)
    card = devices(tree)["0000:82:00.0"]
    assert card.edits.net_devices == ()
    assert plain(card)["linkLayer"] == "InfiniBand"
    assert plain(card)["portRate"] == "100 Gb/sec (2X HDR)"


def test_what_gives_no_interface_is_left_out_with_the_reason(tree: Tree) -> None:
    network(tree)
    tree.pci("0000:84:00.0", 0x8086, 0x1592, 0x020000)
    assert [(each.what, each.why) for each in inventory(tree).reports[0].skipped] == [
        ("0000:83:00.0", "it is bound to vfio-pci: the driver of VFIO offers it"),
        ("0000:84:00.0", "no driver gives it no interface here"),
    ]


def test_this_machines_own_interface_is_in_use() -> None:
    host = open_host("/")
    routed = {line.split("\t")[0] for line in host.read("/proc/net/route").splitlines()[1:]}
    found = discover(host, [Nic()]).found.values()
    mine = [each for each in found if routed.intersection(each.aliases)]
    if not mine:
        pytest.skip("no PCI function of this machine carries a route")
    assert all(each.device.taints for each in mine)
