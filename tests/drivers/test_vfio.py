from __future__ import annotations

from cod.drivers import FoundDevice, discover
from cod.drivers.nic import Nic
from cod.drivers.vfio import Vfio
from tests.machines.tree import Tree
from tests.machines.vfio import vfio


def found(tree: Tree) -> dict[str, FoundDevice]:
    inventory = discover(tree.host, [Vfio()])
    assert inventory.failures == ()
    return {f"vfio-{each.aliases[0]}": each for each in inventory.found.values()}


def test_a_group_is_named_after_the_first_function_that_vfio_has(tree: Tree) -> None:
    vfio(tree)
    devices = found(tree)
    assert devices["vfio-20"].device.name == "vfio-0000-40-00-0"
    assert devices["vfio-20"].qualified_names == ("cod.dev/vfio=0000:40:00.0", "cod.dev/vfio=20")


def test_a_group_is_one_device_with_all_its_functions(tree: Tree) -> None:
    vfio(tree)
    devices = found(tree)
    assert list(devices) == ["vfio-7", "vfio-12", "vfio-20", "vfio-21"]
    assert devices["vfio-12"].functions == ("0000:31:00.0", "0000:31:00.1")
    assert devices["vfio-12"].pci_address == "0000:31:00.0"
    assert devices["vfio-12"].device.attributes["pciClass"].string == "0300"


def test_a_container_gets_the_group_and_the_function_where_the_kernel_has_both(tree: Tree) -> None:
    vfio(tree)
    paths = {name: [node.path for node in each.edits.device_nodes] for name, each in found(tree).items()}
    assert paths["vfio-7"] == ["/dev/vfio/7", "/dev/vfio/devices/vfio0"]
    assert paths["vfio-12"] == ["/dev/vfio/12"]
    common = [node.path for node in found(tree)["vfio-7"].common.device_nodes]
    assert common == ["/dev/vfio/vfio", "/dev/iommu"]


def test_a_group_that_another_driver_has_a_part_of_is_not_ready_a_bridge_does_not_count(tree: Tree) -> None:
    vfio(tree)
    taints = {name: [taint.value for taint in each.device.taints] for name, each in found(tree).items()}
    assert taints == {"vfio-7": [], "vfio-12": [], "vfio-20": [], "vfio-21": ["group-in-use-by-host"]}


def test_what_is_not_free_takes_no_function_from_the_driver_that_has_it(tree: Tree) -> None:
    vfio(tree)
    devices = found(tree)
    assert devices["vfio-20"].functions == ("0000:40:00.0",)  # without the bridge
    assert devices["vfio-21"].functions == ("0000:41:00.0",)


def test_what_is_on_no_pci_bus_and_has_a_driver_keeps_its_group_from_use(tree: Tree) -> None:
    vfio(tree)
    platform = "/sys/devices/platform/dma-controller"
    tree.link("/sys/kernel/iommu_groups/7/devices/dma-controller", platform)
    tree.directory(platform)
    assert not found(tree)["vfio-7"].device.taints
    tree.link(f"{platform}/driver", "/sys/bus/platform/drivers/pl330")
    assert found(tree)["vfio-7"].device.taints


def test_without_an_iommu_the_container_sees_the_usual_name(tree: Tree) -> None:
    vfio(tree)
    assert found(tree)["vfio-12"].device.attributes["iommu"].bool_ is True
    (tree.root / "dev/vfio/12").rename(tree.root / "dev/vfio/noiommu-12")
    (node,) = found(tree)["vfio-12"].edits.device_nodes
    assert (node.path, node.host_path) == ("/dev/vfio/12", "/dev/vfio/noiommu-12")
    assert found(tree)["vfio-12"].device.attributes["iommu"].bool_ is False


def test_a_group_that_no_node_leads_to_is_left_out(tree: Tree) -> None:
    vfio(tree)
    (tree.root / "dev/vfio/20").unlink()
    assert "vfio-20" not in found(tree)
    (skipped,) = discover(tree.host, [Vfio()]).reports[0].skipped
    assert skipped.what == "0000:40:00.0"


def test_a_port_without_a_driver_does_not_keep_its_group_from_whoever_has_it(tree: Tree) -> None:
    for number, driver in enumerate(("vfio-pci", "")):
        tree.pci(f"0000:5e:00.{number}", 0x8086, 0x1593, 0x020000, driver=driver, iommu_group="5")
    tree.node("/dev/vfio/5", 243, 0)
    tree.node("/dev/vfio/vfio", 10, 196)
    inventory = discover(tree.host, [Nic(), Vfio()])
    assert [each.functions for each in inventory.found.values()] == [("0000:5e:00.0", "0000:5e:00.1")]
