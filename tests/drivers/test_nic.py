from __future__ import annotations

import pytest

from cod.cdi.spec import NetDevice
from cod.drivers import FoundDevice, discover
from cod.drivers.nic import Nic
from cod.host import Host, open_host
from tests.machines.nic import HOST, IDLE, LINK_LOCAL, PHYSICAL, ROUTES, VIRTUAL, interface, make_nics, rdma
from tests.machines.tree import Tree

MANAGEMENT_KIND = "cod.dev/nic-management"


def found(host: Host) -> dict[str, FoundDevice]:
    inventory = discover(host, [Nic()])
    assert not inventory.failures
    return {each.cdi_name: each for each in inventory.found.values() if each.kind != MANAGEMENT_KIND}


def managements(host: Host) -> dict[str, FoundDevice]:
    inventory = discover(host, [Nic()])
    return {each.cdi_name: each for each in inventory.found.values() if each.kind == MANAGEMENT_KIND}


def reason(nic: FoundDevice) -> str:
    return ",".join(taint.value for taint in nic.device.taints)


def values(nic: FoundDevice) -> dict[str, object]:
    return {
        name: next(value for value in (each.int_, each.bool_, each.string) if value is not None)
        for name, each in nic.device.attributes.items()
    }


def idle_port(tree: Tree, name: str = "ens2") -> str:
    return interface(tree, name, tree.pci(IDLE, 0x8086, 0x1593, 0x020000, driver="ice"))


def test_functions_are_devices_named_after_their_addresses_and_known_by_their_interfaces(tree: Tree) -> None:
    make_nics(tree)
    nics = found(tree.host)
    assert list(nics) == [HOST, PHYSICAL, *VIRTUAL, IDLE]
    assert nics[IDLE].device.name == "nic-0000-5e-00-0"
    assert nics[IDLE].qualified_names == ("intel.com/nic=0000:5e:00.0", "intel.com/nic=ens2")
    assert nics[IDLE].edits.net_devices == (NetDevice(host_interface_name="ens2", name="ens2"),)


def test_the_class_is_the_vendors_or_just_nic(tree: Tree) -> None:
    make_nics(tree)
    nics = found(tree.host)
    classes = {address: values(nic)["cod.dev/class"] for address, nic in nics.items()}
    assert classes[HOST] == "nic"
    assert classes[IDLE] == "nic.intel.com"
    assert classes[PHYSICAL] == "nic.mellanox.com"
    assert {values(nic)["cod.dev/type"] for nic in nics.values()} == {"nic"}
    assert {"nic", "nic.intel.com"} <= {each.metadata.name for each in Nic().classes()}


def test_a_virtual_function_says_of_whom_it_is_and_what_its_port_can(tree: Tree) -> None:
    make_nics(tree)
    nics = found(tree.host)
    assert values(nics[VIRTUAL[1]]) == {
        "cod.dev/class": "nic.mellanox.com",
        "cod.dev/type": "nic",
        "cod.dev/parent": "nic-0000-3b-00-0",
        "resource.kubernetes.io/pciBusID": VIRTUAL[1],
        "resource.kubernetes.io/pcieRoot": "pci0000:00",
        "resource.kubernetes.io/numaNode": 0,
        "vendorId": "15b3",
        "deviceId": "101c",
        "driver": "mlx5_core",
        "vfIndex": 1,
        "interface": "ibs1v1",
        "address": "02:fc:00:00:00:01",
        "operstate": "up",
        "speedMbps": 200000,
        "rdma": True,
        "rdmaDevice": "mlx5_2",
        "nodeGuid": "9803:9b03:0000:0002",
        "ports": 1,
        "linkLayer": "InfiniBand",
        "state": "ACTIVE",
        "rate": "200 Gb/sec (4X HDR)",
    }
    assert reason(nics[VIRTUAL[1]]) == ""


def test_rdma_comes_with_the_functions_own_nodes_and_the_connection_managers_once(tree: Tree) -> None:
    make_nics(tree)
    nics = found(tree.host)
    nodes = [node.path for node in nics[VIRTUAL[0]].edits.device_nodes]
    assert nodes == ["/dev/infiniband/uverbs1"]
    assert [node.path for node in nics[VIRTUAL[0]].common.device_nodes] == ["/dev/infiniband/rdma_cm"]
    assert not nics[IDLE].common


def test_what_manages_the_fabric_is_a_device_of_its_own(tree: Tree) -> None:
    make_nics(tree)
    management = managements(tree.host)[VIRTUAL[0]]
    assert management.qualified_name == "cod.dev/nic-management=0000:3b:00.2"
    assert [node.path for node in management.edits.device_nodes] == [
        "/dev/infiniband/issm1",
        "/dev/infiniband/umad1",
    ]
    facts = values(management)
    assert facts["cod.dev/parent"] == "nic-0000-3b-00-2"
    assert (facts["cod.dev/type"], facts["cod.dev/class"]) == ("nic-management", "nic-management")
    assert IDLE not in managements(tree.host)


def test_what_manages_a_port_that_the_host_uses_is_tainted(tree: Tree) -> None:
    make_nics(tree)
    tree.file("/proc/net/route", f"{ROUTES}ibs1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n")
    reasons = {address: reason(each) for address, each in managements(tree.host).items()}
    assert reasons == {PHYSICAL: "in-use-by-host", VIRTUAL[0]: "", VIRTUAL[1]: ""}


def test_what_the_host_uses_is_tainted(tree: Tree) -> None:
    make_nics(tree)
    reasons = {address: reason(nic) for address, nic in found(tree.host).items()}
    assert reasons == {
        HOST: "in-use-by-host",
        PHYSICAL: "in-use-by-host",
        VIRTUAL[0]: "",
        VIRTUAL[1]: "",
        IDLE: "",
    }


def test_any_route_means_use_but_those_that_every_interface_has(tree: Tree) -> None:
    idle_port(tree)
    tree.file("/proc/net/ipv6_route", LINK_LOCAL.format("ens2"))
    assert reason(found(tree.host)[IDLE]) == ""
    tree.file("/proc/net/ipv6_route", LINK_LOCAL.format("ens2").replace("fe80", "fd00"))
    assert reason(found(tree.host)[IDLE]) == "in-use-by-host"
    tree.file("/proc/net/ipv6_route", "")
    tree.file("/proc/1/net/route", f"{ROUTES}ens2\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n")
    assert reason(found(tree.host)[IDLE]) == "in-use-by-host"


@pytest.mark.parametrize("link", ["master", "upper_ens2.100"])
def test_an_interface_below_another_is_in_use(tree: Tree, link: str) -> None:
    path = idle_port(tree)
    tree.directory("/sys/devices/virtual")
    tree.link(f"{path}/{link}", "/sys/devices/virtual")
    assert reason(found(tree.host)[IDLE]) == "in-use-by-host"


def test_a_representor_and_a_subfunction_are_not_moved_and_keep_their_function_with_the_host(
    tree: Tree,
) -> None:
    card = idle_port(tree).rpartition("/net/")[0]
    interface(tree, "ens2r0", card, phys_port_name="pf0vf0")
    assert found(tree.host)[IDLE].edits.net_devices == (NetDevice(host_interface_name="ens2", name="ens2"),)
    assert reason(found(tree.host)[IDLE]) == "in-use-by-host"
    card = tree.pci(PHYSICAL, 0x15B3, 0x1021, 0x020000, driver="mlx5_core")
    interface(tree, "ens3", card)
    interface(tree, "ens3s0", f"{card}/mlx5_core.sf.2")
    rdma(tree, 5, f"{card}/mlx5_core.sf.2")
    nic = found(tree.host)[PHYSICAL]
    assert (nic.qualified_names[1:], nic.edits.device_nodes) == (("mellanox.com/nic=ens3",), ())
    assert reason(nic) == "in-use-by-host"


def test_a_function_without_interface_and_an_inactive_fabric_are_tainted(tree: Tree) -> None:
    tree.pci(IDLE, 0x8086, 0x1593, 0x020000, driver="ice")
    tree.pci(HOST, 0x8086, 0x1593, 0x020000)
    rdma(tree, 0, tree.pci(PHYSICAL, 0x15B3, 0x101B, 0x020700, driver="mlx5_core"), state="1: DOWN")
    rdma(
        tree,
        1,
        tree.pci(VIRTUAL[0], 0x15B3, 0x101B, 0x020000, driver="mlx5_core"),
        state="1: DOWN",
        link="Ethernet",
    )
    reasons = {address: reason(nic) for address, nic in found(tree.host).items()}
    assert reasons == {IDLE: "no-interface", HOST: "no-driver", PHYSICAL: "port-down", VIRTUAL[0]: ""}


def test_an_older_card_of_infiniband_is_of_another_class_of_pci(tree: Tree) -> None:
    card = tree.pci("0000:43:00.0", 0x1077, 0x7322, 0x0C0600, driver="ib_qib")
    rdma(tree, 0, card)
    (nic,) = found(tree.host).values()
    assert nic.pci_address == "0000:43:00.0"
    assert values(nic)["rdma"] is True


def test_functions_of_vfio_and_those_of_other_classes_are_left_to_others(tree: Tree) -> None:
    tree.pci(VIRTUAL[0], 0x15B3, 0x101C, 0x020000, driver="mlx5_vfio_pci")
    usb = tree.pci("0000:00:14.0", 0x8086, 0xA36D, 0x0C0330, driver="xhci_hcd")
    interface(tree, "enx0", f"{usb}/usb1/1-1")
    assert found(tree.host) == {}


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"-1\n", b"99999999999999999999\n", b"4294967295\n"])
def test_files_that_say_nothing_cost_their_attribute_only(tree: Tree, text: bytes) -> None:
    make_nics(tree)
    ens2, mlx5 = (tree.host.resolve(f"/sys/class/{name}") for name in ("net/ens2", "infiniband/mlx5_1"))
    for path in (f"{ens2}/speed", f"{ens2}/phys_port_name", f"{mlx5}/ports/1/state", f"{mlx5}/node_guid"):
        tree.file(path, text)
    for path in ("/proc/net/route", "/proc/net/ipv6_route"):
        tree.file(path, text)
    nics = found(tree.host)
    assert len(nics) == 5
    assert "speedMbps" not in nics[IDLE].device.attributes


def test_an_interface_whose_name_no_kernel_gives_is_not_moved(tree: Tree) -> None:
    idle_port(tree, "a name of more than 15")
    assert reason(found(tree.host)[IDLE]) == "no-interface"


def test_interfaces_of_this_machine_with_a_route_are_in_use() -> None:
    host = open_host("/")
    routes = host.read("/proc/net/route")
    mine = [nic for nic in found(host).values() if nic.edits.net_devices]
    for nic in mine:
        if any(f"{each.name}\t" in routes for each in nic.edits.net_devices):
            assert reason(nic) == "in-use-by-host"


def test_a_wireless_interface_cannot_be_moved_and_is_not_offered_to(tree: Tree) -> None:
    path = interface(tree, "wlp2s0", tree.pci(IDLE, 0x8086, 0x2725, 0x028000, driver="iwlwifi"))
    tree.directory(f"{path}/phy80211")
    assert reason(found(tree.host)[IDLE]) == "wireless"


def test_the_host_s_side_of_a_card_with_processors_of_its_own_is_no_interface_to_move(tree: Tree) -> None:
    card = tree.pci(PHYSICAL, 0x15B3, 0xA2DC, 0x020000, driver="mlx5_core")
    interface(tree, "p0", card, phys_port_name="p0", phys_switch_id="aa")
    interface(tree, "pf0hpf", card, phys_port_name="c1pf0", phys_switch_id="aa")
    nic = found(tree.host)[PHYSICAL]
    assert [each.name for each in nic.edits.net_devices] == ["p0"]
    assert reason(nic) == "in-use-by-host"


def test_of_interfaces_in_another_network_nobody_knows_the_routes(tree: Tree) -> None:
    idle_port(tree)
    heads = "Inter-|   Receive\n face |bytes\n"
    tree.file("/proc/net/dev", f"{heads}    lo:  0 0\n  ens2:   0 0\n")
    assert reason(found(tree.host)[IDLE]) == ""
    tree.file(
        "/proc/net/dev", f"{heads}    lo:  0 0\n  eth0:  10 0\n"
    )  # a container's, with the host's sysfs
    assert reason(found(tree.host)[IDLE]) == "in-use-by-host"
    tree.file("/proc/1/net/dev", f"{heads}    lo:  0 0\n  ens2:123456 0\n")
    assert reason(found(tree.host)[IDLE]) == ""
