"""What `nvidia-ctk cdi generate` writes for a machine, against what our driver finds on the same one.

The recorded driver root is put below a directory of the machine, and our driver is told so; what NVML said of
the GPUs stands in `/proc/driver/nvidia`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cod.drivers import FoundDevice, discover
from cod.drivers.nvidia import Nvidia
from tests.machines.elf import library
from tests.machines.tree import Tree

from .recorded import DATA, Tally, compare

FILE = "cdi/generator_nvidia"
ROOT = "/driver"

DOES_NOT_APPLY = {
    "nvml enable chmod hook": "a workaround for old crun, which the generator itself leaves out by default",
    "nvml none": "a device without anything, for a GPU's libraries alone: there is nothing to allocate",
    "nvml no-additional-gids": "a switch for old runtimes; the driver has none",
    "nvml disable-ipc-discoverer": "a switch for containers that must not see daemons; the driver has none",
    "mofed": "RDMA devices belong to the driver of NICs, and have names of their own",
}

KINDS = {  # ours by mode: the generator has one kind a file, and writes whatever --class says
    "nvml": "nvidia.com/gpu",
    "management": "management.nvidia.com/gpu",
    "gds": "nvidia.com/gds",
    "gdrcopy": "nvidia.com/gdrcopy",
    "nvswitch": "nvidia.com/nvswitch",
    "imex": "nvidia.com/imex-channel",
}

Answer = dict[str, Any]


def _each_node(answer: Answer, change: Callable[[Answer], Answer]) -> Answer:
    def changed(edits: Answer) -> Answer:
        nodes = [change(node) for node in edits.get("deviceNodes", ())]
        return {**edits, **({"deviceNodes": nodes} if nodes else {})}

    devices = {name: changed(edits) for name, edits in answer["devices"].items()}
    return {"devices": devices, "common": changed(answer["common"])}


def _without_all(answer: Answer, case: Answer) -> Answer:
    kept = {name: edits for name, edits in answer["devices"].items() if name != "all"}
    return {**answer, "devices": kept} if case["options"]["Mode"] in ("nvml", "imex") else answer


def _numbers_of_channels(answer: Answer, case: Answer) -> Answer:
    if case["options"]["Mode"] != "imex":
        return answer
    full = {
        f"/{path}": {"major": major, "minor": minor, "fileMode": int(mode, 8), "permissions": "rwm"}
        for path, _, major, minor, mode, _, _ in case["nodes"]
    }
    return _each_node(answer, lambda node: {**full[node["path"]], **node})


def _minor_zero(answer: Answer, _: Answer) -> Answer:
    return _each_node(answer, lambda node: {"minor": 0, **node} if "major" in node else node)


def _types(answer: Answer, _: Answer) -> Answer:
    return _each_node(answer, lambda node: {**node, "type": "c"})


def _links_in_the_container(answer: Answer, _: Answer) -> Answer:
    return json.loads(json.dumps(answer).replace(f"::{ROOT}/dev/dri", "::/dev/dri"))  # type: ignore[no-any-return]


DIFFERENCES: dict[str, Callable[[Answer, Answer], Answer]] = {
    "the union of all devices is for who writes a spec, not for who finds devices": _without_all,
    "a channel's node has its numbers, as all nodes have, and not only a path": _numbers_of_channels,
    "a minor number 0 is written; in CDI it counts as not given, so that both mean the same": _minor_zero,
    "nodes say that they are character devices, so that nobody need look again": _types,
    "links to DRM nodes are made where the container has these, not below the host's driver root": (
        _links_in_the_container
    ),
}


def test_devices_are_those_of_the_generator(tmp_path: Path, record_property: Callable[..., None]) -> None:
    path = DATA / f"{FILE}.json"
    if not path.exists():
        pytest.skip(f"…/shared/data/{FILE}.json is absent")
    data = json.loads(path.read_text())
    used: set[str] = set()
    wrong: list[str] = []
    replayed = [each for each in data["cases"] if each["id"].partition("/")[2] not in DOES_NOT_APPLY]
    for number, case in enumerate(replayed):
        fixture = data["fixtures"][case["fixture"]]
        tree = Tree(tmp_path / str(number))
        machine(tree, fixture, case["nvml_devices"], data["driver_version"])
        wanted = theirs(case)
        for reason, change in DIFFERENCES.items():
            before, wanted = wanted, change(wanted, {**case, "nodes": fixture["nodes"]})
            used |= {reason} if before != wanted else set()
        verdict = compare(FILE, case["id"], ours(tree, case), wanted)
        wrong += [] if verdict == "same" else [verdict]
    tally = Tally(FILE, len(data["cases"]), 0, len(replayed) - len(wrong), wrong)
    record_property("tally", [tally.file, tally.cases, tally.same, tally.on_purpose, len(tally.wrong)])
    assert not wrong, "\n".join(wrong)
    assert used == set(DIFFERENCES), "a difference is listed that makes none"
    assert len(replayed) == 35


def machine(tree: Tree, fixture: Answer, gpus: list[Answer], version: str) -> None:
    """The recorded driver root below ROOT, and the GPUs that NVML saw, as the kernel shows them."""
    for path, _ in fixture["files"]:
        tree.file(f"{ROOT}/{path}", "recorded")
    for each in fixture["elf"]:
        tree.file(f"{ROOT}/{each['path']}", library(each["soname"]))
    for path, target in fixture["symlinks"].items():
        tree.link(f"{ROOT}/{path}", target)
    for path in fixture["dirs"]:
        tree.directory(f"{ROOT}/{path}")
    for path, kind, major, minor, mode, uid, gid in fixture["nodes"]:
        tree.node(f"{ROOT}/{path}", major, minor, kind=kind, mode=int(mode, 8), uid=uid, gid=gid)
    tree.file("/usr/bin/nvidia-cdi-hook")
    tree.file(
        "/proc/driver/nvidia/version", f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {version}  now\n"
    )
    for gpu in gpus:
        address = gpu["pci_bus_id"][4:].lower()
        directory = tree.pci(address, 0x10DE, 0x20B0, 0x030200, driver="nvidia")
        for name in fixture["sys_pci"].get(address, ()):
            tree.directory(f"{directory}/drm/{name}")
        lines = (
            "Model: \t\t Recorded",
            f"GPU UUID: \t {gpu['uuid']}",
            f"Device Minor: \t {gpu['minor']}",
            "",
        )
        tree.file(f"/proc/driver/nvidia/gpus/{address}/information", "\n".join(lines))


def ours(tree: Tree, case: Answer) -> Answer:
    """The devices that a spec of this case's options would have, by name, and what they all need."""
    options = case["options"]
    driver = Nvidia(root=ROOT, disabled_hooks=tuple(options.get("Disabled", ())))
    found = [
        each
        for each in discover(tree.host, [driver]).found.values()
        if each.kind == KINDS[options["Mode"]] and each.cdi_name in options.get("DeviceIDs", [each.cdi_name])
    ]
    return {
        "devices": {name: plain(each.edits) for each in found for name in names(each, options)},
        "common": plain(found[0].common),
    }


def names(found: FoundDevice, options: Answer) -> list[str]:
    """What a device is called by the case's strategies, with the UUIDs of NVML: recorded ones are random."""
    if options["Mode"] != "nvml":
        return [found.cdi_name]
    called = {"index": found.cdi_name, "uuid": "".join(found.aliases), "type-index": f"gpu{found.cdi_name}"}
    return [called[each] for each in options["Strategies"]]


def theirs(case: Answer) -> Answer:
    """The recorded spec in the same shape, with the UUIDs that NVML said."""
    spec = json.loads(json.dumps(case["expect"]["spec"]).replace("$ROOT", ROOT))
    by_nodes = {f"/dev/nvidia{gpu['minor']}": gpu["uuid"] for gpu in case["nvml_devices"]}
    devices = {}
    for device in spec["devices"]:
        edits, name = device["containerEdits"], device["name"]
        if name.startswith("GPU-"):
            name = by_nodes[edits["deviceNodes"][0]["path"]]
        devices[name] = edits
    return {"devices": devices, "common": spec["containerEdits"]}


def plain(edits: Any) -> Answer:
    return msgspec.json.decode(msgspec.json.encode(edits))  # type: ignore[no-any-return]
