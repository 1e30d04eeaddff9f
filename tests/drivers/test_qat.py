from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import FoundDevice, discover
from cod.drivers.qat import Qat
from cod.resource import Taint
from tests.machines.qat import qat
from tests.machines.tree import Tree

FIRST, SECOND, DOWN = "qatvf-0000-6b-00-1", "qatvf-0000-6b-00-2", "qatvf-0000-70-00-1"
PHYSICAL = "qatpf-0000-6b-00-0"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    qat(tree)
    return tree


def found(tree: Tree) -> dict[str, FoundDevice]:
    inventory = discover(tree.host, [Qat()])
    assert inventory.failures == ()
    return {each.device.name: each for each in inventory.found.values()}


def virtual(tree: Tree) -> dict[str, FoundDevice]:
    return {name: each for name, each in found(tree).items() if name.startswith("qatvf-")}


def value(device: FoundDevice, name: str) -> object:
    attribute = device.device.attributes.get(name)
    return attribute and (attribute.string or attribute.int_)


def skipped(tree: Tree) -> dict[str, str]:
    return {each.what: each.why for each in discover(tree.host, [Qat()]).reports[0].skipped}


def services(device: FoundDevice) -> tuple[str | None, set[str]]:
    about = device.device.attributes
    text = about["services"].string if "services" in about else None
    return text, {name for name, each in about.items() if each.bool_}


def test_virtual_functions_bound_to_vfio_are_the_devices(tree: Tree) -> None:
    devices = virtual(tree)
    assert [each.qualified_name for each in devices.values()] == [
        f"intel.com/qat={name}" for name in (FIRST, SECOND, DOWN)
    ]
    assert [[node.path for node in each.edits.device_nodes] for each in devices.values()] == [
        ["/dev/vfio/300"], ["/dev/vfio/301"], ["/dev/vfio/303"]
    ]  # fmt: skip
    assert {node.path for each in devices.values() for node in each.common.device_nodes} == {"/dev/vfio/vfio"}
    assert devices[DOWN].device.attributes["model"].string == "420xx"


def test_they_do_what_their_physical_function_is_configured_for(tree: Tree) -> None:
    devices = found(tree)
    assert services(devices[FIRST]) == ("sym;asym", {"sym", "asym"})
    assert services(devices[DOWN]) == ("dc", {"dc"})
    assert {name for name, each in devices[FIRST].device.attributes.items() if each.bool_ is False} == {
        "dc", "dcc", "decomp"
    }  # fmt: skip
    assert services(devices[PHYSICAL]) == ("sym;asym", {"sym", "asym"})


def test_they_are_parts_of_it_and_counted_from_one(tree: Tree) -> None:
    devices = virtual(tree)
    assert [value(each, "cod.dev/parent") for each in devices.values()] == [
        PHYSICAL, PHYSICAL, "qatpf-0000-70-00-0"
    ]  # fmt: skip
    assert [value(each, "vf") for each in devices.values()] == [1, 2, 1]


def test_a_physical_function_is_listed_with_its_state_and_for_nobody(tree: Tree) -> None:
    devices = {name: each for name, each in found(tree).items() if name.startswith("qatpf-")}
    assert {name: each.device.taints for name, each in devices.items()} == {
        "qatpf-0000-3d-00-0": (Taint("cod.dev/unready", "no-virtual-functions"),),
        "qatpf-0000-6b-00-0": (Taint("cod.dev/unready", "used-by-virtual-functions"),),
        "qatpf-0000-70-00-0": (Taint("cod.dev/unready", "down"),),
    }
    assert not any(each.edits or each.common for each in devices.values())
    states = [[value(each, name) for name in ("state", "vfs", "totalVfs")] for each in devices.values()]
    assert states == [[None, 0, 16], ["up", 3, 16], ["down", 1, 16]]
    assert services(devices["qatpf-0000-3d-00-0"]) == (None, set())


def test_a_physical_function_bound_to_vfio_is_left_to_the_driver_of_vfio(tree: Tree) -> None:
    tree.pci("0000:6c:00.0", 0x8086, 0x4940, 0x0B4000, driver="vfio-pci", iommu_group="310")
    assert "qatpf-0000-6c-00-0" not in found(tree)
    assert "0000:6c:00.0" not in skipped(tree)


def test_those_of_a_physical_function_that_is_down_are_for_nobody(tree: Tree) -> None:
    taints = {name: each.device.taints for name, each in virtual(tree).items()}
    assert taints == {FIRST: (), SECOND: (), DOWN: (Taint("cod.dev/unready", "physical-function-down"),)}


def test_the_rest_is_left_out_with_the_reason(tree: Tree) -> None:
    assert skipped(tree) == {"0000:6b:00.3": "it is bound to 4xxxvf; vfio-pci is needed"}


def test_functions_of_one_group_are_one_device(tree: Tree) -> None:
    tree.pci("0000:6b:00.4", 0x8086, 0x4941, 0x0B4000, driver="vfio-pci", iommu_group="300")
    assert found(tree)[FIRST].functions == ("0000:6b:00.1", "0000:6b:00.4")
    assert skipped(tree)["0000:6b:00.4"] == f"it is part of {FIRST}, as it is in the same IOMMU group"


def test_in_a_guest_nothing_is_known_of_the_services(tmp_path: Path) -> None:
    guest = Tree(tmp_path / "guest")
    guest.pci("0000:00:05.0", 0x8086, 0x4941, 0x0B4000, driver="vfio-pci", iommu_group="1")
    guest.node("/dev/vfio/1", 511, 1)
    assert skipped(guest)["0000:00:05.0"].startswith("neither /dev/vfio/1 with /dev/vfio/vfio is there")
    guest.node("/dev/vfio/vfio", 10, 196)
    assert services(found(guest)["qatvf-0000-00-05-0"]) == (None, set())


def test_junk_where_services_are_said_is_no_service(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "sys/devices/pci0000:00/0000:6b:00.0/qat/cfg_services").write_bytes(b"\xff;sym;" + b"x" * 90)
    assert services(found(tree)[FIRST])[1] == {"sym"}
