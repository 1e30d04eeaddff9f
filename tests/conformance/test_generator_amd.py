"""What AMD's own generator of CDI specs, `amd-ctk cdi generate`, writes for a machine, and what ours does.

Deliberate differences, each for all cases but where it says otherwise:

* `/dev/kfd`, which every container of the kind needs once, stands at the head of the spec, not in each
device;
* `uid` 0 is left out: root is whose a node is where nothing else is said;
* a GPU whose `/dev/kfd` is missing is left out, not written with zeros for its numbers ("no /dev/kfd");
* `all` is there only where there is a device ("driver, no gpu", "gpu not in kfd topology");
* a machine without the driver has no spec, which is no error ("no driver");
* a GPU in partitions is a device of its own beside them; it is tainted and in no spec ("partitions").
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cod.cdi.spec import DeviceNode
from cod.drivers import discover
from cod.drivers.amd import Amd
from cod.drivers.specs import generate
from tests.machines.tree import Tree

from .recorded import DATA

FUNCTION = re.compile(r"module/amdgpu/drivers/pci:amdgpu/([0-9a-f:.]+)")
WITHOUT_DEVICES = {"driver, no gpu", "gpu not in kfd topology", "no driver", "no /dev/kfd"}


def recorded() -> list[Any]:
    path = DATA / "cdi" / "generator_amd.json"
    cases = json.loads(path.read_text())["cases"] if path.exists() else []
    return [pytest.param(case, id=case["id"]) for case in cases] or [
        pytest.param(None, marks=pytest.mark.skip(reason="…/shared/data/cdi/generator_amd.json is absent"))
    ]


def machine(root: Path, fixture: dict[str, Any]) -> Tree:
    """The machine of a case. What it records as a directory of the driver is a PCI function's."""
    tree = Tree(root)
    if fixture["driver"]:
        tree.directory("/sys/module/amdgpu/drivers")
    paths = {}
    for number, each in enumerate([*fixture["sysfs_dirs"], *fixture["sysfs_files"]]):
        if (match := FUNCTION.match(each)) and match[1] not in paths:
            root_complex = f"pci0000:{number:02x}"
            paths[match[1]] = tree.pci(match[1], 0x1002, 0x74A1, 0x120000, driver="amdgpu", root=root_complex)
            tree.link(f"/sys/{match[0]}", paths[match[1]])

    def place(path: str) -> str:
        match = FUNCTION.match(path)
        return paths[match[1]] + path[match.end() :] if match else f"/sys/{path}"

    for path in fixture["sysfs_dirs"]:
        tree.directory(place(path))
    for path, text in fixture["sysfs_files"].items():
        tree.file(place(path), text)
    for path, kind, major, minor, mode, uid, gid in fixture["nodes"]:
        tree.node(f"/dev/{path}", major, minor, kind=kind, mode=int(mode, 8), uid=uid, gid=gid)
    return tree


def theirs(text: str) -> dict[str, list[dict[str, Any]]]:
    return {
        device["name"]: [
            {key: value for key, value in node.items() if key != "uid"}
            for node in device["containerEdits"]["deviceNodes"]
        ]
        for device in json.loads(text)["devices"]
    }


def plain(node: DeviceNode) -> dict[str, Any]:
    said = {
        "path": node.path,
        "type": node.type,
        "major": node.major,
        "minor": node.minor or None,
        "fileMode": node.file_mode,
        "permissions": node.permissions,
        "gid": node.gid,
    }
    return {key: value for key, value in said.items() if value is not None}


@pytest.mark.parametrize("case", recorded())
def test_the_same_machine_gives_the_same_devices_and_nodes(tmp_path: Path, case: dict[str, Any]) -> None:
    found = discover(machine(tmp_path, case["fixture"]).host, [Amd()])
    assert found.failures == ()
    specs = generate(found.found).specs
    if case["id"] in WITHOUT_DEVICES:
        assert specs == ()
        return
    (spec,) = specs
    expected = theirs(case["expect"]["text"])
    kfd = expected["all"][-1]
    assert kfd["path"] == "/dev/kfd"
    assert [plain(node) for node in spec.container_edits.device_nodes] == [kfd]
    ours = {each.name: [plain(node) for node in each.container_edits.device_nodes] for each in spec.devices}
    assert {name: sorted(nodes, key=str) for name, nodes in ours.items()} == {
        name: sorted((node for node in nodes if node != kfd), key=str) for name, nodes in expected.items()
    }
    assert list(ours) == list(expected)
    assert spec.kind == "amd.com/gpu"
