from __future__ import annotations

from cod.drivers import FoundDevice, discover
from cod.drivers.accel import Accel
from cod.drivers.gaudi import Gaudi
from cod.resource import Taint
from tests.machines.gaudi import gaudi
from tests.machines.tree import Tree

FUNCTIONS = "/sys/bus/pci/drivers/habanalabs"
NAMES = ["0000-0f-00-0-0x1020", "0000-10-00-0-0x1020", "0000-b3-00-0-0x1020"]


def found(tree: Tree) -> list[FoundDevice]:
    inventory = discover(tree.host, [Gaudi(), Accel()])
    assert inventory.failures == ()
    return [*inventory.found.values()]


def skipped(tree: Tree) -> list[tuple[str, str]]:
    return [(each.what, each.why) for each in discover(tree.host, [Gaudi()]).reports[0].skipped]


def test_cards_have_both_names_of_intels_generator(tree: Tree) -> None:
    gaudi(tree)
    assert [each.device.name for each in found(tree)] == NAMES
    assert [each.qualified_names for each in found(tree)] == [
        (f"intel.com/gaudi={name}", f"intel.com/gaudi=accel{number}") for number, name in enumerate(NAMES)
    ]


def test_a_card_says_its_model_slot_and_driver(tree: Tree) -> None:
    gaudi(tree)
    about = found(tree)[0].device.attributes
    assert (about["model"].string, about["moduleId"].int_) == ("GAUDI2", 3)
    assert about["driverVersion"].version == "1.15.1"
    assert about["cod.dev/type"].string == "npu"


def test_a_container_gets_the_control_node_and_the_network_ports_if_there_are_any(tree: Tree) -> None:
    gaudi(tree)
    nodes = [[node.path for node in each.edits.device_nodes] for each in found(tree)]
    assert nodes[:2] == [
        ["/dev/accel/accel0", "/dev/accel/accel_controlD0", "/dev/infiniband/uverbs2"],
        ["/dev/accel/accel1", "/dev/accel/accel_controlD1"],
    ]


def test_a_card_that_is_being_reset_is_for_nobody(tree: Tree) -> None:
    gaudi(tree)
    assert [each.device.taints for each in found(tree)] == [
        (), (), (Taint("cod.dev/unready", "not-operational"),)
    ]  # fmt: skip


def test_nodes_of_older_kernels_are_found_as_well(tree: Tree) -> None:
    path = tree.pci("0000:0f:00.0", 0x1DA3, 0x1000, 0x120000, driver="habanalabs")
    tree.directory(f"{path}/habanalabs")
    tree.directory(f"{path}/habanalabs/hl0")
    tree.node("/dev/hl0", 510, 0)
    tree.node("/dev/hl_controlD0", 510, 1)
    (card,) = found(tree)
    assert card.aliases == ("hl0",)
    assert [node.path for node in card.edits.device_nodes] == ["/dev/hl0", "/dev/hl_controlD0"]


def test_cards_come_in_the_order_of_the_bus_whose_numbers_are_hexadecimal(tree: Tree) -> None:
    for number, bus in enumerate(("9a", "10", "0f", "1d")):
        path = tree.pci(f"0000:{bus}:00.0", 0x1DA3, 0x1020, 0x120000, driver="habanalabs")
        tree.class_device("accel", f"accel{number}", path, node=f"accel/accel{number}", numbers=(261, number))
    assert [each.pci_address[5:7] for each in found(tree)] == ["0f", "10", "1d", "9a"]


def test_what_is_left_out_says_why(tree: Tree) -> None:
    tree.files(f"{FUNCTIONS}/0000:01:00.0", {"device": "0xfffff"})
    tree.files(f"{FUNCTIONS}/0000:02:00.0", {"device": "0x1020"})
    tree.files(f"{FUNCTIONS}/0000:03:00.0/accel/accel7", {"dev": "261:7"})
    tree.files(f"{FUNCTIONS}/0000:03:00.0", {"device": "0x1020", "module_id": "9" * 40})
    tree.file("/dev/accel/accel7", b"\xff\xfe")
    assert skipped(tree) == [
        ("0000:01:00.0", f"{FUNCTIONS}/0000:01:00.0/device says no device id"),
        ("0000:02:00.0", "its driver has not set it up"),
        ("0000:03:00.0", "accel7 has no node in /dev"),
    ]
