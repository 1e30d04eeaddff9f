from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.dfl import Dfl
from tests.machines.dfl import FUNCTION, INTERFACE, dfl
from tests.machines.tree import Tree


def inventory(tree: Tree) -> Inventory:
    found = discover(tree.host, [Dfl()])
    assert found.failures == ()
    return found


def devices(tree: Tree) -> dict[str, FoundDevice]:
    return {each.device.name: each for each in inventory(tree).found.values()}


def plain(found: FoundDevice) -> dict[str, object]:
    return {
        name: next(each for each in (value.string, value.int_, value.bool_) if each is not None)
        for name, value in found.device.attributes.items()
    }


def reasons(tree: Tree) -> dict[str, str]:
    return {name: taint.value for name, each in devices(tree).items() for taint in each.device.taints}


def one(tree: Tree, pattern: str) -> Path:
    """The only file of that name; what is reached through links is not looked at."""
    (path,) = (tree.root / "sys/devices").rglob(pattern)
    return path


def test_a_port_is_described_and_exposed_without_its_engine(tree: Tree) -> None:
    dfl(tree)
    tree.file("/usr/share/misc/pci.ids", "8086  Intel Corporation\n\t0b2b  PAC D5005\n")
    port = devices(tree)["fpga-0-port-1"]
    assert port.qualified_names == ("intel.com/fpga=fpga-0-port-1", "intel.com/fpga=dfl-port.3")
    assert [(node.path, node.permissions) for node in port.edits.device_nodes] == [("/dev/dfl-port.3", "rw")]
    assert plain(port) == {
        "cod.dev/class": "fpga.intel.com",
        "cod.dev/type": "fpga",
        "cod.dev/parent": "fpga-management-0",
        "resource.kubernetes.io/pciBusID": "0000:40:00.0",
        "resource.kubernetes.io/pcieRoot": "pci0000:3a",
        "resource.kubernetes.io/numaNode": 0,
        "region": "region2",
        "interfaceId": INTERFACE,
        "afuId": FUNCTION,
        "boardId": "8086:0b2b",
        "model": "PAC D5005",
        "bitstreamId": "0x23000110010310",
        "bitstreamMetadata": "0x190217001",
        "portsNum": 2,
        "socketId": 0,
        "programmable": True,
    }
    assert port.device.taints == ()


def test_the_engine_is_a_device_of_its_own_kind_and_class(tree: Tree) -> None:
    dfl(tree)
    engine = devices(tree)["fpga-management-1"]
    assert engine.qualified_names == (
        "intel.com/fpga-management=1",
        "intel.com/fpga-management=dfl-fme.0",
    )
    assert [node.path for node in engine.edits.device_nodes] == ["/dev/dfl-fme.0"]
    shown = plain(engine)
    assert (shown["cod.dev/class"], shown["cod.dev/type"]) == ("fpga-management.intel.com", "fpga-management")
    assert {class_.name for class_ in Dfl().classes()} == {
        "fpga",
        "fpga.intel.com",
        "fpga-management.intel.com",
    }


def test_a_port_on_a_virtual_function_keeps_its_name_and_its_board(tree: Tree) -> None:
    dfl(tree, boards=1)
    before = set(devices(tree))
    moved = Tree(tree.root / "moved")
    dfl(moved, boards=1, moved=1)
    assert set(devices(moved)) == before == {"fpga-management-0", "fpga-0-port-0", "fpga-0-port-1"}
    port = devices(moved)["fpga-0-port-1"]
    assert port.pci_address == "0000:40:00.2"
    shown = plain(port)
    assert (shown["cod.dev/parent"], shown["interfaceId"]) == ("fpga-management-0", INTERFACE)


def test_without_its_physical_function_a_port_is_there_and_cannot_be_programmed(tree: Tree) -> None:
    path = tree.pci("0000:06:00.0", 0x8086, 0x0B2C, 0x120000, driver="dfl-pci")
    region = tree.class_device("fpga_region", "region0", path)
    tree.files(f"{region}/dfl-port.0", {"afu_id": FUNCTION, "id": 1})
    tree.node("/dev/dfl-port.0", 242, 0)
    (port,) = devices(tree).values()
    assert port.device.name == "fpga-0-port-1"
    shown = plain(port)
    assert (shown["programmable"], shown["afuId"]) == (False, FUNCTION)
    assert "cod.dev/parent" not in shown
    assert "interfaceId" not in shown


@pytest.mark.parametrize(
    ("file", "text", "tainted"),
    [
        ("afu_id", "f" * 32, {"fpga-0-port-0": "faulty"}),
        ("compat_id", "F" * 32, {"fpga-management-0": "faulty", "fpga-0-port-0": "faulty"}),
        ("errors", "0x8000000000000001", {"fpga-0-port-0": "errors"}),
        ("fme_errors", "0x1", {"fpga-management-0": "errors"}),
        ("catfatal_errors", "0x4", {"fpga-management-0": "errors", "fpga-0-port-0": "errors"}),
    ],
)
def test_what_is_unhealthy_is_tainted(tree: Tree, file: str, text: str, tainted: dict[str, str]) -> None:
    dfl(tree, boards=1, ports=1)
    paths = [each for each in (tree.root / "sys/devices").rglob(file) if each.is_file()]
    for path in paths:
        path.write_text(f"{text}\n")
    assert len(paths) == 1
    assert reasons(tree) == tainted
    assert "ffffffff" not in str([plain(each) for each in devices(tree).values()])


def test_a_region_need_not_have_an_interface(tree: Tree) -> None:
    dfl(tree, boards=1, ports=1)
    one(tree, "compat_id").unlink()
    shown = plain(devices(tree)["fpga-0-port-0"])
    assert shown["programmable"] is True
    assert "interfaceId" not in shown
    assert reasons(tree) == {}


def test_what_has_no_node_or_that_of_another_device_is_left_out_with_the_reason(tree: Tree) -> None:
    dfl(tree, boards=1)
    (tree.root / "dev/dfl-fme.0").unlink()
    one(tree, "dfl-port.1").joinpath("dev").write_text("242:77\n")
    assert list(devices(tree)) == ["fpga-0-port-0"]
    assert "cod.dev/parent" not in plain(devices(tree)["fpga-0-port-0"])
    assert [each.why for each in inventory(tree).reports[0].skipped] == [
        "its node /dev/dfl-fme.0 is missing, or has other numbers",
        "its node /dev/dfl-port.1 is missing, or has other numbers",
    ]


def test_files_of_nonsense_cost_the_facts_they_hold_and_nothing_else(tree: Tree) -> None:
    dfl(tree, boards=1, ports=1)
    for name in ("afu_id", "compat_id", "id", "ports_num", "bitstream_id", "socket_id"):
        one(tree, name).write_bytes(b"\xff\x00 99999999999999999999999\n" * 9)
    assert set(plain(devices(tree)["fpga-0-port-0"])) == {
        "cod.dev/class",
        "cod.dev/type",
        "cod.dev/parent",
        "resource.kubernetes.io/pciBusID",
        "resource.kubernetes.io/pcieRoot",
        "resource.kubernetes.io/numaNode",
        "region",
        "boardId",
        "bitstreamMetadata",
        "programmable",
    }


def test_boards_outside_pci_come_after_the_others(tree: Tree) -> None:
    dfl(tree, boards=1, ports=1)
    tree.files("/sys/class/fpga_region/region9/dfl-port.9", {"afu_id": FUNCTION, "id": 0})
    tree.node("/dev/dfl-port.9", 242, 9)
    assert list(devices(tree)) == ["fpga-management-0", "fpga-0-port-0", "fpga-1-port-0"]
    assert devices(tree)["fpga-1-port-0"].units == {"/dev/dfl-port.9"}


def test_other_regions_and_a_machine_without_any_have_none(tree: Tree) -> None:
    assert inventory(tree).found == {}
    tree.class_device("fpga_region", "region0", "/sys/devices/platform/soc/fpga-mgr")
    assert inventory(tree).found == {}
    assert inventory(tree).reports[0].skipped == ()
