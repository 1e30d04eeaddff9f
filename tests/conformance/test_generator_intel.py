"""What Intel's own generator of CDI specs, `intel-cdi-specs-generator`, writes for a machine, and what we do.

Each recorded machine becomes a tree. Devices, nodes and mounts must be those of the recording but for what
DIFFERENCES lists; the order of devices is none, as the generator's is that of a Go map.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cod.cdi.spec import ContainerEdits
from cod.drivers import Driver, FoundDevice, discover
from cod.drivers.accel import Accel
from cod.drivers.gaudi import Gaudi
from cod.drivers.intel_gpu import IntelGpu
from tests.machines.tree import Tree

from .recorded import cases

DIFFERENCES = {
    "names": "both names are there, one an alias; the generator never writes the classic ones of GPUs",
    "unseen": "what is not there is left out: an NPU has no control node, theirs is written all the same",
    "numbers": "nodes come with numbers, mode and permissions, and without a hostPath where that is the path",
}
DRIVERS: dict[str, Driver] = {"gpu": IntelGpu(), "gaudi": Gaudi(), "npu": Accel()}
NOT_THERE = "/dev/accel/accel_controlD0"  # of an NPU


def machine(root: Path, fixture: dict[str, Any]) -> Tree:
    tree = Tree(root)
    for path, text in fixture["sysfs_files"].items():
        tree.file(f"/sys/{path}", text)
    for path in fixture["sysfs_dirs"]:
        (root / "sys" / path).mkdir(parents=True)
    for path, target in fixture["sysfs_links"].items():
        tree.link(f"/sys/{path}", target)
    for path, kind, major, minor, mode in fixture["nodes"]:
        tree.node(f"/dev/{path}", major, minor, kind=kind, mode=int(mode, 8))
    for path, target in fixture["dev_links"].items():
        tree.link(f"/dev/{path}", target)
    for path in fixture["sysfs_dirs"]:
        if "/intel_vpu/" in path:
            beside(tree, path)
    return tree


def beside(tree: Tree, path: str) -> None:
    """What the kernel shows of an NPU besides what Intel's generator reads: its class and its bus."""
    function, _, name = path.partition("/accel/")
    driver, _, address = function.rpartition("/")
    tree.link(f"/sys/class/accel/{name}", f"/sys/{path}")
    tree.link(f"/sys/{path}/device", "../..")
    tree.file(f"/sys/{path}/uevent", f"DEVNAME=accel/{name}\n")
    tree.link(f"/sys/{function}/driver", f"/sys/{driver}")
    tree.link(f"/sys/bus/pci/devices/{address}", f"/sys/{function}")


def theirs(files: dict[str, str], not_there: str) -> dict[str, Any]:
    """Nodes and mounts by the name of each device of all files, but for a node that is not there."""
    found = {}
    for text in files.values():
        spec = yaml.safe_load(text)
        for device in spec["devices"]:
            edits = device["containerEdits"]
            assert edits.keys() <= {"deviceNodes", "mounts"}
            nodes = [(each["path"], each["hostPath"], each["type"]) for each in edits["deviceNodes"]
                     if each["path"] != not_there]  # fmt: skip
            mounts = [(each["containerPath"], each["hostPath"], each["type"], tuple(each["options"]))
                      for each in edits.get("mounts", ())]  # fmt: skip
            found[f"{spec['kind']}={device['name']}"] = (nodes, sorted(mounts))
    return found


def ours(each: FoundDevice) -> tuple[list[Any], list[Any]]:
    edits: ContainerEdits = each.edits + each.common
    nodes = [
        (node.path, "$DEV" + (node.host_path or node.path)[4:], node.type) for node in edits.device_nodes
    ]
    mounts = [(mount.container_path, f"$DEV{mount.host_path[4:]}", mount.type, mount.options)
              for mount in edits.mounts]  # fmt: skip
    return nodes, sorted(mounts)


def test_devices_are_those_of_the_generator(tmp_path: Path, record_property: Callable[..., None]) -> None:
    replayed = cases("cdi/generator_intel")
    assert {case["kind"] for case in replayed} == DRIVERS.keys()
    wrong = []
    for number, case in enumerate(replayed):
        inventory = discover(machine(tmp_path / str(number), case["fixture"]).host, [DRIVERS[case["kind"]]])
        found = [*inventory.found.values()]
        expected = theirs(case["expect"]["files"], NOT_THERE if case["kind"] == "npu" else "")
        answer = {name: ours(each) for each in found for name in each.qualified_names if name in expected}
        if answer != expected or len(found) != len(expected) or inventory.failures:
            wrong.append(f"{case['id']}: ours {answer}, wanted {expected}")
    record_property("replayed", len(replayed))
    assert len(replayed) == 12
    assert wrong == []


@pytest.mark.parametrize("kind", DRIVERS)
def test_both_names_are_there_whatever_the_naming(tmp_path: Path, kind: str) -> None:
    case = next(each for each in cases("cdi/generator_intel") if each["kind"] == kind)
    inventory = discover(machine(tmp_path, case["fixture"]).host, [DRIVERS[kind]])
    for each in inventory.found.values():
        uid, classic = sorted(each.qualified_names)
        assert uid.startswith(f"intel.com/{kind}=0000-")
        assert classic.startswith(f"intel.com/{kind}={'card' if kind == 'gpu' else 'accel'}")
