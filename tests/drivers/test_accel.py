from __future__ import annotations

from cod.drivers import FoundDevice, discover
from cod.drivers.accel import Accel
from cod.drivers.drm import Drm
from tests.machines.accel import accel, drm
from tests.machines.tree import Tree


def found(tree: Tree) -> dict[str, FoundDevice]:
    inventory = discover(tree.host, [Accel(), Drm()])
    assert inventory.failures == ()
    return {each.device.name: each for each in inventory.found.values()}


def skipped(tree: Tree) -> list[tuple[str, str]]:
    reports = discover(tree.host, [Accel(), Drm()]).reports
    return [(each.what, each.why) for report in reports for each in report.skipped]


def text(device: FoundDevice, name: str) -> str | None:
    attribute = device.device.attributes.get(name)
    return attribute.string if attribute else None


def test_every_accelerator_is_a_device_of_its_vendors_class_or_of_none(tree: Tree) -> None:
    accel(tree)
    devices = found(tree)
    assert {name: text(each, "cod.dev/class") for name, each in devices.items()} == {
        "accel0": "npu.intel.com",
        "accel1": "npu.qualcomm.com",
        "accel2": "accel",
    }
    assert {text(each, "cod.dev/type") for each in devices.values()} == {"npu"}
    assert [each.qualified_names for each in devices.values()] == [
        ("intel.com/npu=accel0", "intel.com/npu=0000-00-0b-0-0x7d1d"),
        ("qualcomm.com/npu=accel1", "qualcomm.com/npu=0000-5e-00-0-0xa100"),
        ("cod.dev/accel=accel2",),
    ]
    assert devices["accel1"].pci_address == "0000:5e:00.0"
    assert text(devices["accel1"], "firmware") == "1.12"
    assert text(devices["accel2"], "kernelDriver") == "rocket"


def test_the_control_node_comes_with_the_accelerator_where_there_is_one(tree: Tree) -> None:
    accel(tree)
    nodes = {name: [node.path for node in each.edits.device_nodes] for name, each in found(tree).items()}
    assert nodes == {
        "accel0": ["/dev/accel/accel0", "/dev/accel/accel_controlD0"],
        "accel1": ["/dev/accel/accel1"],
        "accel2": ["/dev/accel/accel2"],
    }


def test_a_gaudi_is_left_to_its_own_driver(tree: Tree) -> None:
    card = tree.pci("0000:33:00.0", 0x1DA3, 0x1020, 0x120000, driver="habanalabs")
    path = tree.class_device("accel", "accel0", card, node="accel/accel0", numbers=(261, 0))
    tree.link(f"{path}/device", "../..")
    assert found(tree) == {}


def test_render_nodes_are_devices_and_cards_are_not(tree: Tree) -> None:
    drm(tree)
    devices = found(tree)
    assert {name: [node.path for node in each.edits.device_nodes] for name, each in devices.items()} == {
        "render0": ["/dev/dri/renderD128"],
        "render1": ["/dev/dri/renderD129"],
    }
    assert devices["render0"].pci_address == "0000:00:02.0"
    assert text(devices["render0"], "kernelDriver") == "bochs-drm"
    assert all(each.device.allow_multiple_allocations for each in devices.values())


def test_a_node_that_is_missing_or_another_is_told(tree: Tree) -> None:
    accel(tree)
    drm(tree)
    (tree.root / "dev/accel/accel1").unlink()
    tree.node("/dev/dri/renderD129", 226, 130)
    assert list(found(tree)) == ["accel0", "accel2", "render0"]
    assert [what for what, _ in skipped(tree)] == ["accel1", "renderD129"]
