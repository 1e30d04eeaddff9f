from __future__ import annotations

import pytest

from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.alveo import Alveo
from tests.machines.alveo import INTERFACE, LOGIC, XCLBIN, alveo
from tests.machines.tree import Tree

USER = "sys/devices/pci0000:3a/0000:3b:00.1"
MANAGEMENT = "sys/devices/pci0000:3a/0000:3b:00.0"


def inventory(tree: Tree) -> Inventory:
    found = discover(tree.host, [Alveo()])
    assert found.failures == ()
    return found


def devices(tree: Tree) -> dict[str, FoundDevice]:
    return {each.device.name: each for each in inventory(tree).found.values()}


def plain(found: FoundDevice) -> dict[str, object]:
    return {
        name: value.string or value.version or value.int_ for name, value in found.device.attributes.items()
    }


def nodes(found: FoundDevice) -> list[str]:
    return [node.path for node in found.edits.device_nodes]


def test_a_user_function_is_described_and_exposed_without_management(tree: Tree) -> None:
    alveo(tree)
    found = devices(tree)
    assert set(found) == {"fpga-0", "fpga-1", "fpga-management-0", "fpga-management-1"}
    user = found["fpga-1"]
    assert user.qualified_names == ("xilinx.com/fpga=1", "xilinx.com/fpga=0000:3c:00.1")
    assert nodes(user) == ["/dev/dri/renderD129"]
    assert plain(user) == {
        "cod.dev/class": "fpga.xilinx.com",
        "cod.dev/type": "fpga",
        "cod.dev/parent": "fpga-management-1",
        "resource.kubernetes.io/pciBusID": "0000:3c:00.1",
        "resource.kubernetes.io/pcieRoot": "pci0000:3a",
        "resource.kubernetes.io/numaNode": 0,
        "model": "u250",
        "boardName": "u250",
        "vbnv": "xilinx_u250_gen3x16_xdma_shell_3_1",
        "serial": "2132000060",
        "xclbinUuid": XCLBIN,
        "interfaceUuid": INTERFACE,
        "logicUuid": LOGIC,
        "driverVersion": "2.16.204",
    }
    assert user.device.taints == ()


def test_the_management_function_is_a_device_of_its_own_kind_and_class(tree: Tree) -> None:
    alveo(tree)
    management = devices(tree)["fpga-management-0"]
    assert management.qualified_name == "xilinx.com/fpga-management=0"
    assert nodes(management) == [f"/dev/xclmgmt{0x3B00}"]
    shown = plain(management)
    assert (shown["cod.dev/class"], shown["cod.dev/type"]) == (
        "fpga-management.xilinx.com",
        "fpga-management",
    )
    assert (shown["vbnv"], shown["serial"]) == ("xilinx_u250_gen3x16_xdma_shell_3_1", "2132000059")


def test_what_a_function_is_for_does_not_depend_on_its_number(tree: Tree) -> None:
    alveo(tree, cards=1)
    (tree.root / USER / "user_pf").rename(tree.root / MANAGEMENT / "user_pf")
    (tree.root / MANAGEMENT / "mgmt_pf").rename(tree.root / USER / "mgmt_pf")
    (tree.root / MANAGEMENT / "instance").rename(tree.root / USER / "instance")
    (tree.root / USER / "drm").rename(tree.root / MANAGEMENT / "drm")
    assert {name: each.pci_address for name, each in devices(tree).items()} == {
        "fpga-management-0": "0000:3b:00.1",
        "fpga-0": "0000:3b:00.0",
    }


def test_a_virtual_machine_may_have_the_user_function_alone(tree: Tree) -> None:
    alveo(tree, cards=1, managed=False)
    (user,) = devices(tree).values()
    assert user.device.name == "fpga-0"
    assert "cod.dev/parent" not in plain(user)


def test_queues_come_with_the_user_function_that_has_them(tree: Tree) -> None:
    alveo(tree, qdma=True)
    assert nodes(devices(tree)["fpga-0"]) == ["/dev/dri/renderD128", f"/dev/xfpga/dma.qdma.u{0x3B01}.0"]


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [("ready", "0", "not-ready"), ("ready", "0x0", "not-ready"), ("dev_offline", "1", "offline")],
)
def test_a_function_that_is_not_ready_is_tainted(tree: Tree, file: str, text: str, reason: str) -> None:
    alveo(tree, cards=1)
    (tree.root / USER / file).write_text(f"{text}\n")
    assert [taint.value for taint in devices(tree)["fpga-0"].device.taints] == [reason]
    assert devices(tree)["fpga-management-0"].device.taints == ()


def test_a_function_without_its_node_is_left_out_with_the_reason_and_keeps_its_number(tree: Tree) -> None:
    alveo(tree)
    (tree.root / "dev/dri/renderD128").unlink()
    (tree.root / MANAGEMENT / "instance").write_bytes(b"\xff\n")
    assert list(devices(tree)) == ["fpga-management-1", "fpga-1"]
    assert [each.why for each in inventory(tree).reports[0].skipped] == [
        "its node /dev/xclmgmt<instance> is missing",
        "it has no render node in /dev/dri",
    ]


def test_files_of_nonsense_cost_the_facts_they_hold_and_nothing_else(tree: Tree) -> None:
    alveo(tree, cards=1, managed=False)
    (tree.root / USER / "xclbinuuid").write_text("00000000-0000-0000-0000-000000000000\n")
    for name in ("board_name", "interface_uuids", "logic_uuids", "ready", "dev_offline", "rom.u.0/VBNV"):
        (tree.root / USER / name).write_bytes(b"\xff\x00\n9999999999999999999999\n" * 9)
    (tree.root / USER / "xmc.u.2/serial_num").unlink()
    (user,) = devices(tree).values()
    assert user.device.taints == ()
    assert {name for name in plain(user) if "/" not in name} == {"driverVersion"}


def test_other_functions_of_these_vendors_are_none_of_ours(tree: Tree) -> None:
    tree.pci("0000:00:04.0", 0x1D0F, 0x8061, 0x010802, driver="nvme")
    tree.pci("0000:00:05.0", 0x8086, 0x1234, 0x120000, user_pf="")
    assert inventory(tree).found == {}
    assert inventory(tree).reports[0].skipped == ()


def test_a_transcoder_is_its_node(tree: Tree) -> None:
    path = tree.pci("0000:81:00.0", 0x10EE, 0x5070, 0x120000, numa=1, root="pci0000:80")
    for number in range(2):
        tree.class_device(
            "misc",
            f"ama_transcoder{number}",
            path,
            node=f"ama_transcoder{number}",
            numbers=(10, 50 + number),
            bus_id="0000:81:00.0" if number else "?",
        )
    (tree.root / "sys/class/misc/ama_transcoder2").symlink_to("nowhere")
    found = devices(tree)
    assert set(found) == {"transcoder-0", "transcoder-1"}
    assert found["transcoder-1"].qualified_name == "xilinx.com/transcoder=1"
    assert (found["transcoder-0"].pci_address, found["transcoder-1"].pci_address) == ("", "0000:81:00.0")
    assert nodes(found["transcoder-1"]) == ["/dev/ama_transcoder1"]
    assert [each.why for each in inventory(tree).reports[0].skipped] == [
        "its node /dev/ama_transcoder2 is missing"
    ]
