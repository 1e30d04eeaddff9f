from __future__ import annotations

from pathlib import Path

import pytest

from cod.cdi.spec import NetDevice
from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.nic import Nic
from cod.host import open_host
from tests.machines.network import interface, network, rdma, subfunction
from tests.machines.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def inventory(tree: Tree) -> Inventory:
    found = discover(tree.host, [Nic()])
    assert found.failures == ()
    return found


def devices(tree: Tree) -> dict[str, FoundDevice]:
    """What computes, by address; subfunctions by the name after it."""
    found = [each for each in inventory(tree).found.values() if each.kind.endswith("/nic")]
    return {f"{each.pci_address}{''.join(each.device.name.partition('-sf')[1:])}": each for each in found}


def reasons(tree: Tree) -> dict[str, list[str]]:
    return {address: [taint.value for taint in each.device.taints] for address, each in devices(tree).items()}


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
    assert [node.path for node in virtual.edits.device_nodes] == ["/dev/infiniband/uverbs2"]
    assert [node.path for node in virtual.common.device_nodes] == ["/dev/infiniband/rdma_cm"]
    facts = plain(virtual)
    assert facts["cod.dev/parent"] == "nic-0000-5e-00-0"
    assert (facts["rdmaDevice"], facts["linkLayer"], facts["portState"]) == ("mlx5_2", "Ethernet", "ACTIVE")
    assert facts["virtualFunction"] == 1
    assert "speedMbps" not in facts


def test_what_the_host_uses_is_nobodys_to_have(tree: Tree) -> None:
    network(tree)
    tainted = {address: why for address, why in reasons(tree).items() if why}
    assert tainted == {"0000:02:00.0": ["in-use-by-host"], "0000:5e:00.0": ["partitioned"]}
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


def test_an_address_of_ipv6_counts_and_a_local_one_does_not(tree: Tree) -> None:
    network(tree)
    local = "fe80000000000000020000fffe000001 03 40 20 80   ens1f1"
    tree.file("/proc/net/if_inet6", f"{'0' * 31}1 01 80 10 80       lo\n{local}\n")
    assert reasons(tree)["0000:02:00.1"] == []
    tree.file("/proc/net/if_inet6", f"{local}\nfd000000000000000000000000000002 03 40 00 80   ens1f1\n")
    assert reasons(tree)["0000:02:00.1"] == ["in-use-by-host"]


def test_a_route_to_addresses_that_an_interface_gives_itself_does_not_count(tree: Tree) -> None:
    network(tree)
    route = "Iface\tDestination\tGateway\tFlags\nens1f1\t0000FEA9\t00000000\t0001\n"
    tree.file("/proc/net/route", route)
    assert reasons(tree)["0000:02:00.1"] == []


def test_the_routes_of_the_host_count_where_we_are_in_a_container_of_it(tree: Tree) -> None:
    network(tree)
    tree.file("/proc/1/net/route", "Iface\tDestination\tGateway\tFlags\nens1f1\t000200C0\t00000000\t0001\n")
    assert reasons(tree)["0000:02:00.1"] == ["in-use-by-host"]


def test_an_interface_that_is_on_with_nothing_at_its_other_end_waits(tree: Tree) -> None:
    network(tree)
    path = "/sys/devices/pci0000:00/0000:02:00.1/net/ens1f1"
    tree.files(path, {"flags": "0x1003", "carrier": 0})
    assert reasons(tree)["0000:02:00.1"] == ["port-is-down"]
    tree.files(path, {"flags": "0x1002"})
    assert reasons(tree)["0000:02:00.1"] == []  # nobody knows before it is switched on


def test_a_port_of_infiniband_that_is_not_wired_waits(tree: Tree) -> None:
    network(tree)
    port = "/sys/devices/pci0000:80/0000:82:00.0/infiniband/mlx5_3/ports/1"
    tree.files(port, {"state": "2: INIT"})
    assert reasons(tree)["0000:82:00.0"] == []
    tree.files(port, {"state": "1: DOWN"})
    assert reasons(tree)["0000:82:00.0"] == ["port-is-down"]


def test_what_manages_a_fabric_is_no_part_of_what_computes(tree: Tree) -> None:
    network(tree)
    found = {each.device.name: each for each in inventory(tree).found.values()}
    management = found["nic-0000-82-00-0-management"]
    assert management.qualified_name == "cod.dev/nic-management=nic-0000-82-00-0-management"
    assert [node.path for node in management.edits.device_nodes] == [
        "/dev/infiniband/issm3",
        "/dev/infiniband/umad3",
    ]
    assert plain(management)["cod.dev/parent"] == "nic-0000-82-00-0"
    assert plain(management)["cod.dev/type"] == "nic-management"
    for each in devices(tree).values():
        paths = [node.path for node in (*each.edits.device_nodes, *each.common.device_nodes)]
        assert not [path for path in paths if "umad" in path or "issm" in path]


def test_the_management_of_a_port_that_the_host_uses_is_nobodys_to_have(tree: Tree) -> None:
    network(tree)
    rdma(tree, "/sys/devices/pci0000:00/0000:02:00.0", "irdma0", 7, link_layer="Ethernet")
    found = {each.device.name: each for each in inventory(tree).found.values()}
    assert [taint.value for taint in found["nic-0000-02-00-0-management"].device.taints] == ["in-use-by-host"]


def test_a_subfunction_is_a_device_of_its_own_and_its_function_is_parted(tree: Tree) -> None:
    network(tree)
    subfunction(tree, "/sys/devices/pci0000:00/0000:02:00.1", 4, 88, "ens1f1s88")
    found = devices(tree)
    part = found["0000:02:00.1-sf88"]
    assert part.edits.net_devices == (NetDevice("ens1f1s88", "ens1f1s88"),)
    assert plain(part)["cod.dev/parent"] == "nic-0000-02-00-1"
    assert plain(part)["subfunction"] == 88
    assert found["0000:02:00.1"].edits.net_devices == (NetDevice("ens1f1", "ens1f1"),)
    assert (reasons(tree)["0000:02:00.1"], reasons(tree)["0000:02:00.1-sf88"]) == (["partitioned"], [])


@pytest.mark.parametrize("port", ["pf0vf1", "pf0sf88", "c1pf0vf0", "pf0"])
def test_what_a_switch_sees_other_functions_by_stays_with_the_host(tree: Tree, port: str) -> None:
    network(tree)
    interface(tree, "/sys/devices/pci0000:00/0000:02:00.1", "ens1f1r0", phys_port_name=port)
    assert devices(tree)["0000:02:00.1"].edits.net_devices == (NetDevice("ens1f1", "ens1f1"),)


def test_a_function_with_two_ports_brings_both(tree: Tree) -> None:
    network(tree)
    interface(tree, "/sys/devices/pci0000:00/0000:02:00.1", "ens1f2", phys_port_name="p1")
    names = [each.name for each in devices(tree)["0000:02:00.1"].edits.net_devices]
    assert names == ["ens1f1", "ens1f2"]
    tree.file("/proc/net/route", "Iface\tDestination\tGateway\tFlags\nens1f2\t000200C0\t0\t0001\n")
    assert reasons(tree)["0000:02:00.1"] == ["in-use-by-host"]


@pytest.mark.parametrize("name", ["a b", "wlan\udcff", "-x", "eth=0"])
def test_an_interface_that_no_spec_can_name_is_not_given_away(tree: Tree, name: str) -> None:
    network(tree)
    interface(tree, "/sys/devices/pci0000:00/0000:02:00.1", name)
    assert [each.name for each in devices(tree)["0000:02:00.1"].edits.net_devices] == ["ens1f1"]


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
